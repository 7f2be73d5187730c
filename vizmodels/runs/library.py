"""The library: a folder of runs, each there whole or not at all."""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vizmodels.errors import DamagedRun, ReadOnlyRun, UnknownRun, UnreadableRun
from vizmodels.experiment import Experiment
from vizmodels.files import exclusive
from vizmodels.runs.folders import move_folder, remove_folder, standing, whole_folder
from vizmodels.runs.listing import Listing
from vizmodels.runs.reading import TRY_AGAIN, damaged, read_steadily, unreadable
from vizmodels.runs.records import (
    EPOCHS_FILE,
    FILES,
    ID_PATTERN,
    OPTIONAL_FILES,
    SET_ASIDE,
    WEIGHTS_FILE,
    RunRecord,
)

if TYPE_CHECKING:
    from vizmodels.runs.run import Run

T = TypeVar("T")

KEY_DIGITS = 8  # of the hash in a run's key
KEPT_HASHES = 4096

__all__ = ["EPOCHS_FILE", "FILES", "OPTIONAL_FILES", "RunLibrary", "RunRecord"]


class RunLibrary:
    """Runs in a folder, with a read-only gallery of shipped ones beside it.

    Reading moves, writes and deletes nothing. Several processes may read and write one folder.

    Parameters
    ----------
    path : folder of the runs made here; created when the first one is saved
    shipped : folder of runs that come with the app, never written to
    """

    def __init__(self, path: Path | str, shipped: Path | str | None = None) -> None:
        self.path = Path(path)
        self.shipped = Path(shipped) if shipped is not None else None
        self._listing = Listing()
        self._last_listed: dict[Path, dict[str, RunRecord | UnreadableRun]] = {}
        self.unreadable: dict[str, UnreadableRun] = {}
        """Name of each run that could not be read when it was last tried -> why."""

    def save(self, run: "Run", *, half: bool = False) -> Path:
        """Write a run; one of the same id is replaced in one step. Returns its folder.

        What is replaced is removed only if it could be read, else set aside.

        Parameters
        ----------
        run : to be stored
        half : store the weights as float16, half the size; `gallery` rounds them beforehand so
            that nothing is lost

        Raises
        ------
        OSError : the folder cannot be written, or has no room; the run before stays
        """
        from vizmodels.runs.run_files import write_run  # here, since torch takes seconds to import

        final = self.path / run.id
        with whole_folder(final, self._place_aside) as unfinished:
            write_run(run, unfinished, half)
        self.unreadable.pop(run.id, None)
        return final

    def load(self, run_id: str) -> "Run":
        """The run of this id, checked whole.

        Raises
        ------
        UnknownRun : there is none
        DamagedRun : a file of it is missing or does not say what it should
        NewerRun : a later version of the app has written it
        UnreadableRun : this machine cannot read it now
        """
        from vizmodels.runs.run_files import read_run  # here, since torch takes seconds to import

        return self._read(run_id, read_run)

    def key(self, run_id: str) -> str:
        """Name of a run that changes when its weights do, as training it again on a GPU may.

        The id and the start of the hash of the file of weights: no weight is loaded.

        Raises
        ------
        UnknownRun, UnreadableRun : as for `load`
        """
        return f"{run_id}-{self._read(run_id, _weights_digest)[:KEY_DIGITS]}"

    def record(self, run_id: str) -> RunRecord:
        """What the list shows of one run. Raises UnknownRun or UnreadableRun."""
        path = self._path(run_id)
        try:
            return self._listing.record(path, self._is_shipped(path))
        except FileNotFoundError:
            raise _unknown(run_id) from None

    def find(self, experiment: Experiment) -> "Run | None":
        """The run of this experiment; None if it has not been trained yet, or is damaged.

        Raises
        ------
        NewerRun, UnreadableRun : there is one, which training again would replace
        """
        try:
            return self.load(experiment.id)
        except (UnknownRun, DamagedRun):
            return None

    def __contains__(self, experiment: Experiment) -> bool:
        return self._find_path(experiment.id) is not None

    def list(self) -> list[RunRecord]:
        """Every readable run, shipped ones first, then the newest; of others `unreadable` says why.

        Where the folder itself cannot be read now, what it held when it last could be.
        """
        records: dict[str, RunRecord] = {}
        unreadable_runs: dict[str, UnreadableRun] = {}
        for parent in self._parents():
            try:
                found = self._listing.records(parent, parent == self.shipped)
                self._last_listed[parent] = found
            except OSError as error:
                found = self._last_listed.get(parent, {})
                unreadable_runs[parent.name] = UnreadableRun(
                    f"The folder {parent}", "readable on this machine now", str(error), TRY_AGAIN
                )
            for run_id, one in found.items():
                if isinstance(one, UnreadableRun):
                    unreadable_runs[run_id] = one
                else:
                    records.setdefault(run_id, one)
        self.unreadable = unreadable_runs
        newest_first = sorted(
            records.values(), key=lambda r: str(r.environment.get("trained_at", "")), reverse=True
        )
        return sorted(newest_first, key=lambda r: not r.shipped)

    def delete(self, run_id: str) -> None:
        """Remove a run made here. Raises UnknownRun, or ReadOnlyRun for a shipped one."""
        path = self._own(run_id)
        try:
            remove_folder(path)
        except FileNotFoundError:
            raise _unknown(run_id) from None
        self.unreadable.pop(run_id, None)

    def set_aside(self, run_id: str) -> Path | None:
        """Move a damaged run made here into `damaged/`, over nothing that lies there.

        Returns
        -------
        Path or None
            Of its folder now; None if it can be read after all, and stays.

        Raises
        ------
        UnknownRun, ReadOnlyRun : it is not here, or is a shipped one
        NewerRun, UnreadableRun : it is not damaged
        """
        from vizmodels.runs.run_files import read_run

        path = self._own(run_id)
        with exclusive(self.path):  # so that nobody mends it between the look and the move
            folder = standing(path)
            if folder is None:
                raise _unknown(run_id)
            try:
                read_run(folder)
                moved = None
            except DamagedRun:
                moved = move_folder(folder, self.path / SET_ASIDE / run_id)
        self.unreadable.pop(run_id, None)
        return moved

    def _read(self, run_id: str, read: Callable[[Path], T]) -> T:
        try:
            value = read_steadily(self._path(run_id), read)
        except FileNotFoundError:
            raise _unknown(run_id) from None
        except UnreadableRun as error:
            self.unreadable[run_id] = error
            raise
        return value

    def _parents(self) -> tuple[Path, ...]:
        return (self.path,) if self.shipped is None else (self.shipped, self.path)

    def _is_shipped(self, folder: Path) -> bool:
        return folder.parent == self.shipped

    def _path(self, run_id: str) -> Path:
        path = self._find_path(run_id)
        if path is None:
            raise _unknown(run_id)
        return path

    def _find_path(self, run_id: str) -> Path | None:
        """Of the run's folder; an id that is not one never reaches the file system."""
        if not ID_PATTERN.fullmatch(run_id):
            return None
        paths = (parent / run_id for parent in self._parents())
        return next((path for path in paths if standing(path) is not None), None)

    def _own(self, run_id: str) -> Path:
        path = self._path(run_id)
        if self._is_shipped(path):
            raise ReadOnlyRun(f"Run {run_id}", "one made here", "a shipped run", "Leave it.")
        return path

    def _place_aside(self, folder: Path) -> Path | None:
        """Where a run that is replaced goes: nowhere if it can be read."""
        from vizmodels.runs.run_files import read_run

        try:
            read_run(folder)
        except UnreadableRun:
            (self.path / SET_ASIDE).mkdir(exist_ok=True)
            return self.path / SET_ASIDE / folder.name
        return None


def _unknown(run_id: str) -> UnknownRun:
    return UnknownRun("Run", "in the library", run_id, "Choose one from the list of runs.")


def _weights_digest(folder: Path) -> str:
    path = folder / WEIGHTS_FILE
    try:
        told = path.stat()
        return _digest(path, told.st_ino, told.st_mtime_ns, told.st_size)
    except FileNotFoundError:
        raise damaged(folder, f"no {WEIGHTS_FILE}") from None
    except OSError as error:
        raise unreadable(folder, error) from error


@functools.lru_cache(KEPT_HASHES)
def _digest(path: Path, number: int, changed_ns: int, size: int) -> str:
    """Hash of a file; its number, the time of its last change and its size tell versions apart."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
