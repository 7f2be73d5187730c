"""How quickly the comparison pages answer: `python -m bench.pages [--quick]`.

The real app is served with nothing but the shipped runs. A page counts from the request to its
first picture in a fresh browser profile. A control's round trip counts from the key press to the
frame in which the pictures of all models have changed, beside a slider in an empty fragment of an
app of its own, from the key press to the change of the number it shows. UMAP of 60,000 latents is
computed in a worker of the engine that has made one before; the latents are those of MNIST's
training images where they are here, else draws from a mixture of ten Gaussians on sixteen axes.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

from bench.report import Figure, at_most, report
from bench.reruns import measure_reruns
from bench.serving import COMPLETES_MS, ENGINE_SETTLES_S, Served, chromium, seconds_to, serve
from vizmodels.analysis.maps.projection import project
from vizmodels.data import is_available, load_dataset
from vizmodels.jobs import JobBoard
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary
from vizmodels.training.evaluation import encode_all

PAGE_LIMIT_S = 1.5
TIMES_EMPTY = 1.5
UMAP_LIMIT_S = 15.0
VISITOR_LEAVES_S = 2  # between two visits: the last one's session ends
UMAP_POINTS, UMAP_POINTS_QUICK = 60_000, 20_000
FIRST_PICTURE = {
    "latent_space": "[data-ready='true']",
    "reconstruction": "img[alt^='Reconstructions by']",
    "denoising": ".noise-row canvas[data-weight]",
    "interpolation": "img[alt^='Straight path above']",
}
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


def first_picture_seconds(browser: Browser, address: str, marker: str, n: int) -> float:
    """Median time from asking for a page to its first picture."""
    seconds: list[float] = []
    for _ in range(n):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        seconds.append(seconds_to(context.new_page(), address, marker))
        context.close()
        time.sleep(VISITOR_LEAVES_S)
    return statistics.median(seconds)


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


def _measure_pages(browser: Browser, app: Served, n: int) -> None:
    for name, marker in FIRST_PICTURE.items():
        seconds = first_picture_seconds(browser, f"{app.address}/{name}", marker, n)
        report(at_most(f"page {name} asked for to first picture", seconds, "s", PAGE_LIMIT_S))


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
                _measure_pages(browser, app, visits)
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
