"""Waits for an engine that is still starting without holding the page up."""

import streamlit as st

from vizmodels.errors import EngineUnavailable
from vizmodels.jobs import board

REFRESH_SECONDS = 1.0
START_TAKES = "about 10 seconds on two cores"


def is_starting() -> bool:
    """Whether a job would have to wait for the engine. Raises EngineUnavailable if none is open."""
    return board().health().state == "starting"


def is_ready() -> bool:
    """Whether the engine takes jobs now."""
    try:
        return board().health().state == "ready"
    except EngineUnavailable:
        return False


def wait_for_start() -> None:
    """Say so, and run the page again once it has started or failed to."""
    st.fragment(_wait, run_every=REFRESH_SECONDS)()


def _wait() -> None:
    if is_starting():
        st.caption(f"The engine that computes it is starting, which takes {START_TAKES}.")
    else:
        st.rerun()
