"""How long until something lives: `python -m bench.first_minute [--quick]`.

The server's start counts from the command to the first answer of its health check; a page counts
from the request to the moment the map is drawn and its decoder answers. Beside it stands
`streamlit hello`, which shows a title and a paragraph.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from bench.report import at_most, report
from bench.serving import (
    ENGINE_SETTLES_S,
    Served,
    chromium,
    seconds_to,
    serve,
    wait_until_settled,
)
from vizmodels.data import load_dataset

PAGE_LIMIT_S = 2.0
START_LIMIT_S = 5.0
TIMES_HELLO = 2.0
MAP_IS_ALIVE = "[data-ready='true']"


def page_seconds(browser: Browser, served: Served, marker: str, n: int) -> float:
    """Median time from asking for the first page in a fresh browser profile to `marker`."""
    seconds: list[float] = []
    for _ in range(n):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        seconds.append(seconds_to(page, served.address, marker))
        wait_until_settled(page)
        context.close()
    return statistics.median(seconds)


def main() -> None:
    """Command line of the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three visits instead of nine")
    n = 3 if parser.parse_args().quick else 9
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        home = Path(temporary)
        environment = {"LATENTARIUM_HOME": str(home / "home")}
        _prepare_environment(environment)
        with serve(("run", "app.py"), home, environment) as app:
            first = page_seconds(browser, app, MAP_IS_ALIVE, 1)
            time.sleep(ENGINE_SETTLES_S)
            ours = page_seconds(browser, app, MAP_IS_ALIVE, n)
        with serve(("hello",), home, {}) as hello:
            first_hello = page_seconds(browser, hello, "h1", 1)
            theirs = page_seconds(browser, hello, "h1", n)
        report(at_most("server up after the command", app.seconds_to_start, "s", START_LIMIT_S))
        name = "very first visit, as the server has just come up"
        report(at_most(name, first, "s", PAGE_LIMIT_S, first_hello))
        report(at_most("page asked for to first living map", ours, "s", PAGE_LIMIT_S, theirs))
        report(at_most("the same, times streamlit hello", ours / theirs, "x", TIMES_HELLO))


def _prepare_environment(environment: dict[str, str]) -> None:
    """Draw the strokes once, as the first start of the app does."""
    import os

    os.environ.update(environment)
    load_dataset("strokes")


if __name__ == "__main__":
    main()
