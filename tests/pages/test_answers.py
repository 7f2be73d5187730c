"""Measured answers on a page: found, waited for, gone on without, or measured here and now."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.process import shared
from pages.parts.results import answers, engine_start
from vizmodels.errors import EngineUnavailable, LatentariumError
from vizmodels.results.question import Question
from vizmodels.results.reads import Setting

MEASURED: list[int] = []


@dataclass(frozen=True)
class Double:
    value: int


def double(n: int) -> Double:
    MEASURED.append(n)
    return Double(2 * n)


def ask(n: int) -> Question[Double]:
    return Question(double, 1, (Setting(n),), f"twice {n}")


class Board:
    """An engine whose calls are over when the test says so."""

    def __init__(self) -> None:
        self.state, self.refusal = "running", ""
        self.calls: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {}
        self.over: dict[str, str] = {}

    def health(self) -> SimpleNamespace:
        return SimpleNamespace(state=self.state)

    def submit_call(
        self, key: str, function: Callable[..., Any], *args: Any, title: str, visitor: str
    ) -> str:
        if self.refusal:
            raise LatentariumError("The queue", "shorter", self.refusal, "Wait.")
        self.calls[key] = function, args
        return key

    def progress(self, job_id: str) -> SimpleNamespace:
        state = self.over.get(job_id, "queued")
        is_over = job_id in self.over
        return SimpleNamespace(state=state, is_over=is_over, message="It broke.", title=job_id)

    def result(self, job_id: str) -> Any:
        function, args = self.calls[job_id]
        return function(*args)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    MEASURED.clear()
    board = Board()
    for module in (answers, engine_start):
        monkeypatch.setattr(module, "board", lambda: board)
    return board


@pytest.fixture
def no_board(monkeypatch: pytest.MonkeyPatch) -> None:
    MEASURED.clear()

    def refuse() -> None:
        raise EngineUnavailable("The job board", "open", "none here", "Start the app.")

    for module in (answers, engine_start):
        monkeypatch.setattr(module, "board", refuse)


def waiting_page() -> None:
    import streamlit as st
    from test_answers import ask

    from pages.parts.results.answers import wait_for

    found = wait_for([ask(100), ask(101)], "Doubling, which takes a second", 100)
    st.caption("nothing yet" if found is None else f"found {[one.value for one in found]}")


def going_on_page() -> None:
    import streamlit as st
    from test_answers import ask

    from pages.parts.results.answers import find, go_on_without

    asked = [ask(200), ask(201)]
    missing = [one for one, found in zip(asked, find(asked), strict=True) if found is None]
    if missing:
        go_on_without(missing, "a second")
    st.caption(f"{len(missing)} missing")


@pytest.fixture(autouse=True)
def _nothing_measured(session_cache: object) -> None:
    for file in shared.results().files():
        file.unlink()


def captions(test: AppTest) -> list[str]:
    return [caption.value for caption in test.caption]


def opened(page: Callable[[], None]) -> AppTest:
    test = AppTest.from_function(page, default_timeout=60).run()
    assert not test.exception
    return test


def told(test: AppTest) -> list[tuple[float, str]]:
    return [(bar.proto.value, bar.proto.text) for bar in test.get("progress")]


@pytest.mark.usefixtures("no_board")
def test_without_an_engine_a_figure_is_measured_here_and_now() -> None:
    assert captions(opened(waiting_page)) == ["found [200, 202]"]
    assert MEASURED == [100, 101]
    opened(waiting_page)
    assert MEASURED == [100, 101], "and once for all"


@pytest.mark.usefixtures("no_board")
def test_without_an_engine_a_page_that_goes_on_says_what_is_missing() -> None:
    test = opened(going_on_page)
    assert captions(test) == ["2 missing"] and MEASURED == []
    assert "2 figures are missing until then." in test.warning[0].value


def test_a_page_shows_what_is_measured_and_how_far_it_is_and_then_the_answers(
    board: Board,
) -> None:
    test = opened(waiting_page)
    assert captions(test) == ["nothing yet"] and MEASURED == []
    assert told(test) == [(0, "Doubling, which takes a second")]
    first, second = board.calls
    board.over[first] = "done"
    test.run()
    assert len(board.calls) == 2 and MEASURED == [100]
    board.over[second] = "done"
    test.run()
    assert captions(test) == ["found [200, 202]"] and told(test) == []
    assert MEASURED == [100, 101]


def test_what_could_not_be_measured_says_why_and_keeps_the_rest(board: Board) -> None:
    test = opened(waiting_page)
    first, second = board.calls
    board.over = {first: "done", second: "failed"}
    test.run()
    assert not test.exception
    assert [error.value for error in test.error] == ["It broke."]
    assert shared.results().find(ask(100)) == Double(200)


def test_a_page_waits_for_an_engine_that_is_starting(board: Board) -> None:
    board.state = "starting"
    test = opened(waiting_page)
    assert board.calls == {} and captions(test)[-1] == "nothing yet"
    assert any("starting" in caption for caption in captions(test))
    board.state = "running"
    test.run()
    assert len(board.calls) == 2


def test_a_full_queue_gets_its_sentence_and_measures_nothing_here(board: Board) -> None:
    board.refusal = "full"
    test = opened(waiting_page)
    assert [warning.value for warning in test.warning] == [
        "The queue must be shorter; got full. Wait."
    ]
    assert MEASURED == []


def test_a_page_that_goes_on_has_its_figures_when_all_are_there(board: Board) -> None:
    test = opened(going_on_page)
    assert captions(test) == ["2 missing"]
    assert "2 figures are still being measured in the background" in told(test)[0][1]
    board.over = dict.fromkeys(board.calls, "done")
    test.run()
    assert captions(test) == ["0 missing"]
