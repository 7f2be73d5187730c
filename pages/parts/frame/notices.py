"""What an address asked for and did not get: one line above the controls, until the next choice."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from vizmodels.errors import LatentariumError

Value = TypeVar("Value")

LONGEST_SHOWN = 40  # characters of what stood in an address
PLACE, PAGE, SENTENCES, SAID = "notice_place", "notice_page", "notices", "notices_said"


def reserve_place(page: str) -> None:
    """Keep the line's place here, and show what was said on this page before.

    Parameters
    ----------
    page : its title; what another page said is gone
    """
    if st.session_state.get(PAGE) != page:
        st.session_state[PAGE] = page
        st.session_state[SENTENCES], st.session_state[SAID] = {}, set()
    st.session_state[PLACE] = st.container()
    for sentence in st.session_state[SENTENCES].values():
        st.session_state[PLACE].warning(sentence)


def say(parameter: str, asked: str, sentence: str) -> None:
    """Show a sentence about what the address names, once for each thing it names.

    Parameters
    ----------
    parameter : of the address
    asked : its value
    sentence : Markdown, in which `asked` stands `quoted`
    """
    said: set[tuple[str, str]] = st.session_state.setdefault(SAID, set())
    if (parameter, asked) in said:  # the browser may send an older address again
        return
    said.add((parameter, asked))
    st.session_state.setdefault(SENTENCES, {})[parameter] = sentence
    st.session_state.get(PLACE, st).warning(sentence)


def named(parameter: str, find: Callable[[str], object], instead: str) -> str | None:
    """What the address names, if it can be found; else None, and a sentence says so.

    Parameters
    ----------
    parameter : of the address
    find : raises a LatentariumError where there is no such thing
    instead : what is shown then, a sentence
    """
    asked = st.query_params.get(parameter)
    if asked is None:
        return None
    try:
        find(asked)
    except LatentariumError as error:
        thing, rule, got, remedy = error.parts
        say(parameter, asked, f"{thing} must be {rule}; got {quoted(str(got))}. {remedy} {instead}")
        return None
    return asked


def drop_notices() -> None:
    """The visitor has chosen something: nothing is said of the address any more."""
    st.session_state[SENTENCES] = {}


def quoted(text: str) -> str:
    """What stood in an address as Markdown that shows it letter by letter, cut where it is long."""
    shown = " ".join(text.replace("`", "'").split())
    return f"`{shown[:LONGEST_SHOWN]}`" if shown else "nothing"


def bound(
    parameter: str,
    name: str,
    show: Callable[[], Value],
    label: Callable[[Value], str] = str,
) -> Value:
    """The value of a control that is bound to the address; says if the address had none of its own.

    Parameters
    ----------
    parameter : of the address, and key of the control
    name : of the control, as the visitor reads it
    show : the control
    label : of a value, as the address has it
    """
    asked = st.query_params.get(parameter)
    value = show()
    if asked is None or parameter in st.query_params:  # Streamlit takes out what it cannot use
        return value
    if asked not in (label(value), str(value)) and not _is_number(asked, value):
        sentence = f"{name} cannot be {quoted(asked)}, as the address has it."
        say(parameter, asked, f"{sentence} Shown instead: {label(value)}.")
    return value


def _is_number(text: str, value: object) -> bool:
    try:
        return isinstance(value, float) and float(text) == value
    except ValueError:
        return False
