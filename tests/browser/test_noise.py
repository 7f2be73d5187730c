"""The noise panel: the browser repairs what PyTorch repairs, and follows its slider."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from stage_site import StageSite
from stage_toys import PIXEL_TOLERANCE, Toys, frames

from vizmodels.models.autoencoder import Autoencoder

FOLLOWED, SHOWN = 30, 12
LATENT_TOLERANCE = 5e-3  # of the largest: weights travel as float16
SPREAD = 2.5  # of the map, as the toys' ground says
LETTERS = "ABCD"
MODEL_KEYS = ("vae", "ae", "deep", "discrete", "vq", "transformer")
PLANES = {"deep": "deep pca", "vq": "vq pca"}


@pytest.fixture(scope="module")
def noisy_toys(toys: Toys, site: StageSite) -> Toys:
    """The toys' maps too."""
    for key in MODEL_KEYS:
        place = toys.sides[PLANES.get(key, key)]["map"]
        ground = {
            "points": toys.latents[key][:100, :2].tolist(),
            "axes": place["axes"],
            "spread": SPREAD,
        }
        if key in PLANES:
            plane = {name: place[name] for name in ("mean", "components")}
            z = toys.latents[key][:100] - np.array(plane["mean"])
            ground |= {**plane, "points": (z @ np.array(plane["components"]).T).tolist()}
        site.files[f"/ground/{key}.json"] = json.dumps(ground).encode()
    return toys


def data_of(toys: Toys, keys: tuple[str, ...], n_test: int = 600, weight: float = 0.5) -> Any:
    models = [
        {
            "letter": letter,
            "name": f"{key} on toys",
            "colour": "#009e73",
            "ground": f"ground/{key}.json",
            **{
                name: toys.sides[PLANES.get(key, key)][name]
                for name in ("title", "latent_dim", "program", "weights")
            },
        }
        for letter, key in zip(LETTERS, keys, strict=False)
    ]
    return {"points": {**toys.points, "n_test": n_test}, "models": models, "weight": weight}


def show(page: Page, data: dict[str, Any]) -> None:
    page.evaluate("data => mountNoise(data)", data)
    page.wait_for_selector(".noise-stage[data-ready='true']", timeout=20_000)


def slider(page: Page) -> Locator:
    return page.get_by_role("slider", name="Noise weight w")


def set_weight(page: Page, weight: float) -> None:
    slider(page).fill(f"{weight:g}")
    page.wait_for_selector(f".noise-stage[data-weight='{weight:.2f}']")


def pictures(page: Page, name: str) -> np.ndarray:
    """`clean` or `noisy` of what is asked now, (n, C·H·W)."""
    values, n = page.evaluate(
        f"(({{ {name}, n }}) => [Array.from({name}), n])(noiseRoot().__noise.question())"
    )
    return np.array(values, np.float32).reshape(n, -1)


def side(page: Page, at: int, expression: str, settled: bool = True) -> np.ndarray:
    """Numbers of one model, once it has followed all pictures."""
    if settled:
        page.wait_for_function(f"!noiseRoot().__noise.sides()[{at}].isBusy")
    return np.array(
        page.evaluate(f"Array.from(noiseRoot().__noise.sides()[{at}].{expression})"), np.float32
    )


def latents_of(model: Autoencoder, pixels: np.ndarray) -> np.ndarray:
    """Where PyTorch places pictures, (n, E)."""
    with torch.no_grad():
        z = model.encode(torch.from_numpy(pixels).reshape(-1, 1, 28, 28))
        return model.embed(z).flatten(1).numpy()


def decoded(model: Autoencoder, latents: np.ndarray) -> np.ndarray:
    """What PyTorch makes of latents, (n, H·W)."""
    with torch.no_grad():
        # A discrete VAE is compared by the likeliest class of each variable, not its chances.
        code = model.to_code(torch.from_numpy(latents))
        return model.decode_embedding(code).flatten(1).numpy()


def n_apart(found: np.ndarray, expected: np.ndarray, tolerance: float) -> int:
    """Rows that differ by more than the tolerance, relative to the largest value."""
    scale = max(1.0, float(np.abs(expected).max()))
    return int((np.abs(found - expected).max(axis=1) > tolerance * scale).sum())


@pytest.mark.parametrize("keys", [MODEL_KEYS[:3], MODEL_KEYS[3:]])
def test_every_model_repairs_and_is_followed_as_in_pytorch(
    page: Page, noisy_toys: Toys, keys: tuple[str, ...]
) -> None:
    show(page, data_of(noisy_toys, keys))
    noisy, clean = pictures(page, "noisy"), pictures(page, "clean")
    assert 0.05 < np.abs(noisy - clean).mean() < 0.5
    for at, key in enumerate(keys):
        model = noisy_toys.models[key]
        # A code within rounding of two encoded vectors may be either of them.
        wrong = 1 if key == "vq" else 0
        z = side(page, at, "steps.noisy").reshape(FOLLOWED, -1)
        assert n_apart(z, latents_of(model, noisy), LATENT_TOLERANCE) <= wrong, key
        shown = side(page, at, "shown.pictures").reshape(SHOWN, -1)
        assert n_apart(shown, decoded(model, z[:SHOWN]), PIXEL_TOLERANCE) == 0, key
        again = side(page, at, "steps.again").reshape(FOLLOWED, -1)
        expected = latents_of(model, decoded(model, z))
        assert n_apart(again, expected, LATENT_TOLERANCE) <= wrong, key
        error = np.square(shown - clean[:SHOWN]).mean()
        row = page.locator(".noise-row").nth(at + 1)
        expect(row).to_contain_text(f"error to the clean pictures: {error:.4f}")


def test_noise_is_laid_over_the_pictures_and_cut_to_pixels(page: Page, noisy_toys: Toys) -> None:
    show(page, data_of(noisy_toys, ("vae",)))
    clean = pictures(page, "clean")
    set_weight(page, 0)
    np.testing.assert_array_equal(pictures(page, "noisy"), clean)
    expect(page.locator(".noise-row").first).to_contain_text("error of doing nothing: 0.0000")
    set_weight(page, 0.05)
    moved = (pictures(page, "noisy") - clean)[(clean > 0.3) & (clean < 0.7)]
    assert moved.std() == pytest.approx(0.05, rel=0.05)
    set_weight(page, 1)
    noisy = pictures(page, "noisy")
    assert noisy.min() == 0 and noisy.max() == 1
    expect(page.get_by_role("img", name="Clean and noisy pictures, weight 1.00")).to_be_visible()


def test_the_canvas_shows_the_repaired_pictures(page: Page, noisy_toys: Toys) -> None:
    show(page, data_of(noisy_toys, ("ae",)))
    repaired = decoded(noisy_toys.models["ae"], side(page, 0, "steps.noisy").reshape(FOLLOWED, -1))
    drawn = page.evaluate(
        """() => {
          const canvas = noiseRoot().querySelectorAll(".noise-row canvas")[1];
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          return [width, height, Array.from(data)];
        }"""
    )
    width, height, data = drawn
    assert (width, height) == (12 * 29 - 1, 28)
    sheet = np.array(data).reshape(height, width, 4)
    for at in range(SHOWN):
        tile = sheet[:, 29 * at :][:, :28, 1] / 255
        assert np.abs(tile - repaired[at].reshape(28, 28)).max() < PIXEL_TOLERANCE + 0.5 / 255
    assert (sheet[:, 28] == [128, 128, 128, 255]).all(), "the gap"


def test_arrows_end_where_the_latents_lie_and_the_frame_never_narrows(
    page: Page, noisy_toys: Toys
) -> None:
    show(page, data_of(noisy_toys, ("vae",)))

    def frame() -> tuple[float, np.ndarray, np.ndarray]:
        steps = side(page, 0, "steps.noisy").reshape(FOLLOWED, -1)
        scale = page.evaluate("noiseRoot().__noise.sides()[0].arrows.scale")
        ends = page.locator(".noise-map .arrows line:not(.on)").evaluate_all(
            "all => all.map(l => [+l.getAttribute('x2'), +l.getAttribute('y2')])"
        )
        return scale, np.array(ends), steps

    scale, ends, z = frame()
    assert len(ends) == FOLLOWED
    across = (ends[:, 0] - ends[0, 0]) / scale
    up = -(ends[:, 1] - ends[0, 1]) / scale
    np.testing.assert_allclose(across, z[:, 0] - z[0, 0], atol=0.3 / scale)
    np.testing.assert_allclose(up, z[:, 1] - z[0, 1], atol=0.3 / scale)
    set_weight(page, 1)
    widest, _, _ = frame()
    set_weight(page, 0)
    narrow, ends, z = frame()
    assert narrow == widest <= scale
    clean = side(page, 0, "steps.clean").reshape(FOLLOWED, -1)
    np.testing.assert_allclose(z, clean, atol=1e-6)
    expect(page.locator(".noise-map small")).to_contain_text(
        "A · moved by 0.00 of the map's spread"
    )


def test_the_slider_is_followed_and_python_told_once_it_rests(page: Page, noisy_toys: Toys) -> None:
    show(page, data_of(noisy_toys, ("vae", "ae")))
    page.evaluate("window.sent.length = 0")
    for weight in (0.6, 0.65, 0.7, 0.75):
        slider(page).fill(f"{weight:g}")
    page.wait_for_selector(".noise-stage[data-weight='0.75']")
    page.wait_for_function("window.sent.length > 0")
    assert page.evaluate("window.sent") == [["weight", 0.75]]
    expect(page.locator(".noise-weight output")).to_have_text("0.75")
    slider(page).press("ArrowLeft")
    page.wait_for_selector(".noise-stage[data-weight='0.70']")


def test_what_was_seen_is_kept_and_other_noise_is_other(page: Page, noisy_toys: Toys) -> None:
    show(page, data_of(noisy_toys, ("vae",)))
    noisy, clean = pictures(page, "noisy"), pictures(page, "clean")
    page.get_by_role("button", name="Other noise").click()
    frames(page)
    assert np.abs(pictures(page, "noisy") - noisy).mean() > 0.05
    np.testing.assert_array_equal(pictures(page, "clean"), clean)
    page.get_by_role("button", name="Other pictures").click()
    page.wait_for_function(
        "old => noiseRoot().__noise.question().clean[400] !== old || "
        "noiseRoot().__noise.question().key[0] !== '0'",
        arg=float(clean[0, 400]),
    )
    assert np.abs(pictures(page, "clean") - clean).mean() > 0.01


def test_a_set_with_few_pictures_fills_a_shorter_row(page: Page, noisy_toys: Toys) -> None:
    show(page, data_of(noisy_toys, ("ae",), n_test=5))
    assert pictures(page, "noisy").shape == (5, 784)
    assert side(page, 0, "steps.again").size == 5 * 2
    expect(page.locator(".noise-map .arrows > g")).to_have_count(5)
    assert page.locator(".noise-row canvas").last.get_attribute("width") == str(5 * 29 - 1)


def test_a_model_that_cannot_run_says_why_and_the_others_go_on(
    page: Page, noisy_toys: Toys, site: StageSite
) -> None:
    site.files["/broken.bin"] = b"\0" * 10
    data = data_of(noisy_toys, ("vae", "ae"))
    data["models"][0]["weights"] = "broken.bin"
    show(page, data)
    alerts = page.locator(".noise-row [role=alert]")
    expect(alerts.first).to_contain_text("must be")
    expect(alerts.last).to_be_hidden()
    set_weight(page, 0.2)
    model = noisy_toys.models["ae"]
    shown = side(page, 1, "shown.pictures").reshape(SHOWN, -1)
    z = latents_of(model, pictures(page, "noisy")[:SHOWN])
    assert n_apart(shown, decoded(model, z), 2 * PIXEL_TOLERANCE) == 0


def test_a_rerun_changes_nothing_and_other_models_take_the_place(
    page: Page, noisy_toys: Toys
) -> None:
    data = data_of(noisy_toys, ("vae", "ae"))
    show(page, data)
    set_weight(page, 0.8)
    page.evaluate("window.before = noiseRoot().__noise.sides()")
    show(page, {**data, "weight": 0.8})
    assert page.evaluate("noiseRoot().__noise.sides() === window.before")
    assert len(page.workers) == 2
    show(page, data_of(noisy_toys, ("discrete",)))
    page.wait_for_selector(".noise-stage[data-weight='0.80']")
    expect(page.locator(".noise-row")).to_have_count(2)
    page.evaluate("window.closeNoise()")
    for _ in range(50):
        if not page.workers:
            break
        page.wait_for_timeout(100)
    assert not page.workers, "threads end with the component"
