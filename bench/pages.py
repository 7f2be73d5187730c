"""How quickly the comparison pages answer: `python -m bench.pages [--quick]`.

The real app is served with nothing but the shipped runs. A page counts from the request to its
first picture in a fresh browser profile, in turns with the first page of `streamlit hello`. What
counts as the picture is what the page is about. A control's round trip counts from the key press to
the frame in which the pictures of all models have changed, beside a slider in an empty fragment of
an app of its own, from the key press to the change of the number it shows. UMAP of 60,000 latents
is computed in a worker of the engine that has made one before; the latents are those of MNIST's
training images where they are here, else draws from a mixture of ten Gaussians on sixteen axes.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

from bench.report import Figure, at_most, at_most_times, report
from bench.reruns import measure_reruns
from bench.serving import COMPLETES_MS, ENGINE_SETTLES_S, Served, chromium, seconds_to, serve
from vizmodels.analysis.maps.projection import project
from vizmodels.data import is_available, load_dataset
from vizmodels.jobs import JobBoard
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary
from vizmodels.training.evaluation import encode_all

TIMES_EMPTY = 1.5
TIMES_HELLO = 1.5
VISITOR_LEAVES_S = 2  # between two visits: the last one's session ends
TITLE = "h1"
MAP = "[data-ready='true']"
FIRST_PICTURES: Mapping[str, str] = {
    "": MAP,
    "train": "img[alt^='Test images above']",
    "ablation": "[data-testid^='stBidiComponent']",
    "latent_space": MAP,
    "reconstruction": "img[alt^='Reconstructions by']",
    "denoising": ".noise-row canvas[data-weight]",
    "interpolation": "img[alt^='Straight path above']",
    "sampling": "img[alt^='Samples of']",
    "codebook": MAP,
    "information": ".js-plotly-plot",
}
"""Address of a page -> what is there once its first picture is."""
QUICK = ("", "latent_space", "reconstruction", "denoising", "interpolation")
UMAP_LIMIT_S = 15.0
UMAP_POINTS, UMAP_POINTS_QUICK = 60_000, 20_000
# The element that changes with a slider, and the attribute that says for which value it is.
NOISY = (".noise-stage", "data-weight")
EMPTY_APP = """
import streamlit as st

@st.fragment
def empty():
    st.slider("Value", 0.0, 1.0, 0.5, 0.05, key="value")
    st.html(f'<img alt="value {st.session_state.value}">')

empty()
"""
EMPTY = ("img[alt^='value']", "alt")
ROUND_TRIP = """
async ([selector, attribute]) => {
  const elements = Array.from(document.querySelectorAll("*"));
  const roots = [document, ...elements.map((element) => element.shadowRoot).filter(Boolean)];
  const shown = () => {
    for (const root of roots) {
      const found = root.querySelector(selector);
      if (found) return found.getAttribute(attribute);
    }
    return null;
  };
  const before = shown();
  window.changed = new Promise((done) => {
    let began = 0;
    window.addEventListener("keydown", () => (began = performance.now()),
      { capture: true, once: true });
    const look = () => {
      const now = shown();
      if (began && now !== null && now !== before) done(performance.now() - began);
      else requestAnimationFrame(look);
    };
    look();
  });
}
"""


def first_pictures(
    browser: Browser, app: Served, hello: Served, pages: Sequence[str], n: int
) -> list[Figure]:
    """A figure for each page: the median of n visits beside that of as many to hello between them.

    Each visit is in a fresh browser profile, the first of a page included.
    """
    ours: dict[str, list[float]] = {page: [] for page in pages}
    theirs: list[float] = []
    for _ in range(n):
        for page in pages:
            theirs.append(_seconds(browser, hello.address, TITLE))
            ours[page].append(_seconds(browser, f"{app.address}/{page}", FIRST_PICTURES[page]))
            time.sleep(VISITOR_LEAVES_S)
    peer = statistics.median(theirs)
    return [
        at_most_times(
            f"page {page or 'home'} asked for to first picture",
            statistics.median(seconds),
            "s",
            peer,
            TIMES_HELLO,
        )
        for page, seconds in ours.items()
    ]


def _seconds(browser: Browser, address: str, marker: str) -> float:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    seconds = seconds_to(context.new_page(), address, marker)
    context.close()
    return seconds


def round_trip_ms(page: Page, shown: tuple[str, str], n: int) -> float:
    """Median time from a key on the page's slider to the frame that shows the new value."""
    slider = page.get_by_role("slider").first
    slider.focus()
    taken: list[float] = []
    for at in range(n):
        page.evaluate(ROUND_TRIP, list(shown))
        slider.press("ArrowRight" if at % 8 < 4 else "ArrowLeft")
        taken.append(page.evaluate("window.changed"))
        page.wait_for_timeout(200)
    return statistics.median(taken)


def slider_ms(browser: Browser, address: str, shown: tuple[str, str], n: int) -> list[float]:
    """The round trip to values not seen before, and once each of them has been."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.wait_for_selector(shown[0], timeout=60_000)
    page.wait_for_timeout(COMPLETES_MS)
    taken = [round_trip_ms(page, shown, times) for times in (4, n)]
    page.close()
    return taken


def umap_seconds(home: Path, n_points: int) -> float:
    """Time of the second map that a worker makes."""
    latents = _latents(n_points)
    board = JobBoard(RunLibrary(home / "runs"), n_workers=1)
    board.start()
    try:
        seconds = 0.0
        for attempt in range(2):
            began = time.perf_counter()
            job = board.submit_call(f"umap-{attempt}", project, latents, "umap", 2)
            while not board.progress(job).is_over:
                time.sleep(0.05)
            board.result(job)
            seconds = time.perf_counter() - began
        return seconds
    finally:
        board.close()


def _latents(n: int) -> np.ndarray:
    if is_available("mnist"):
        shipped = RunLibrary(ASSETS / "runs")
        title = "VAE mlp · 16-D · mnist · KL weight 0.001"
        run_id = next(record.id for record in shipped.list() if record.title == title)
        images = load_dataset("mnist").train.images[:n]
        return encode_all(shipped.load(run_id).autoencoder, images).numpy()
    rng = np.random.default_rng(0)
    centres = 4 * rng.normal(size=(10, 16))
    return (centres[rng.integers(10, size=n)] + rng.normal(size=(n, 16))).astype(np.float32)


def main() -> None:
    """Command line of the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer visits, no UMAP of 60,000")
    quick = parser.parse_args().quick
    visits, presses = (1, 8) if quick else (5, 40)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        environment = {"LATENTARIUM_HOME": str(home / "home")}
        os.environ.update(environment)
        load_dataset("strokes")  # drawn once, as the first start of the app does
        (home / "empty.py").write_text(EMPTY_APP)
        with chromium() as browser:
            with serve(("run", "app.py"), home, environment) as app:
                time.sleep(5 if quick else ENGINE_SETTLES_S)
                with serve(("hello",), home, {}) as hello:
                    pages = QUICK if quick else tuple(FIRST_PICTURES)
                    for figure in first_pictures(browser, app, hello, pages, visits):
                        report(figure)
                first, ours = slider_ms(browser, f"{app.address}/denoising", NOISY, presses)
                measure_reruns(app, home, quick=quick)
            with serve(("run", str(home / "empty.py")), home, {}) as empty:
                _, theirs = slider_ms(browser, empty.address, EMPTY, presses)
        report(Figure("noise slider, key to pictures not seen before", first, "ms"))
        report(
            at_most(
                "noise slider, key to pictures seen before",
                ours,
                "ms",
                TIMES_EMPTY * theirs,
                theirs,
            )
        )
        n_points = UMAP_POINTS_QUICK if quick else UMAP_POINTS
        limit = UMAP_LIMIT_S * n_points / UMAP_POINTS
        seconds = umap_seconds(home, n_points)
        report(at_most(f"UMAP of {n_points:,} points, warm, in a worker", seconds, "s", limit))


if __name__ == "__main__":
    main()
