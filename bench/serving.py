"""The app as a process of its own, and a browser to look at it, for benches and browser tests."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
CHROMIUM_FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
START_LIMIT_S = 180  # a machine that is busy with something else takes minutes
COMPLETES_MS = 4000  # a page runs again after its first second, and then brings charts
ENGINE_SETTLES_S = 120  # after a minute without a visitor it starts, then UMAP is compiled
CONNECTED = "[data-testid='stApp'][data-test-connection-state='CONNECTED']"
SETTLED = "[data-test-script-state='notRunning']"
# Looks from within the page, every 10 ms: a wait of Playwright's searches the whole page in every
# frame, which made the pages it watched a third of a second slower.
WATCH_FOR = """
(marker) => {
  const component = "[data-testid^='stBidiComponent']";
  const roots = () => [document, ...Array.from(
    document.querySelectorAll(`${component}, ${component} *`), (element) => element.shadowRoot,
  ).filter(Boolean)];
  const look = () => {
    if (roots().some((root) => root.querySelector(marker))) window.seenAt = performance.now();
    else setTimeout(look, 10);
  };
  look();
}
"""
REST_LIMIT_MS = 600_000  # what is measured for a page may take minutes
# Resolves once what is seen has stayed the same for a second and a half, from after the page has
# run again by itself: no run under way, every map alive, no text that changes, as of a progress
# bar. Its clock is the page's own, which a busy machine holds up as much as the page.
REST = """
async () => {
  const component = "[data-testid^='stBidiComponent']";
  const roots = () => [document, ...Array.from(
    document.querySelectorAll(`${component}, ${component} *`), (element) => element.shadowRoot,
  ).filter(Boolean)];
  const count = (selector) => roots().reduce((n, r) => n + r.querySelectorAll(selector).length, 0);
  const isBusy = () =>
    !document.querySelector("[data-test-script-state='notRunning']") ||
    count(".stage:not([data-ready='true']), [data-testid='stSpinner'], [data-testid='stSkeleton']");
  const seen = () => [document.body.innerText, count("img, svg, canvas, .main-svg")].join();
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  while (isBusy()) await pause(100);
  await pause(2000);
  for (let same = 0, last = ""; same < 5; ) {
    await pause(300);
    const now = seen();
    same = isBusy() || now !== last ? 0 : same + 1;
    last = now;
  }
}
"""
FLAGS = ["--server.headless", "true", "--server.address", "127.0.0.1"]


@dataclass(frozen=True)
class Served:
    """A running Streamlit server.

    Attributes
    ----------
    address : "http://127.0.0.1:<port>"
    seconds_to_start : from the command to the first answer of its health check
    process : of the server
    log : file with what it printed
    """

    address: str
    seconds_to_start: float
    process: subprocess.Popen[bytes]
    log: Path


@contextlib.contextmanager
def serve(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Iterator[Served]:
    """Run `streamlit <command>` on a free loopback port until the block ends.

    Parameters
    ----------
    command : such as ("run", "app.py")
    folder : for the server's log
    environment : set on top of this process's own
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "server.log"
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", *command, *FLAGS, "--server.port", str(port)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for_health(address, process, log)
        yield Served(address, time.perf_counter() - began, process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_health(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.perf_counter() + START_LIMIT_S
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at once:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"no answer from {address} within {START_LIMIT_S} s:\n{log.read_text()}")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window, drawing in software."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def seconds_to(page: Page, address: str, marker: str, limit_s: float = 120) -> float:
    """Open an address in a new page; seconds from asking for it until `marker` is there.

    Parameters
    ----------
    page : that has not been used
    address : with which the page begins
    marker : CSS selector, of the page or of a component in it
    limit_s : after which it is given up

    Raises
    ------
    TimeoutError : the marker did not come
    """
    page.add_init_script(f"({WATCH_FOR})({json.dumps(marker)})")
    page.goto(address)
    deadline = time.perf_counter() + limit_s
    while time.perf_counter() < deadline:
        seen = page.evaluate("window.seenAt")
        if seen is not None:
            return seen / 1000
        time.sleep(0.2)
    raise TimeoutError(f"{marker} did not come within {limit_s:g} s at {address}")


def wait_until_settled(page: Page) -> None:
    """Wait until the page is connected and its script has run to the end."""
    page.wait_for_selector(CONNECTED)
    page.wait_for_selector(SETTLED)


def wait_until_at_rest(page: Page) -> None:
    """Wait until a page shows all that it will show and nothing in it changes any more."""
    page.wait_for_selector(CONNECTED, timeout=REST_LIMIT_MS)
    page.wait_for_function(f"window.rest ??= ({REST})().then(() => true)", timeout=REST_LIMIT_MS)
    page.evaluate("window.rest = undefined")


def wait_for_frames(page: Page, n: int = 3) -> None:
    """Wait until the browser has drawn so many frames."""
    draw = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
    for _ in range(n):
        page.evaluate(draw)
