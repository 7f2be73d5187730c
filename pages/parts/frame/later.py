"""What may come a moment after a page's first picture.

A browser takes a second or two to load what draws charts, formulas and code, and draws nothing else
meanwhile. So on the first run of a visit their places stay empty, and a second later the page runs
again by itself, then with everything.
"""

import time

import streamlit as st

WAIT_SECONDS = 1.0


def may_come() -> bool:
    """Whether the visit began long enough ago for what is slow to load; if not, the page runs
    again by itself when it did."""
    if has_waited():
        return True
    come_back()
    return False


def has_waited() -> bool:
    """Whether the visit began long enough ago."""
    first = st.session_state.setdefault("first_asked_at", time.monotonic())
    return time.monotonic() - first >= WAIT_SECONDS


def come_back() -> None:
    """Run the page again once it did."""
    st.fragment(_look, run_every=WAIT_SECONDS)()


def _look() -> None:
    if has_waited():
        st.rerun()
