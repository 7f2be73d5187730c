"""Two pictures clicked one after the other on the map become the ends of the path."""

import re

from page_under_test import open_page
from streamlit.testing.v1 import AppTest

from pages.interpolation.pair_picker import FIRST_CLASSES


def _said(test: AppTest) -> str:
    about_clicks = re.compile("[Cc]lick.* picture|picture.* click")
    (caption,) = [c.value for c in test.caption if about_clicks.search(c.value)]
    return caption


def _click(test: AppTest, index: int) -> str:
    test.session_state["pair_stage"] = {"picked": {"index": index}}
    test.run()
    assert not test.exception
    return _said(test)


def test_each_click_says_what_it_did_and_what_the_next_one_does() -> None:
    test = open_page("interpolation")
    test.toggle(key="pair_on_map").set_value(True).run()
    assert _said(test).startswith("Click a picture, then another")
    by_class = test.query_params["pair"]
    assert _click(test, 17) == "From picture 17: now click the one that the path runs to."
    assert test.query_params["pair"] == by_class
    assert _click(test, 4711).startswith("From picture 17 to picture 4711, as clicked.")
    assert test.query_params["pair"] == "17-4711"
    assert _click(test, 5).startswith("From picture 4711 to picture 5, as clicked.")
    assert test.query_params["pair"] == "4711-5"

    # Another class takes the pair over, and the sentence no longer speaks of the clicks.
    test.selectbox(key="pair_class_1").set_value(FIRST_CLASSES[1] + 2).run()
    assert _said(test).startswith("Click a picture, then another")
    assert test.query_params["pair"] != "4711-5"
