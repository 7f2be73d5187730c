"""Who is asking: a name for this browser, so that the engine can be fair to all."""

import uuid

import streamlit as st

from pages.parts.visitor_cookie import NAME, NAME_PATTERN


def visitor() -> str:
    """A random name that says nothing about the person: the browser's, else this session's."""
    given = st.context.cookies.get(NAME)
    if isinstance(given, str) and NAME_PATTERN.fullmatch(given):
        return given
    return st.session_state.setdefault("visitor", uuid.uuid4().hex)
