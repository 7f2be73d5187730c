"""Takes the pictures in `assets/figures/` from the app and its shipped runs: `make figures`."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

from bench.serving import REST_LIMIT_MS, chromium, serve, wait_for_frames, wait_until_at_rest
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary

FOLDER = ASSETS / "figures"
DESKTOP, PHONE = (1440, 900), (390, 844)


@dataclass(frozen=True)
class Picture:
    """One picture: which page, how large, in which theme, where the pointer is on the map."""

    name: str
    address: str
    size: tuple[int, int]
    scheme: Literal["light", "dark"]
    pointer: tuple[float, float] | None = None


def pictures(library: RunLibrary) -> list[Picture]:
    """Every page on a desktop and on a phone, in light and in dark."""
    ids = {record.title: record.id for record in library.list()}
    sixteen = ids["VAE conv · 16-D · strokes · KL weight 0.001"]
    pages = {
        "home": ("/", (0.62, 0.35)),
        "train": ("/train", None),
        "latent-space": ("/latent_space", (0.5, 0.6)),
        "sixteen-axes": (f"/latent_space?a={sixteen}&b=none&c=none", (0.4, 0.4)),
        "reconstruction": ("/reconstruction", None),
        "ablation": ("/ablation", None),
        "denoising": ("/denoising", None),
        "sampling": ("/sampling", None),
        "interpolation": ("/interpolation", None),
        "codebook": ("/codebook", None),
        "information": ("/information", None),
    }
    shown: list[Picture] = []
    for name, (address, pointer) in pages.items():
        for scheme in ("light", "dark"):
            shown.append(Picture(f"{name}-{scheme}", address, DESKTOP, scheme, pointer))
            centre = None if pointer is None else (0.5, 0.5)
            shown.append(Picture(f"{name}-phone-{scheme}", address, PHONE, scheme, centre))
    return shown


def take(browser: Browser, picture: Picture, address: str) -> None:
    """Open the page as a visitor would, and keep what the window shows."""
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=picture.scheme,
        has_touch=picture.size == PHONE,
        is_mobile=picture.size == PHONE,
    )
    context.set_default_timeout(REST_LIMIT_MS)
    page = context.new_page()
    page.goto(address + picture.address)
    wait_until_at_rest(page)
    if picture.pointer is not None:
        box = page.locator(".map[data-model=a] .letters").first.bounding_box()
        assert box is not None
        x, y = picture.pointer
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    wait_for_frames(page)
    page.screenshot(path=FOLDER / f"{picture.name}.png")
    context.close()
    print(f"{picture.name}.png", flush=True)


def main() -> None:
    """Take every picture again."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        home = Path(temporary)
        with serve(("run", "app.py"), home, {"LATENTARIUM_HOME": str(home)}) as app:
            for picture in pictures(RunLibrary(ASSETS / "runs")):
                take(browser, picture, app.address)


if __name__ == "__main__":
    main()
