"""The board is opened by the first who asks for it, and importing its module imports nothing."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vizmodels import jobs
from vizmodels.errors import EngineUnavailable
from vizmodels.jobs import JobBoard, board, close_board, offer_board, open_board
from vizmodels.runs.library import RunLibrary

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _none_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "_open", None)
    yield
    close_board()


def test_an_offered_board_is_opened_once_by_the_first_who_asks(tmp_path: Path) -> None:
    opened: list[JobBoard] = []

    def opener() -> JobBoard:
        opened.append(open_board(RunLibrary(tmp_path)))
        return opened[-1]

    offer_board(opener)
    assert not jobs.is_open() and opened == []
    assert board() is board() is opened[0]
    assert jobs.is_open() and len(opened) == 1


def test_without_an_offer_it_is_said_that_none_is_open() -> None:
    with pytest.raises(EngineUnavailable, match="none in this process"):
        board()


def test_a_closed_board_is_not_offered_again(tmp_path: Path) -> None:
    offer_board(lambda: open_board(RunLibrary(tmp_path)))
    close_board()
    with pytest.raises(EngineUnavailable):
        board()


def test_asking_whether_it_is_open_imports_neither_dask_nor_torch() -> None:
    code = "import sys; from vizmodels.jobs import board, is_open; assert not is_open();"
    code += "print([m for m in ('dask', 'distributed', 'torch') if m in sys.modules])"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert told.stdout.strip() == "[]"
