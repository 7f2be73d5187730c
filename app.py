"""The ASGI app: serves the stage and the runs' artefacts beside the pages."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.server.artefacts import routes
from pages.server.attendance import NoteVisitors
from pages.server.lifespan import lifespan
from pages.server.visitor_cookie import VisitorCookie

app = st.App(
    Path(__file__).parent / "pages" / "navigation.py",
    lifespan=lifespan,
    routes=routes(),
    middleware=[Middleware(NoteVisitors), Middleware(VisitorCookie)],
)

if __name__ == "__main__":
    app.run()
