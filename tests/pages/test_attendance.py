"""Visitors are heard of by whatever they send, and heavy work waits until they are quiet."""

import asyncio
import threading
import time

import pytest
from starlette.types import Message, Receive, Scope, Send

from pages.server import attendance as attendances
from pages.server.attendance import Attendance, NoteVisitors


@pytest.fixture
def attendance(monkeypatch: pytest.MonkeyPatch) -> Attendance:
    fresh = Attendance()
    monkeypatch.setattr(attendances, "attendance", fresh)
    return fresh


async def _app(_scope: Scope, receive: Receive, _send: Send) -> None:
    await receive()


def _pass_on(scope: Scope) -> None:
    async def receive() -> Message:
        return {"type": "websocket.receive"}

    async def send(_message: Message) -> None: ...

    asyncio.run(NoteVisitors(_app)(scope, receive, send))


def test_a_request_and_a_message_are_visitors(attendance: Attendance) -> None:
    for scope in ({"type": "http", "path": "/"}, {"type": "websocket", "path": "/_stcore/stream"}):
        time.sleep(0.05)
        assert attendance.seconds_quiet() >= 0.05
        _pass_on(scope)
        assert attendance.seconds_quiet() < 0.05


def test_the_health_check_of_a_machine_is_no_visitor(attendance: Attendance) -> None:
    time.sleep(0.05)
    _pass_on({"type": "http", "path": "/_stcore/health"})
    assert attendance.seconds_quiet() >= 0.05


def test_quiet_is_waited_for_anew_after_each_message() -> None:
    attendance, stop = Attendance(), threading.Event()
    threading.Timer(0.2, attendance.note).start()
    began = time.monotonic()
    assert attendance.wait_for_quiet(0.3, stop)
    assert time.monotonic() - began >= 0.49


def test_a_server_that_stops_waits_for_no_quiet() -> None:
    stop = threading.Event()
    stop.set()
    assert not Attendance().wait_for_quiet(60, stop)
