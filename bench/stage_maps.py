"""What maps of many points, manifold grids and long sessions cost; `bench.stage` prints them."""

import time

import numpy as np
from playwright.sync_api import CDPSession, Page

from bench.report import at_most
from bench.serving import wait_until_settled
from vizmodels.runs.library import RunRecord

FRAME_OF_MANY_MS = 8.0
FIRST_MAP_S = 2.0
GRID_MS = 250.0
GRID_PICTURES = 400  # 20×20
HEAP_MB = 1.0  # what a session may grow by
MAP_IS_ALIVE = "[data-ready='true']"
BYTES_PER_MB = 1e6

# Draws of the map while it is dragged, each with the time its frame took to draw.
WATCH_DRAWS = """() => {
  const { stats } = window.findStage();
  window.drawn = [];
  let seen = stats.draws;
  const look = () => {
    if (stats.draws !== seen) window.drawn.push(stats.lastDrawMs);
    seen = stats.draws;
    window.watching = requestAnimationFrame(look);
  };
  look();
}"""


def measure_many_points(page: Page, address: str, record: RunRecord, find: str) -> None:
    """Open the map of all pictures from what the server has computed, and pan it."""
    page.goto(f"{address}/latent_space?a={record.id}&b=none")
    page.wait_for_selector(MAP_IS_ALIVE, timeout=60_000)
    every = page.get_by_role("radio", name="0k").last
    label = every.inner_text()
    every.click()
    page.wait_for_timeout(500)
    page.wait_for_selector(MAP_IS_ALIVE, timeout=120_000)
    wait_until_settled(page)
    again = page.context.browser
    assert again is not None
    fresh = again.new_page()  # nothing is in its cache: the coordinates are the server's
    began = time.perf_counter()
    fresh.goto(f"{address}/latent_space?a={record.id}&b=none&pictures={label}")
    fresh.wait_for_selector(MAP_IS_ALIVE, timeout=60_000)
    seconds = time.perf_counter() - began
    fresh.evaluate(find)
    n = fresh.evaluate("window.findStage().count()")
    report_many = f"{n:,} points, {record.title}"
    from bench.report import report

    report(at_most(f"page asked for to living map of {report_many}", seconds, "s", FIRST_MAP_S))
    fresh.evaluate(WATCH_DRAWS)
    box = fresh.locator(".map[data-model=a] .letters").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fresh.mouse.move(x, y)
    fresh.mouse.down()
    for angle in np.linspace(0, 4 * np.pi, 120):
        fresh.mouse.move(x + 120 * np.sin(angle), y + 80 * np.cos(angle))
    fresh.mouse.up()
    p95 = float(np.percentile(fresh.evaluate("window.drawn"), 95))
    report(at_most(f"frame while panning {report_many}, p95", p95, "ms", FRAME_OF_MANY_MS))
    fresh.close()
