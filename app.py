"""The ASGI app: serves the stage and the runs' artefacts beside the pages."""

import streamlit as st
from starlette.middleware import Middleware

from pages.server.artefacts import routes
from pages.server.attendance import NoteVisitors
from pages.server.lifespan import lifespan
from pages.server.start import NAVIGATION
from pages.server.visitor_cookie import VisitorCookie

app = st.App(
    NAVIGATION,
    lifespan=lifespan,
    routes=routes(),
    middleware=[Middleware(NoteVisitors), Middleware(VisitorCookie)],
)

if __name__ == "__main__":
    app.run()
