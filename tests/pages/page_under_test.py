"""Runs one page of the app without a browser."""

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

NAVIGATION = Path(__file__).resolve().parents[2] / "pages" / "navigation.py"
TIMEOUT_S = 120


def open_page(name: str = "home", **query: str) -> AppTest:
    """The page as a visitor's first request of its address meets it."""
    test = AppTest.from_file(str(NAVIGATION), default_timeout=TIMEOUT_S)
    if name != "home":
        # `AppTest.switch_page` knows a page's address only after a run of the first one.
        test._page_hash = calc_hash(name)
    for key, value in query.items():
        test.query_params[key] = value
    return test.run()


def gallery_of(test: AppTest) -> dict[str, Any]:
    """What Home's doors and cards are told."""
    told = [json.loads(component.proto.json) for component in test.get("bidi_component")]
    (gallery,) = [data for (data,) in told if "folds" in data]
    return gallery
