"""When a visitor was last heard of, so that heavy work can wait until nobody is waiting for it."""

import threading
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

UNATTENDED = "/_stcore/health"  # asked by machines that look after the server


class Attendance:
    """Notes every request and every message of every visitor; safe to ask from any thread."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def note(self) -> None:
        """A visitor has been heard of just now."""
        self._last = time.monotonic()

    def seconds_quiet(self) -> float:
        """How long ago a visitor was last heard of, or the server's start before the first."""
        return time.monotonic() - self._last

    def wait_for_quiet(self, seconds: float, stop: threading.Event) -> bool:
        """Wait until no visitor has been heard of for so long; False if stopped before that."""
        while not stop.is_set():
            missing = seconds - self.seconds_quiet()
            if missing <= 0:
                return True
            stop.wait(missing)
        return False


attendance = Attendance()
"""Of this process."""


class NoteVisitors:
    """Middleware that keeps `attendance`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, noting that somebody is here."""
        if scope["type"] == "http" and scope["path"] != UNATTENDED:
            attendance.note()
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return

        async def receive_noted() -> Message:
            message = await receive()
            attendance.note()
            return message

        await self.app(scope, receive_noted, send)
