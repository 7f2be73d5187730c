"""The frame around every page: title and question above the picture, the explanation below it."""

import functools
import inspect
from collections.abc import Callable, Sequence

import streamlit as st

from pages.parts.frame.later import may_come
from pages.parts.frame.notices import reserve_place


def head(title: str, question: str) -> None:
    """The page's title and the one question it answers, on one line: the picture is the page."""
    st.markdown(f"### {title} :gray[{question}]")
    reserve_place(title)


def explanation(
    reading: str,
    to_try: Sequence[str],
    formula: str = "",
    functions: Sequence[Callable[..., object]] = (),
) -> None:
    """What opens below the picture.

    Parameters
    ----------
    reading : how to read the figure; Markdown
    to_try : things to do on this page, each with what to look for
    formula : LaTeX
    functions : the numeric functions the page shows, whose source is printed
    """
    is_all = may_come()  # a formula and code are slow to load
    with st.expander("How to read it, and what to try"):
        st.markdown(reading)
        st.markdown("\n".join(f"- {item}" for item in to_try))
        if formula and is_all:
            st.latex(formula)
    if functions:
        with st.expander("The code behind it"):
            for function in functions if is_all else ():
                st.code(_source(function), language="python")


@functools.cache
def _source(function: Callable[..., object]) -> str:
    return inspect.getsource(function)
