"""What an address asks for and does not get: one line above the controls, until the next choice."""

import pytest
from page_under_test import TIMEOUT_S, open_page
from streamlit.testing.v1 import AppTest

from pages.parts.frame.notices import LONGEST_SHOWN, quoted

SCRIPT = """
import streamlit as st
from pages.parts.frame.frame import head
from pages.parts.frame.notices import bound, drop_notices
from pages.parts.models.model_picker import pick_models
head(st.session_state.get("title", "A page"), "What is it?")
pick_models(st.columns(2))
bound("order", "The order", lambda: st.radio(
    "Order", ["first", "best"], format_func=str.upper, key="order", bind="query-params",
    on_change=drop_notices), str.upper)
bound("heat", "The temperature", lambda: st.slider(
    "Heat", 0.1, 2.0, 1.0, 0.1, key="heat", bind="query-params"))
"""
WRONG = "ffffffffffff"


def opened(**query: str) -> AppTest:
    test = AppTest.from_string(SCRIPT, default_timeout=TIMEOUT_S)
    for key, value in query.items():
        test.query_params[key] = value
    return test.run()


def said(test: AppTest) -> list[str]:
    assert not test.exception
    return [warning.value for warning in test.warning]


def test_it_stands_above_the_controls_and_not_in_the_column_of_one() -> None:
    test = opened(a=WRONG)
    assert len(said(test)) == 1
    elements = list(test.main)
    assert elements.index(test.warning[0]) < elements.index(test.selectbox[0])
    assert all(not column.warning for column in test.columns)


def test_it_stays_when_the_page_runs_again_by_itself_and_goes_at_the_next_choice() -> None:
    test = opened(a=WRONG, order="wrong")
    assert len(said(test)) == 2
    assert len(said(test.run())) == 2
    other = test.selectbox(key="pick_b").options[2]
    test.selectbox(key="pick_b").select(other).run()
    assert said(test) == []
    assert said(test.run()) == []


def test_it_does_not_go_along_to_another_page() -> None:
    test = opened(a=WRONG)
    assert said(test)
    test.session_state["title"] = "Another page"
    assert said(test.run()) == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"order": "wrong"}, "The order cannot be `wrong`, as the address has it."),
        ({"heat": "9"}, "The temperature cannot be `9`, as the address has it."),
        ({"heat": "warm"}, "The temperature cannot be `warm`, as the address has it."),
    ],
)
def test_a_control_that_cannot_have_what_the_address_says_has_its_default_and_says_so(
    query: dict[str, str], sentence: str
) -> None:
    test = opened(**query)
    (shown,) = said(test)
    assert shown.startswith(sentence)
    assert test.radio(key="order").value == "first" and test.slider(key="heat").value == 1.0


@pytest.mark.parametrize(
    ("parameter", "value"), [("order", "FIRST"), ("order", "BEST"), ("heat", "1.0"), ("heat", "1")]
)
def test_nothing_is_said_of_a_value_that_is_shown(parameter: str, value: str) -> None:
    assert said(opened(**{parameter: value})) == []


def test_what_stood_in_an_address_is_shown_letter_by_letter() -> None:
    hostile = "`![x](http://example.org/x.png)` <b>:smile:\n\n# big"
    (shown,) = said(opened(a=hostile))
    start, code, end = shown.split("`")
    assert code == "'![x](http://example.org/x.png)' <b>:smile: # big"[:LONGEST_SHOWN]
    assert start.startswith("Model A must be") and end.startswith(". Shown instead: ")


def test_nothing_can_stand_outside_its_quotes() -> None:
    for text in ("a`b", "``", "\n", "", "x" * 1000, "\\`", "a\r\n\r\nb"):
        shown = quoted(text)
        assert shown == "nothing" or (shown[0] == shown[-1] == "`" and shown.count("`") == 2)
        assert "\n" not in shown and len(shown) <= LONGEST_SHOWN + 2


@pytest.mark.parametrize(
    ("page", "parameter"),
    [
        ("train", "run"),
        ("ablation", "sweep"),
        ("interpolation", "pair"),
        ("denoising", "noise"),
        ("reconstruction", "order"),
        ("latent_space", "map_2"),
        ("codebook", "vq"),
        ("codebook", "look"),
        ("sampling", "sampling_temperature"),
        ("information", "information_images"),
    ],
)
def test_every_parameter_of_a_page_says_when_it_cannot_be_had(page: str, parameter: str) -> None:
    test = open_page(page, **{parameter: "*no* such thing"})
    (shown,) = [sentence for sentence in said(test) if "such thing" in sentence]
    assert "`*no* such thing`" in shown and "hown instead" in shown
