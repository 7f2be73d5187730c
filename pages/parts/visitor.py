"""Who is asking: a name for this visit, so that the engine can be fair to all."""

import uuid

import streamlit as st


def visitor() -> str:
    """A random name for this session; says nothing about the person."""
    return st.session_state.setdefault("visitor", uuid.uuid4().hex)
