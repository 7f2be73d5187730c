"""Files and folders that are there whole or not at all."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vizmodels.files import LEFT_BEHIND_SECONDS, whole_file

N_WRITES = 150
WRITERS = ("a", "b", "c")

WRITE_OFTEN = """
import sys
from pathlib import Path
from vizmodels.files import whole_file

path, letter, n_writes = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for _ in range(n_writes):
    with whole_file(path) as unfinished, unfinished.open("w") as file:
        for _ in range(10):
            file.write(letter * 10_000)
"""


def content(letter: str) -> str:
    return letter * 100_000


def write_often(path: Path, letter: str) -> None:
    for _ in range(N_WRITES):
        with whole_file(path) as unfinished:
            unfinished.write_text(content(letter))


def read_while(path: Path, writing: Callable[[], bool]) -> set[str]:
    """All that a reader sees while others write."""
    seen: set[str] = set()
    while writing():
        if path.exists():
            seen.add(path.read_text())
    return seen | {path.read_text()}


def test_threads_that_write_one_file_lose_no_write_and_show_no_half(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with ThreadPoolExecutor(len(WRITERS)) as pool:
        writers = [pool.submit(write_often, path, letter) for letter in WRITERS]
        seen = read_while(path, lambda: not all(writer.done() for writer in writers))
    for writer in writers:
        writer.result()
    assert seen <= {content(letter) for letter in WRITERS}
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_processes_that_write_one_file_lose_no_write_and_show_no_half(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE_OFTEN, path, letter, str(N_WRITES)])
        for letter in WRITERS
    ]
    seen = read_while(path, lambda: any(writer.poll() is None for writer in writers))
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert seen <= {content(letter) for letter in WRITERS}
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    with whole_file(tmp_path / "one" / "two" / "file") as unfinished:
        unfinished.write_bytes(b"1")
    assert (tmp_path / "one" / "two" / "file").read_bytes() == b"1"


def test_a_write_that_fails_leaves_the_file_that_was_there_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")

    def fail_half_way() -> None:
        with whole_file(path) as unfinished:
            unfinished.write_text("hal")
            raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fail_half_way()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_goes_with_a_later_write(tmp_path: Path) -> None:
    path = tmp_path / "file"
    old, new = tmp_path / ".file.0.part", tmp_path / ".file.1.part"
    of_another = tmp_path / ".other.0.part"
    for left in (old, new, of_another):
        left.write_text("hal")
    long_ago = time.time() - LEFT_BEHIND_SECONDS - 1
    for left in (old, of_another):
        os.utime(left, (long_ago, long_ago))
    with whole_file(path) as unfinished:
        unfinished.write_text("whole")
    assert sorted(tmp_path.iterdir()) == sorted([path, new, of_another])
