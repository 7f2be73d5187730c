"""What maps of many points, manifold grids and long sessions cost; `bench.stage` prints them."""

from collections.abc import Iterator

import numpy as np
from playwright.sync_api import Browser, Page

from bench.report import Figure, at_most
from bench.serving import COMPLETES_MS, seconds_to, wait_until_settled
from vizmodels.runs.library import RunRecord

MAP_IS_ALIVE = "[data-ready='true']"
FRAME_OF_MANY_MS = 8.0
FIRST_MAP_S = 2.0
GRID_MS = 250.0
GRID_PICTURES = 400  # 20×20
PAYLOAD_MB = 8.0
HEAP_MB = 1.0  # by which a long session may grow
BYTES_PER_MB = 1e6

FIND_STAGE = """
window.findStage = () => {
  const search = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.classList.contains('stage') && element.__stage) return element.__stage;
      const inner = element.shadowRoot && search(element.shadowRoot);
      if (inner) return inner;
    }
  };
  return search(document);
};
"""

# What each frame that was drawn took to draw.
WATCH_DRAWS = """() => {
  const { stats } = window.findStage();
  window.drawn = [];
  let seen = stats.draws;
  const look = () => {
    if (stats.draws !== seen) window.drawn.push(stats.lastDrawMs);
    seen = stats.draws;
    requestAnimationFrame(look);
  };
  look();
}"""


def open_map(page: Page, address: str, record: RunRecord, more: str = "") -> float:
    """Open the latent space page with this run alone; seconds until its map is alive."""
    seconds = seconds_to(
        page, f"{address}/latent_space?a={record.id}&b=none&c=none{more}", MAP_IS_ALIVE
    )
    page.wait_for_timeout(COMPLETES_MS)
    wait_until_settled(page)
    page.evaluate(FIND_STAGE)
    return seconds


def many_points(browser: Browser, address: str, record: RunRecord, n: int) -> Iterator[Figure]:
    """The map of all pictures, from coordinates the server has, in a browser that has nothing."""
    all_of_them = f"&pictures={n // 1000}k"
    for is_measured in (False, True):  # the first visitor has the server encode them
        page = browser.new_page()
        seconds = open_map(page, address, record, all_of_them)
        if is_measured:
            shown = page.evaluate("window.findStage().count()")
            assert shown == n, f"{shown} points are shown, not {n}"
            what = f"{n:,} points, {record.title}"
            yield at_most(f"page asked for to living map, {what}", seconds, "s", FIRST_MAP_S)
            yield at_most(f"frame while panning, p95, {what}", _pan(page), "ms", FRAME_OF_MANY_MS)
        page.close()


def _pan(page: Page, moves: int = 120) -> float:
    """95th percentile of the time that drawing a frame takes while the map is dragged, ms."""
    page.evaluate(WATCH_DRAWS)
    x, y = middle_of_map(page)
    page.mouse.move(x, y)
    page.mouse.down()
    for angle in np.linspace(0, 4 * np.pi, moves):
        page.mouse.move(x + 120 * np.sin(angle), y + 80 * (np.cos(angle) - 1))
    page.mouse.up()
    return float(np.percentile(page.evaluate("window.drawn"), 95))


def manifold_grid(page: Page, record: RunRecord) -> Figure:
    """Decoding and drawing 20×20 pictures, from the sheet that the visible map needs."""
    page.get_by_role("button", name="Grid").click()
    page.wait_for_selector(".manifold[data-pictures]", timeout=60_000)
    stats = page.evaluate("window.findStage().manifold()")
    page.get_by_role("button", name="Grid").click()
    ms = stats["ms"] / stats["pictures"] * GRID_PICTURES
    return at_most(f"manifold grid of 20×20, {record.title}", ms, "ms", GRID_MS)


def payload(browser: Browser, address: str, record: RunRecord) -> Figure:
    """Everything that the stage fetches of a run and its pictures, thumbnails included."""
    page = browser.new_page()
    sizes: list[int] = []

    def count(response: object) -> None:
        url, headers = response.url, response.headers  # pyright: ignore[reportAttributeAccessIssue]
        if "/artefacts/" in url:
            sizes.append(int(headers.get("content-length", 0)))

    page.on("response", count)
    open_map(page, address, record)
    page.close()
    megabytes = sum(sizes) / BYTES_PER_MB
    return at_most(f"payload with thumbnails, {record.title}", megabytes, "MB", PAYLOAD_MB)


def heap_growth(page: Page, record: RunRecord, interactions: int) -> Figure:
    """By how much the page's memory grows over so many moves of the pointer and zooms."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def heap() -> float:
        session.send("HeapProfiler.collectGarbage")
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in metrics if m["name"] == "JSHeapUsedSize") / BYTES_PER_MB

    x, y = middle_of_map(page)

    def interact(n: int) -> None:
        for i in range(n):
            page.mouse.move(x + 90 * np.sin(i / 7), y + 60 * np.cos(i / 11))
            if i % 50 == 0:
                page.mouse.wheel(0, 40 if i % 100 else -40)

    interact(interactions // 10)  # what is made once
    before = heap()
    interact(interactions)
    grown = heap() - before
    what = f"{interactions:,} interactions, {record.title}"
    return at_most(f"growth of the page's memory over {what}", grown, "MB", HEAP_MB)


def middle_of_map(page: Page) -> tuple[float, float]:
    """Of model A's map, in pixels of the page."""
    box = page.locator(".map[data-model=a] .letters").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
