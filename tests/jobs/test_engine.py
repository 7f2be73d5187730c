"""A connection that is lost in a way nobody foresaw."""

import threading
from typing import Any

import pytest

from vizmodels.jobs import engine as engines
from vizmodels.jobs.engine import Engine


class Lost:
    """What tornado makes of a connection that is closed while it comes back."""

    is_up = False

    def close(self) -> None:
        raise ValueError("IOStream is not idle; cannot convert to SSL")


def made(**more: Any) -> Engine:
    return Engine(lambda _: None, lambda: None, **more)


def test_one_that_cannot_be_closed_gives_way_to_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, opened = made(), []
    monkeypatch.setattr(engine, "_cluster", Lost())
    monkeypatch.setattr(engine, "_open", lambda: opened.append("anew"))
    engine._reopen()
    assert opened == ["anew"]


def test_the_engine_is_looked_after_whatever_a_look_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "WATCH_SECONDS", 0.01)
    engine, again = made(), threading.Event()
    looks: list[int] = []

    def reopen() -> None:
        looks.append(1)
        if len(looks) > 1:
            again.set()
        raise ValueError("nobody foresaw this")

    monkeypatch.setattr(engine, "_reopen", reopen)
    engine._begin_to_watch()
    assert again.wait(5), "it looked once and no more"
    engine.close()
