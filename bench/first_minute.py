"""The first minute, in turns with `streamlit hello`: `python -m bench.first_minute [--quick]`.

Both servers are started in turns from an empty home, and nothing is waited for: until the server
answers, until the first visitor sees the map alive (`streamlit hello`: its title), how long the
next visits take within the minute, and those after it, when the server has been left alone. What
decides is the ratio of medians; seconds are printed beside it.
"""

import argparse
import contextlib
import re
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser

from bench.report import Figure, at_most_times, report
from bench.serving import Served, chromium, seconds_to, serve

TIMES_HELLO = 1.5
MOST_MEMORY_MB = 550  # half of what the server took when it computed the first map itself
MAP_IS_ALIVE, TITLE = "[data-ready='true']", "h1"
VISITS = 5  # within the first minute
LATER_VISITS = 3
LEFT_ALONE_S = 75  # the engine starts after a minute without a visitor

UP = "server up after the command"
FIRST = "command to the first map alive"
NEXT = "a visit within the first minute, the first five after it"
LAST = "the fifth visit"
LATER = "a visit after the first minute, the engine started"
MEMORY = "peak memory of the server after Home alone"

OURS, HELLO = ("run", "app.py"), ("hello",)
Seconds = dict[str, list[float]]


def visit(browser: Browser, served: Served, marker: str) -> float:
    """Seconds from asking for the first page in a fresh browser profile until `marker` is there."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    seconds = seconds_to(context.new_page(), served.address, marker)
    context.close()
    return seconds


def peak_memory_mb(served: Served) -> float:
    """The most that the server's process has had in memory so far (VmHWM; Linux alone has it)."""
    told = Path(f"/proc/{served.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", told)
    assert found is not None
    return int(found[1]) / 1024


@contextlib.contextmanager
def _first_visit(
    browser: Browser, command: Sequence[str], marker: str, home: Path, seconds: Seconds
) -> Iterator[Served]:
    """A server that was started and visited at once."""
    environment = {
        "LATENTARIUM_HOME": str(home / "home"),
        "LATENTARIUM_DATA": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
    }
    home.mkdir()
    began = time.perf_counter()
    with serve(command, home, environment) as served:
        seconds[UP].append(served.seconds_to_start)
        asked = time.perf_counter()
        seconds[FIRST].append(asked - began + visit(browser, served, marker))
        yield served


def measure(browser: Browser, folder: Path, later: bool) -> tuple[Seconds, Seconds, float]:
    """Seconds of ours, of hello's, and the peak memory of our server after Home."""
    ours: Seconds = defaultdict(list)
    theirs: Seconds = defaultdict(list)
    with (
        _first_visit(browser, HELLO, TITLE, folder / "hello", theirs) as hello,
        _first_visit(browser, OURS, MAP_IS_ALIVE, folder / "ours", ours) as app,
    ):
        for _ in range(VISITS):
            theirs[NEXT].append(visit(browser, hello, TITLE))
            ours[NEXT].append(visit(browser, app, MAP_IS_ALIVE))
        for seconds in (ours, theirs):
            seconds[LAST].append(seconds[NEXT][-1])
        memory = peak_memory_mb(app)
        if later:
            time.sleep(LEFT_ALONE_S)
            for _ in range(LATER_VISITS):
                theirs[LATER].append(visit(browser, hello, TITLE))
                ours[LATER].append(visit(browser, app, MAP_IS_ALIVE))
    return ours, theirs, memory


def main() -> None:
    """Command line of the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one start, nothing after the minute")
    quick = parser.parse_args().quick
    ours: Seconds = defaultdict(list)
    theirs: Seconds = defaultdict(list)
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        for at in range(1 if quick else 3):
            folder = Path(temporary) / str(at)
            folder.mkdir()
            of_app, of_hello, taken = measure(browser, folder, later=not quick)
            memory.append(taken)
            for name in of_app:
                ours[name] += of_app[name]
                theirs[name] += of_hello[name]
    for name, seconds in ours.items():
        value, peer = statistics.median(seconds), statistics.median(theirs[name])
        report(at_most_times(name, value, "s", peer, TIMES_HELLO))
    most = max(memory)
    report(
        Figure(MEMORY, most, "MB", None, None, f"<= {MOST_MEMORY_MB} MB", most <= MOST_MEMORY_MB)
    )


if __name__ == "__main__":
    main()
