"""Records the moving picture of the stage for the README: `python -m bench.clip`.

The real app is served and opened in Chromium; the pointer moves over the map of a shipped VAE,
drags a slider, makes a path, and draws a digit. Each frame is a screenshot. The pointer itself,
which screenshots leave out, is drawn over them.
"""

import io
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page

from bench.serving import (
    REST_LIMIT_MS,
    chromium,
    serve,
    wait_for_frames,
    wait_until_at_rest,
)
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary

CLIP = ASSETS / "figures" / "stage.gif"
WINDOW = (1260, 1000)
COLOURS = 128
SAMPLED = 6  # every so many frames, to find the colours
FRAME_MS = 100
HOLD_MS = 1200  # at the end of each scene
ARROW = ((0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12))
PLANE = "VAE mlp · 2-D · strokes · KL weight 0.001"
SIXTEEN = "VAE conv · 16-D · strokes · KL weight 0.001"
TWO = np.array(
    [(0.28, 0.32), (0.42, 0.2), (0.62, 0.22), (0.68, 0.36), (0.5, 0.58), (0.28, 0.78), (0.74, 0.76)]
)


@dataclass
class Recorder:
    """Frames of one page, and how long each is shown."""

    page: Page
    frames: list[Image.Image] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)
    pointer: tuple[float, float] = (0, 0)

    def shoot(self, milliseconds: int = FRAME_MS) -> None:
        """Keep what the stage shows now."""
        bounds = self.page.locator(".stage").bounding_box()
        assert bounds is not None
        shot = Image.open(io.BytesIO(self.page.screenshot(clip=bounds))).convert("RGB")
        at = (self.pointer[0] - bounds["x"], self.pointer[1] - bounds["y"])
        corners = [(at[0] + x, at[1] + y) for x, y in ARROW]
        ImageDraw.Draw(shot).polygon(corners, fill="#1b2430", outline="#ffffff")
        self.frames.append(shot)
        self.durations.append(milliseconds)

    def move(self, x: float, y: float) -> None:
        """Move the pointer there, and keep the frame that follows."""
        self.pointer = (x, y)
        self.page.mouse.move(x, y)
        wait_for_frames(self.page)
        self.shoot()

    def hold(self) -> None:
        """Let the last frame be looked at."""
        self.durations[-1] = HOLD_MS


def box_of(locator: Locator) -> tuple[float, float, float, float]:
    """Left, top, width and height on the page."""
    bounds = locator.bounding_box()
    assert bounds is not None
    return bounds["x"], bounds["y"], bounds["width"], bounds["height"]


def places_in(locator: Locator, shares: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Places on the page of shares of an element's width and height."""
    left, top, width, height = box_of(locator)
    return [(left + x * width, top + y * height) for x, y in shares]


def open_run(page: Page, address: str) -> None:
    """Open the latent space page with one run, its stage at the top of the window."""
    page.goto(address)
    wait_until_at_rest(page)
    page.locator(".stage").scroll_into_view_if_needed()
    wait_for_frames(page)


def over_the_map(recorder: Recorder) -> None:
    """The pointer goes round over the map."""
    turns = np.linspace(0, 2 * np.pi, 22)
    shares = [(0.5 + 0.2 * np.cos(t), 0.5 - 0.17 * np.sin(t)) for t in turns]
    for place in places_in(recorder.page.locator(".map .letters"), shares):
        recorder.move(*place)
    recorder.hold()


def along_an_axis(recorder: Recorder) -> None:
    """One slider is dragged there and back."""
    slider = recorder.page.locator(".slider input").nth(1)
    shares = [(0.5 + 0.38 * np.sin(t), 0.5) for t in np.linspace(0, 2 * np.pi, 18)]
    places = places_in(slider, shares)
    recorder.page.mouse.move(*places[0])
    recorder.page.mouse.down()
    for place in places:
        recorder.move(*place)
    recorder.page.mouse.up()
    recorder.hold()


def from_picture_to_picture(recorder: Recorder) -> None:
    """Three clicks make a path, which is played."""
    page = recorder.page
    page.get_by_role("tab", name="Paths").click()
    wait_for_frames(page)
    shares = ((0.28, 0.42), (0.52, 0.25), (0.72, 0.62))
    for x, y in places_in(page.locator(".map .letters"), shares):
        recorder.move(x, y)
        page.mouse.click(x, y)
        wait_for_frames(page)
        recorder.shoot(4 * FRAME_MS)
    bar = page.get_by_label("Place on the path")
    for position in np.linspace(0, 2, 25):
        bar.fill(str(position))
        wait_for_frames(page)
        recorder.shoot()
    recorder.hold()


def a_drawn_digit(recorder: Recorder) -> None:
    """A 2 is drawn, then noise is laid over it."""
    page = recorder.page
    page.get_by_role("tab", name="Draw").click()
    wait_for_frames(page)
    along = np.linspace(0, len(TWO) - 1, 26)
    across, down = (np.interp(along, range(len(TWO)), axis).tolist() for axis in TWO.T)
    shares = zip(across, down, strict=True)
    places = places_in(page.locator(".pad"), shares)
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places:
        recorder.move(*place)
    page.mouse.up()
    recorder.hold()
    noise = page.get_by_role("slider", name="Noise")
    for weight in np.linspace(0, 0.3, 7):
        noise.fill(f"{weight:.2f}")
        wait_for_frames(page)
        recorder.shoot(2 * FRAME_MS)
    recorder.hold()


def write(recorder: Recorder, path: Path) -> None:
    """The frames as a GIF of one palette, so that what stays the same costs next to nothing."""
    pixels = np.concatenate([np.asarray(f).reshape(-1, 3) for f in recorder.frames[::SAMPLED]])
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours[np.argsort(counts)[::-1][:COLOURS]].ravel().tolist())
    plain = Image.Dither.NONE
    frames = [frame.quantize(palette=palette, dither=plain) for frame in recorder.frames]
    path.parent.mkdir(parents=True, exist_ok=True)
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=recorder.durations, loop=0
    )


def main() -> None:
    """Record the clip again."""
    ids = {record.title: record.id for record in RunLibrary(ASSETS / "runs").list()}
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        home = Path(temporary)
        with serve(("run", "app.py"), home, {"LATENTARIUM_HOME": str(home)}) as app:
            page = browser.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
            page.set_default_timeout(REST_LIMIT_MS)
            recorder = Recorder(page)
            open_run(page, f"{app.address}/latent_space?a={ids[PLANE]}&b=none&c=none")
            over_the_map(recorder)
            open_run(page, f"{app.address}/latent_space?a={ids[SIXTEEN]}&b=none&c=none")
            along_an_axis(recorder)
            from_picture_to_picture(recorder)
            a_drawn_digit(recorder)
            write(recorder, CLIP)
    print(f"{CLIP.name}: {len(recorder.frames)} frames, {CLIP.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
