"""The store: whole or not at all, shipped first, measured again where a file cannot be read."""

import json
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.keyed_cache import KeyedCache
from vizmodels.results import store as stores
from vizmodels.results.answer import Answer, from_bytes, measure, to_bytes
from vizmodels.results.question import Question
from vizmodels.results.reads import Setting
from vizmodels.results.store import Results, keys_read
from vizmodels.runs.library import RunLibrary

CALLS: list[int] = []


@dataclass(frozen=True)
class Squares:
    """Of every kind of field that an answer may have."""

    values: NDArray[np.float32]
    counts: NDArray[np.int64]
    names: tuple[str, ...]
    share: float
    n: int
    note: str
    mean: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        assert len(self.values) == self.n


def squares(n: int) -> Squares:
    CALLS.append(n)
    values = np.arange(n, dtype=np.float32) ** 2
    return Squares(values, np.arange(n), ("a", "b"), float("nan"), n, "Σ", None)


def ask(n: int = 5, version: int = 1) -> Question[Squares]:
    return Question(squares, version, (Setting(n),), f"{n} squares")


@pytest.fixture
def empty(tmp_path: Path) -> Results:
    CALLS.clear()
    return results_in(tmp_path)


def results_in(
    folder: Path, shipped: Path | None = None, cache: KeyedCache | None = None
) -> Results:
    return Results(Atlas(RunLibrary(folder / "runs")), folder / "results", shipped, cache)


def test_an_answer_read_back_is_the_same() -> None:
    answer = measure(squares, 4)
    found = from_bytes(to_bytes(answer), Squares)
    assert found is not None and found.record == answer.record
    assert (found.value.names, found.value.n, found.value.note) == (("a", "b"), 4, "Σ")
    assert np.isnan(found.value.share) and found.value.mean is None
    np.testing.assert_array_equal(found.value.values, answer.value.values)
    assert found.value.values.dtype == np.float32 and found.value.counts.dtype == np.int64


def test_an_answer_is_measured_once_and_says_how(empty: Results) -> None:
    assert empty.find(ask()) is None and CALLS == []
    first, second = empty.answer(ask()), empty.answer(ask())
    assert first is second and CALLS == [5]
    found = empty.find_with_record(ask())
    assert found is not None
    assert set(found.record) == {"measured_at", "torch", "python", "seconds", "reads"}
    assert found.record["reads"] == ["Setting 5"]
    (file,) = empty.files()
    assert keys_read(file) == ["Setting 5"]


def test_an_answer_is_found_after_a_start_and_only_for_its_own_question(empty: Results) -> None:
    empty.answer(ask())
    again = Results(empty.atlas, empty.folder)
    assert again.find(ask()) is not None
    assert again.find(ask(6)) is None and again.find(ask(version=2)) is None
    assert CALLS == [5]


def test_what_is_shipped_comes_first_and_is_never_written_to(tmp_path: Path) -> None:
    CALLS.clear()
    shipping, shipped = results_in(tmp_path / "app"), tmp_path / "app" / "results"
    shipping.answer(ask())
    (file,) = shipping.files()
    own = results_in(tmp_path, shipped)
    before = file.read_bytes()
    assert own.answer(ask()).n == 5 and CALLS == [5]
    assert not own.folder.exists()
    own.keep(ask(), Answer(squares(5), {"measured_at": "here"}))
    assert file.read_bytes() == before
    found = results_in(tmp_path, shipped).find_with_record(ask())
    assert found is not None and found.record["measured_at"] != "here"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK no archive"),
        lambda path: path.write_bytes(path.read_bytes()[:-50]),
        lambda path: path.write_bytes(path.read_bytes()[:100]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"record", b"recorx")),
        lambda path: np.savez(path, values=np.zeros(3, np.float32)),
        lambda path: np.savez(path, **{"record.json": np.array([{}], object)}, allow_pickle=True),
        lambda path: np.savez(path, **{"record.json": _bytes("[]")}),
        lambda path: np.savez(path, **{"record.json": _bytes("{")}),
        lambda path: path.write_bytes(to_bytes(Answer(Wrong(np.zeros(3)), {}))),
        lambda path: path.unlink() or path.mkdir(),
    ],
    ids=["empty", "text", "cut", "cut short", "changed", "half", "pickle", "no object", "no JSON",
         "other fields", "folder"],
)  # fmt: skip
def test_what_cannot_be_read_is_measured_again(
    empty: Results, damage: Callable[[Path], object]
) -> None:
    empty.answer(ask())
    (file,) = empty.files()
    damage(file)
    again = Results(empty.atlas, empty.folder)
    assert again.find(ask()) is None and keys_read(file) in ([], ["Setting 5"])
    assert again.answer(ask()).n == 5 and CALLS == [5, 5]


@dataclass(frozen=True)
class Wrong:
    values: NDArray[np.float64]


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def test_fields_that_contradict_each_other_count_as_nothing(empty: Results) -> None:
    content = to_bytes(measure(squares, 5))
    with np.load(__import__("io").BytesIO(content)) as members:
        told = json.loads(members["record.json"].tobytes())
        arrays = {name: members[name] for name in members.files if name != "record.json"}
    told["plain"]["n"] = 6
    file = empty.folder / f"{ask().name(empty.atlas)}.npz"
    file.parent.mkdir()
    np.savez(file, **arrays, **{"record.json": _bytes(json.dumps(told))})
    assert empty.find(ask()) is None


def test_a_full_disk_is_no_end_of_the_page(empty: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stores, "whole_file", refuse)
    assert empty.answer(ask()).n == 5
    assert empty.find(ask()) is not None and empty.files() == [], "kept in memory alone"


def test_an_answer_that_memory_has_no_room_for_is_read_again(tmp_path: Path) -> None:
    CALLS.clear()
    small = results_in(tmp_path, cache=KeyedCache(1))
    first, second = small.answer(ask()), small.answer(ask())
    assert first is not second and CALLS == [5]


def test_many_who_want_one_answer_have_it_measured_once(empty: Results) -> None:
    ready = threading.Barrier(8)

    def want(_: int) -> Squares:
        ready.wait()
        return empty.answer(ask())

    with ThreadPoolExecutor(8) as pool:
        assert len({id(one) for one in pool.map(want, range(8))}) == 1
    assert CALLS == [5]


def write_many(folder: str, start: Any, n: int) -> None:
    """What one of several processes does: the same answers as all others, again and again."""
    writer = results_in(Path(folder))
    start.wait()
    for _ in range(25):
        for at in range(n):
            writer.keep(ask(at), measure(squares, at))


def test_several_processes_that_write_the_same_answers_lose_nothing(tmp_path: Path) -> None:
    n = 4
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    writers = [context.Process(target=write_many, args=(str(tmp_path), start, n)) for _ in range(2)]
    for writer in writers:
        writer.start()
    start.wait()
    n_read = 0
    while any(writer.is_alive() for writer in writers):
        for at in range(n):
            file = results_in(tmp_path).folder / f"{ask(at).name(Atlas(RunLibrary(tmp_path)))}.npz"
            if file.exists():
                assert from_bytes(file.read_bytes(), Squares) is not None, "half an answer is seen"
                n_read += 1
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0, "a writer met another's unfinished file"
    assert n_read and len(results_in(tmp_path).files()) == n
    assert len(list((tmp_path / "results").iterdir())) == n, "no unfinished file is left"


def test_many_threads_that_write_one_answer_lose_nothing(empty: Results) -> None:
    ready = threading.Barrier(8)

    def write(_: int) -> None:
        ready.wait()
        for _ in range(20):
            empty.keep(ask(), measure(squares, 5))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert Results(empty.atlas, empty.folder).find(ask()) is not None
    assert len(list(empty.folder.iterdir())) == 1


class OneWorker:
    """A board whose calls are done at once."""

    def __init__(self) -> None:
        self.done: dict[str, Any] = {}

    def submit_call(
        self, key: str, function: Callable[..., Any], *args: Any, title: str, visitor: str
    ) -> str:
        if key not in self.done:
            self.done[key] = function(*args)
        return key

    def result(self, job_id: str) -> Any:
        return self.done[job_id]


def test_what_a_worker_has_measured_is_kept_with_the_workers_record(empty: Results) -> None:
    board = OneWorker()
    jobs = {empty.ask(ask(), board) for _ in range(3)}
    assert len(jobs) == 1 and CALLS == [5], "who asks for the same shares the job"
    assert empty.find(ask()) is None
    empty.collect(ask(), board, jobs.pop())
    again = Results(empty.atlas, empty.folder).find_with_record(ask())
    assert again is not None and again.value.n == 5 and again.record["torch"]
    assert CALLS == [5]
