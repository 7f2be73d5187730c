"""Models of every kind on the same toy pictures, and what tests of the stage do with its page."""

from typing import Any

import numpy as np
import torch
from playwright.sync_api import Locator, Page
from stage_site import StageSite, encode

from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.specs import (
    AutoencoderSpec,
    AutoencodingSpec,
    DiscreteVAESpec,
    VAESpec,
    VQVAESpec,
)

PIXEL_TOLERANCE = 2e-3
N_POINTS = 600
READY = ".stage[data-ready='true']"


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Blurred bars in three classes: enough for latents that are spread out."""
    random = np.random.default_rng(5)
    labels = random.integers(0, 3, N_POINTS)
    rows, columns = np.mgrid[:28, :28]
    angle = labels * np.pi / 3 + random.normal(0, 0.2, N_POINTS)
    offset = random.normal(0, 3, N_POINTS)
    across = (rows - 14) * np.cos(angle)[:, None, None] + (columns - 14) * np.sin(angle)[
        :, None, None
    ]
    ink = np.exp(-(((across - offset[:, None, None]) / 3) ** 2))
    return (255 * ink[:, None]).astype(np.uint8), labels


def untrained(spec: AutoencodingSpec, gain: float) -> Autoencoder:
    """A model with random weights, enlarged so that its decoder makes pictures with contrast."""
    model = build_model(spec, (1, 28, 28), torch.Generator().manual_seed(1)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(gain)
    return model.requires_grad_(False)


def start_codes(model: Autoencoder, images: np.ndarray) -> None:
    """Codes that are encoded vectors."""
    assert isinstance(model, VQVAE)
    model.start(torch.from_numpy(images), torch.Generator().manual_seed(2))


CLEARLY = 1e-5  # nearer, relatively: float32 rounds the distances by about 1e-7
GAINS = {"transformer": 1.5, "vq": 2.0}
DISCRETE_AXES = [f"p(c{i}={value})" for i in (1, 2) for value in range(3)] + ["z1", "z2"]
KINDS = (
    *(("vae", "raw"), ("ae", "raw"), ("deep", "pca"), ("deep", "umap"), ("transformer", "raw")),
    *(("discrete", "raw"), ("vq", "pca"), ("vq", "umap")),
)


class Toys:
    """Models of every kind on the same pictures, and what the page is told about them."""

    def __init__(self, site: StageSite) -> None:
        images, labels = pictures()
        factors = np.stack([images.mean((1, 2, 3)), np.arange(N_POINTS)], axis=1)
        names = ["zero", "one", "two"]
        self.points = site.add_points("toy", images, labels, names, factors, ["ink", "order"])
        specs = {
            "vae": VAESpec(latent_dim=2),
            "ae": AutoencoderSpec(latent_dim=2),
            "deep": VAESpec(backbone="conv", latent_dim=16),
            "discrete": DiscreteVAESpec(n_variables=2, n_classes=3, continuous_dim=2),
            "vq": VQVAESpec(channels=16, codebook_size=32),
            "transformer": AutoencoderSpec(backbone="transformer", latent_dim=2, widths=(32,)),
        }
        self.models = {key: untrained(spec, GAINS.get(key, 3.0)) for key, spec in specs.items()}
        start_codes(self.models["vq"], images)
        self.latents = {key: encode(model, images) for key, model in self.models.items()}
        self.sides: dict[str, dict[str, Any]] = {}
        for key, kind in KINDS:
            z = self.latents[key]
            xy = z[:, :2] if kind == "umap" else None
            side = site.add_model(key, self.models[key], z, kind, f"{key} on toys", xy)
            self.sides[f"{key} {kind}" if kind != "raw" else key] = side
        self.sides["discrete"]["axis_names"] = DISCRETE_AXES
        self.sides["discrete"]["map"]["axes"] = DISCRETE_AXES[:2]

    def data(self, a: str, b: str | None = None, **more: Any) -> dict[str, Any]:
        side_b = self.sides[b] if b else None
        data = {
            "points": self.points,
            "a": self.sides[a],
            "b": side_b,
            "view": "map",
            "height": 620,
        }
        return {**data, **more}

    def decoded(self, key: str, z: list[float]) -> np.ndarray:
        return self.models[key].decode_embedding(torch.tensor([z])).flatten().numpy()


def show(page: Page, data: dict[str, Any]) -> None:
    page.evaluate("data => mountStage(data)", data)
    page.wait_for_selector(READY, timeout=10_000)


def frames(page: Page, n: int = 2) -> None:
    """Wait until what was asked for has been drawn."""
    for _ in range(n):
        page.evaluate("new Promise((done) => requestAnimationFrame(done))")


def stage(page: Page, expression: str) -> Any:
    return page.evaluate(f"stageRoot().__stage.{expression}")


def probe(page: Page, which: str = "a") -> tuple[list[float], list[float]]:
    frames(page)
    got = page.evaluate(
        f"""(() => {{ const {{ z, pixels }} = stageRoot().__stage.probe("{which}");
            return [Array.from(z), Array.from(pixels)]; }})()"""
    )
    return got[0], got[1]


def canvas(page: Page, which: str = "a") -> Locator:
    return page.locator(f".map[data-model={which}] .letters")


def place_of(page: Page, xy: np.ndarray, which: str = "a") -> tuple[float, float]:
    """Where on the page a place of the first view is, worked out from the grid's own rule."""
    bounds = canvas(page, which).bounding_box()
    assert bounds is not None
    x, y = page.evaluate(
        """async ([which, url, x, y]) => {
          const { fitView, toScreen } = await import("./stage/map/view.js");
          const xy = new Float32Array(await (await fetch(url)).arrayBuffer());
          const { clientWidth, clientHeight } =
            stageRoot().querySelector(`.map[data-model=${which}] .plot`);
          const view = fitView(xy, clientWidth, clientHeight);
          return toScreen(view, clientWidth, clientHeight, x, y);
        }""",
        [which, page.evaluate("which => window.shown[which].map.url", which), *map(float, xy)],
    )
    return bounds["x"] + x, bounds["y"] + y


def show_and_remember(page: Page, data: dict[str, Any]) -> None:
    page.evaluate("data => { window.shown = data; }", data)
    show(page, data)


def colours_drawn(page: Page, which: str = "a") -> dict[int, int]:
    """Opaque words on the points canvas -> how many pixels have them."""
    words = page.evaluate(
        """which => {
          const canvas = stageRoot().querySelector(`.map[data-model=${which}] .points`);
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const counts = {};
          for (const word of new Uint32Array(data.buffer)) {
            if (word >>> 24 === 255) counts[word] = (counts[word] ?? 0) + 1;
          }
          return counts;
        }""",
        which,
    )
    return {int(word): count for word, count in words.items()}


def word(hex_colour: str) -> int:
    r, g, b = bytes.fromhex(hex_colour.removeprefix("#"))
    return 0xFF << 24 | b << 16 | g << 8 | r


CLASS_WORDS = [word(colour) for colour in ("#3f90da", "#ffa90e", "#bd1f01")]
