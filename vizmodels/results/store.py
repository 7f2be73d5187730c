"""The one store of everything that is measured: find an answer, measure it, or have it measured."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.files import whole_file
from vizmodels.keyed_cache import KeyedCache
from vizmodels.results.answer import Answer, from_bytes, measure, record_of, to_bytes
from vizmodels.results.question import Question

log = logging.getLogger(__name__)

A = TypeVar("A")

SUFFIX = ".npz"
CACHE_BYTES = 32 << 20  # of answers in memory where no cache is shared; one has 1 to 600 kB


class Board(Protocol):
    """What is asked of `JobBoard`: this layer does not know the engine."""

    def submit_call(
        self, key: str, function: Callable[..., Any], *args: Any, title: str, visitor: str
    ) -> str:
        """Have a worker call the function; returns the job's id."""
        ...

    def result(self, job_id: str) -> Any:
        """What the call returned."""
        ...


class Results:
    """Answers by the names of their questions, in memory and on disk.

    Parameters
    ----------
    atlas : where the questions read
    folder : of what is measured here; made when the first answer is kept
    shipped : of what comes with the app; looked into first, never written to
    cache : of what is kept in memory, which others may share; by default one of its own
    """

    def __init__(
        self,
        atlas: Atlas,
        folder: Path,
        shipped: Path | None = None,
        cache: KeyedCache | None = None,
    ) -> None:
        self.atlas, self.folder, self.shipped = atlas, folder, shipped
        self._cache = KeyedCache(CACHE_BYTES) if cache is None else cache

    def find(self, question: Question[A]) -> A | None:
        """The answer if it has been measured, else None. Raises as `Question.name` does."""
        found = self.find_with_record(question)
        return None if found is None else found.value

    def find_with_record(self, question: Question[A]) -> Answer[A] | None:
        """The same with the record of how it was measured."""
        name = question.name(self.atlas)
        found = self._cache.find(_key(name)) or self._read(name, question)
        return None if found is None else self._cache.get(_key(name), lambda: found)

    def answer(self, question: Question[A]) -> A:
        """The answer, measured here and now if it has not been before.

        Others who ask for the same one wait for it.
        """
        name = question.name(self.atlas)
        return self._cache.get(
            _key(name), lambda: self._read(name, question) or self._measure(name, question)
        ).value

    def measure(self, question: Question[A]) -> Answer[A]:
        """Measure it here and now, whether or not it has been, and keep the answer."""
        name = question.name(self.atlas)
        self._cache.forget(lambda key: key == _key(name))
        return self._cache.get(_key(name), lambda: self._measure(name, question))

    def ask(self, question: Question[Any], board: Board, visitor: str = "") -> str:
        """Have a worker measure it; returns the id of the job, which all who ask share.

        Raises
        ------
        EngineUnavailable, LatentariumError : as for `JobBoard.submit_call`
        """
        name, values = question.name(self.atlas), question.values(self.atlas)
        title = question.title or name
        return board.submit_call(
            name, measure, question.function, *values, title=title, visitor=visitor
        )

    def collect(self, question: Question[Any], board: Board, job_id: str) -> None:
        """Keep what a worker has measured. Raises as `JobBoard.result` does."""
        if self.find(question) is None:
            self.keep(question, cast(Answer[Any], board.result(job_id)))

    def keep(self, question: Question[A], answer: Answer[A]) -> None:
        """Store an answer, whole or not at all, with the keys of what was read in its record.

        Where the disk is full it is kept in memory alone.
        """
        name = question.name(self.atlas)
        told = self._write(name, question, answer)
        self._cache.forget(lambda key: key == _key(name))
        self._cache.get(_key(name), lambda: told)

    def files(self) -> list[Path]:
        """Of everything that is kept in the folder."""
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def remove(self, names: Iterable[str]) -> int:
        """Remove what was measured here of runs or pictures; returns how many answers.

        Parameters
        ----------
        names : ids of runs, digests of image sets
        """
        words = tuple(filter(None, names))
        gone = [
            file
            for file in self.files()
            if any(word in key for key in keys_read(file) for word in words)
        ]
        for file in gone:
            file.unlink(missing_ok=True)
            self._cache.forget(lambda key, name=file.stem: key == _key(name))
        return len(gone)

    def _measure(self, name: str, question: Question[A]) -> Answer[A]:
        measured = measure(question.function, *question.values(self.atlas))
        return self._write(name, question, measured)

    def _write(self, name: str, question: Question[A], answer: Answer[A]) -> Answer[A]:
        told = Answer(answer.value, {**answer.record, "reads": question.keys(self.atlas)})
        try:
            with whole_file(self.folder / f"{name}{SUFFIX}") as unfinished:
                unfinished.write_bytes(to_bytes(told))
        except OSError as error:
            log.warning("%s is not kept in %s: %s", name, self.folder, error)
        return told

    def _read(self, name: str, question: Question[A]) -> Answer[A] | None:
        for folder in (self.shipped, self.folder):
            content = None if folder is None else _content(folder / f"{name}{SUFFIX}")
            found = None if content is None else from_bytes(content, question.kind)
            if found is not None:
                return found
        return None


def keys_read(file: Path) -> list[str]:
    """Keys of all that an answer was measured from, as `Question.keys`; none of a damaged file."""
    content = _content(file)
    record = None if content is None else record_of(content)
    return [] if record is None else record.get("reads", [])


def _key(name: str) -> tuple[str, str]:
    return ("answer", name)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None  # as a rule because nothing has been measured yet
