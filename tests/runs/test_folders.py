"""Folders that are replaced, moved and removed as one, where two can be exchanged and where not."""

import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vizmodels.files import LEFT_BEHIND_SECONDS, LOCK_FILE
from vizmodels.runs import folders
from vizmodels.runs.folders import WAITING, remove_folder, standing, whole_folder

N_WRITES = 150
LETTERS = "abc"


@pytest.fixture(params=["exchange", "two renames"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How a folder is replaced: as this system does, or as one does that exchanges nothing."""
    if request.param == "two renames":
        monkeypatch.setattr(folders, "_exchange_call", lambda: None)
    else:
        assert folders._exchange_call() is not None, "Linux and macOS exchange two folders"
    return request.param


def fill(folder: Path, letter: str) -> None:
    with whole_folder(folder) as unfinished:
        for name in "123":
            (unfinished / name).write_text(letter)


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_folder_is_replaced_as_one(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    fill(folder, "a")
    fill(folder, "b")
    assert content(folder) == dict.fromkeys("123", "b")
    assert {path.name for path in tmp_path.iterdir()} - {WAITING} == {"run", LOCK_FILE}


def test_there_is_no_moment_without_a_folder_that_is_replaced(tmp_path: Path) -> None:
    folder, missed, over = tmp_path / "run", 0, threading.Event()
    fill(folder, "a")

    def replace() -> None:
        for i in range(2 * N_WRITES):
            fill(folder, LETTERS[i % 3])
        over.set()

    writer = threading.Thread(target=replace)
    writer.start()
    while not over.is_set():
        missed += standing(folder) is None
    writer.join()
    assert missed == 0


def test_threads_that_write_one_folder_leave_that_of_one_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda i: fill(folder, LETTERS[i % 3]), range(N_WRITES)))
    assert sorted(content(folder)) == ["1", "2", "3"]
    assert len(set(content(folder).values())) == 1
    assert {path.name for path in tmp_path.iterdir()} - {WAITING} == {"run", LOCK_FILE}
    assert not list(tmp_path.glob(f"{WAITING}/*"))


def test_a_folder_whose_writer_was_killed_between_two_renames_is_still_there(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    fill(folder, "a")
    (tmp_path / WAITING).mkdir(exist_ok=True)
    folder.rename(tmp_path / WAITING / "run")
    found = standing(folder)
    assert found is not None and content(found) == dict.fromkeys("123", "a")
    fill(folder, "b")
    assert standing(folder) == folder
    assert content(folder) == dict.fromkeys("123", "b")
    assert not list(tmp_path.glob(f"{WAITING}/*"))


def test_one_killed_after_them_leaves_nothing_that_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    fill(folder, "b")
    (tmp_path / WAITING).mkdir(exist_ok=True)
    shutil.copytree(folder, tmp_path / WAITING / "run")
    remove_folder(folder)
    assert standing(folder) is None


def test_what_is_kept_of_a_replaced_folder_goes_over_no_other(tmp_path: Path) -> None:
    folder, aside = tmp_path / "run", tmp_path / "aside"
    for letter in LETTERS:
        with whole_folder(folder, lambda _: aside) as unfinished:
            (unfinished / "1").write_text(letter)
    kept = [content(tmp_path / name) for name in ("aside", "aside-2", "run")]
    assert kept == [{"1": "a"}, {"1": "b"}, {"1": "c"}]


def test_what_a_killed_writer_left_unfinished_goes_with_a_later_write(tmp_path: Path) -> None:
    names = (".saving-run-old", ".removed-run-old", ".saving-run-new", ".saving-other-old")
    long_ago = time.time() - LEFT_BEHIND_SECONDS - 1
    for name in names:
        (tmp_path / name).mkdir()
        if name.endswith("old"):
            os.utime(tmp_path / name, (long_ago, long_ago))
    fill(tmp_path / "run", "a")
    left = {path.name for path in tmp_path.iterdir()} - {"run", LOCK_FILE}
    assert left == {".saving-run-new", ".saving-other-old"}


def test_removing_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run"):
        remove_folder(tmp_path / "run")
