"""The ASGI app: starts the engine, serves the stage and the runs' artefacts beside the pages."""

from pathlib import Path

import streamlit as st

from pages.parts.artefacts import routes
from pages.parts.lifespan import lifespan

app = st.App(Path(__file__).parent / "pages" / "navigation.py", lifespan=lifespan, routes=routes())

if __name__ == "__main__":
    app.run()
