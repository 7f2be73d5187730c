"""Who is asking: a name for this browser, so that the engine can be fair to all."""

import re
import uuid

import streamlit as st

COOKIE = "latentarium_visitor"
NAME_PATTERN = re.compile(r"[0-9a-f]{32}")


def visitor() -> str:
    """A random name that says nothing about the person: the browser's, else this session's."""
    given = st.context.cookies.get(COOKIE)
    if isinstance(given, str) and NAME_PATTERN.fullmatch(given):
        return given
    return st.session_state.setdefault("visitor", uuid.uuid4().hex)


def is_on_this_machine() -> bool:
    """Whether the visitor sits at the machine that serves: no network and no proxy between."""
    forwarded = any(name in st.context.headers for name in ("X-Forwarded-For", "Forwarded"))
    return st.context.ip_address is None and not forwarded
