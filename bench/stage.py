"""What a drag costs in the browser: `python -m bench.stage [--quick | --runs TEXT]`.

The real app is served and opened in Chromium. Of every run it is told what the browser fetches,
what a move costs, and how far its decoder is from PyTorch's; of some, what a manifold grid costs,
a map of all pictures and a long session. The pointer moves over the map of each 2-D model and each
model without sliders, and the first slider of each other model is dragged; a move counts from its
event to the frame in which the picture was decoded and drawn. Websocket frames are counted
meanwhile, once the page is complete. Priors, which decode as their VQ-VAE, and classifiers have no
map and are left out.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from playwright.sync_api import Browser, Page

from bench.report import Figure, at_most, report
from bench.serving import ENGINE_SETTLES_S, chromium, serve
from bench.stage_maps import (
    heap_growth,
    manifold_grid,
    many_points,
    open_map,
    payload,
)
from vizmodels.analysis.maps.kinds import MAP_POINTS
from vizmodels.data import load_dataset
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary, RunRecord
from vizmodels.specs import AutoencodingSpec

FRAME_MS = 17.0
COLOUR_FRAMES_MS = 33.0  # two frames, for colour pictures of 32×32
INTERACTIONS = 2000
PIXEL_LIMIT = 2e-3
LATENTS_COMPARED = 64

# The message posted in a frame arrives once that frame has been drawn. A move is counted from its
# delivery to the page and from its time stamp: between the two the browser holds it back until its
# next frame.
MEASURE = """
() => {
  const stage = window.findStage();
  window.delays = { delivered: [], stamped: [] };
  let decodes = 0;
  let began = 0;
  window.addEventListener('pointermove', () => {
    decodes = stage.stats.decodes;
    began = performance.now();
  }, { capture: true });
  window.addEventListener('pointermove', (event) => {
    const [seen, delivered] = [decodes, began];
    const channel = new MessageChannel();
    const afterFrame = () => requestAnimationFrame(() => channel.port2.postMessage(0));
    channel.port1.onmessage = () => {
      const now = performance.now();
      if (stage.stats.decodes > seen) {
        window.delays.delivered.push(now - delivered);
        window.delays.stamped.push(now - event.timeStamp);
      } else if (now - delivered < 200) afterFrame();
    };
    afterFrame();
  });
}
"""


# What a frame costs that changes next to nothing: none of the stage's can cost less.
IDLE = """
async (n) => {
  const canvas = document.querySelector("canvas").getContext("2d", { willReadFrequently: true });
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  let last = await frame();
  const taken = [];
  while (taken.length < n) {
    canvas.fillRect(0, 0, taken.length, 28);
    const now = await frame();
    taken.push(now - last);
    last = now;
  }
  return taken;
}
"""
IDLE_FRAMES = 120


def idle_frame_ms(browser: Browser) -> float:
    """Median time between two frames of a page that paints a few pixels in each."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_content("<canvas width='200' height='28'></canvas>")
    taken = page.evaluate(IDLE, IDLE_FRAMES)
    page.close()
    return float(np.median(taken))


def largest_difference(page: Page, record: RunRecord, library: RunLibrary) -> float:
    """Largest difference on a pixel in [0, 1] between the browser's decoder and PyTorch's."""
    model = library.load(record.id).autoencoder
    generator = torch.Generator().manual_seed(0)
    shape = (LATENTS_COMPARED, record.embedding_dim)
    # Twice the prior's width, so that the corners of a map are covered too.
    latents = 2 * torch.randn(shape, generator=generator)
    pixels = page.evaluate(
        "(rows) => rows.map(z => Array.from(window.findStage().decode('a', new Float32Array(z))))",
        latents.tolist(),
    )
    theirs = model.decode_embedding(latents).flatten(1).numpy()
    return float(np.abs(np.array(pixels, dtype=np.float32) - theirs).max())


def drag(page: Page, record: RunRecord, moves: int) -> dict[str, list[float]]:
    """Delays in ms of each move that reached a frame, from its delivery and from its stamp."""
    page.evaluate(MEASURE)
    sliders = page.locator(".slider input[type=range]")
    is_on_map = record.embedding_dim == 2 or record.experiment.model.family == "vqvae"
    if is_on_map or not sliders.count():
        box = page.locator(".map[data-model=a] .letters").first.bounding_box()
        assert box is not None
        for at in np.linspace(0.1, 0.9, moves):
            x, y = (
                box["x"] + at * box["width"],
                box["y"] + (0.5 + 0.3 * np.sin(9 * at)) * box["height"],
            )
            page.mouse.move(x, y)
    else:
        box = sliders.first.bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.3, y)
        page.mouse.down()
        for at in np.linspace(0.1, 0.9, moves):
            page.mouse.move(box["x"] + at * box["width"], y)
        page.mouse.up()
    page.wait_for_timeout(300)
    return page.evaluate("() => window.delays")


def main() -> None:
    """Command line of the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one 2-D, one 16-D and one conv model")
    parser.add_argument("--runs", default="", help="only the runs whose titles contain this")
    arguments = parser.parse_args()
    quick, wanted = arguments.quick, arguments.runs
    library = RunLibrary(ASSETS / "runs")
    mapped = [r for r in library.list() if isinstance(r.experiment.model, AutoencodingSpec)]
    records = [r for r in mapped if wanted in r.title and (not quick or _is_typical(r))]
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        home = Path(temporary)
        with serve(("run", "app.py"), home, {"LATENTARIUM_HOME": str(home)}) as app:
            time.sleep(ENGINE_SETTLES_S)
            report(Figure("frame of a page at rest, median", idle_frame_ms(browser), "ms"))
            for record in records:
                _measure(browser, app.address, record, library, 60 if quick else 200)
            if not wanted:
                _measure_large(browser, app.address, records, 100 if quick else INTERACTIONS)


def _is_typical(record: RunRecord) -> bool:
    """Whether this is one of the three VAEs on `strokes`: 2-D, 16-D and conv."""
    return record.experiment.dataset == "strokes" and record.experiment.model.family == "vae"


def _measure_large(
    browser: Browser, address: str, records: list[RunRecord], interactions: int
) -> None:
    """The largest maps there are, and a long session on the 2-D VAE."""
    planar = [r for r in records if r.experiment.model.family == "vae" and r.embedding_dim == 2]
    for record in planar:
        data = load_dataset(record.experiment.dataset)
        n = min(MAP_POINTS["all"], len(data.test) + len(data.train))
        for figure in many_points(browser, address, record, n):
            report(figure)
    page = browser.new_page()
    open_map(page, address, planar[-1])
    report(heap_growth(page, planar[-1], interactions))
    page.close()


def _measure(
    browser: Browser, address: str, record: RunRecord, library: RunLibrary, moves: int
) -> None:
    report(payload(browser, address, record))
    page = browser.new_page()
    sent: list[object] = []
    # Playwright marks its listeners, which a built-in method does not let it do.
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_map(page, address, record)
    difference = largest_difference(page, record, library)
    before = len(sent)
    delays = drag(page, record, moves)
    messages = len(sent) - before
    what = record.title
    p95 = {kind: float(np.percentile(values, 95)) for kind, values in delays.items()}
    limit = COLOUR_FRAMES_MS if record.image_shape[0] == 3 else FRAME_MS
    report(at_most(f"drag to picture, p95, {what}", p95["delivered"], "ms", limit))
    stamped = f"the same with the wait for the frame, p95, {what}"
    report(Figure(stamped, p95["stamped"], "ms"))
    report(Figure(f"moves with a picture of their own, {what}", len(delays["stamped"]), "moves"))
    report(at_most(f"websocket messages during the drag, {what}", messages, "messages", 0))
    report(at_most(f"browser against PyTorch, {what}", difference, "of 1", PIXEL_LIMIT))
    if record.experiment.model.backbone == "mlp" and record.embedding_dim == 2:
        report(manifold_grid(page, record))
    page.close()


if __name__ == "__main__":
    main()
