"""A cookie that tells one browser from another, so that a visitor's jobs stay his after a reload.

It holds a random name and nothing else, is sent to this server only, and is read by no script.
"""

import uuid
from http.cookies import SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.parts.process.visitor import COOKIE

YEAR_SECONDS = 365 * 24 * 3600


class VisitorCookie:
    """Gives a browser its cookie with the first page that it asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the cookie to an answer that is a page."""
        if scope["type"] != "http" or COOKIE in Headers(scope=scope).get("cookie", ""):
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("set-cookie", new_cookie())
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def new_cookie() -> str:
    """The header's value for a browser that has none."""
    cookie = SimpleCookie({COOKIE: uuid.uuid4().hex})
    cookie[COOKIE].update(
        {"path": "/", "max-age": YEAR_SECONDS, "samesite": "Lax", "httponly": True}
    )
    return cookie[COOKIE].OutputString()
