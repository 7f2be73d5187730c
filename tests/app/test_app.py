"""The app as a visitor meets it: a real server, a real engine, a real Chromium, real MNIST."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bench.serving import Served, wait_until_settled
from bench.stage import PIXEL_LIMIT
from bench.stage_maps import FIND_STAGE, MAP_IS_ALIVE
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run
from vizmodels.specs import VAESpec

TRAINING_LIMIT_MS = 120_000  # one epoch takes 3 s, the engine's first start 10 s
WATCH_PICTURES = """() => {
  window.seenPictures = new Set();
  new MutationObserver(() => {
    const shown = document.querySelector("img[alt^='Pictures at token']");
    if (shown) window.seenPictures.add(shown.alt);
  }).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""
SHIPPED = RunLibrary(ASSETS / "runs")


@pytest.fixture
def visitor(browser: Browser, app: Served) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(
        viewport={"width": 1440, "height": 900}, base_url=app.address
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors


def shipped_id(title: str) -> str:
    return next(record.id for record in SHIPPED.list() if record.title == title)


def open_map(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(MAP_IS_ALIVE)
    page.evaluate(FIND_STAGE)


def probe(page: Page) -> tuple[np.ndarray, np.ndarray]:
    """The latent under the probe, and the pixels the browser decoded there."""
    shown = page.evaluate(
        "() => { const p = window.findStage().probe();"
        " return [Array.from(p.z), Array.from(p.pixels)]; }"
    )
    return np.array(shown[0], np.float32), np.array(shown[1], np.float32)


def assert_decoded_as_pytorch_does(page: Page, run: Run) -> None:
    z, pixels = probe(page)
    expected = run.model.decode(torch.from_numpy(z)[None]).flatten().numpy()
    assert np.abs(pixels - expected).max() < PIXEL_LIMIT


def test_home_opens_on_a_map_that_decodes_what_is_under_the_pointer(visitor: Page) -> None:
    open_map(visitor, "/")
    run = SHIPPED.load(shipped_id("VAE mlp · 2-D · strokes · KL weight 0.001"))
    box = visitor.locator(".map[data-model=a] .letters").bounding_box()
    assert box is not None
    seen: list[np.ndarray] = []
    for x, y in ((0.3, 0.4), (0.5, 0.5), (0.6, 0.3)):
        visitor.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        visitor.wait_for_timeout(100)
        assert_decoded_as_pytorch_does(visitor, run)
        seen.append(probe(visitor)[0])
    assert len({tuple(z) for z in seen}) == len(seen)


def test_moving_over_the_map_sends_nothing_to_the_server(visitor: Page) -> None:
    sent: list[object] = []
    visitor.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_map(visitor, "/")
    wait_until_settled(visitor)
    visitor.wait_for_timeout(500)
    assert sent  # the listener works: opening the page sent something
    sent.clear()
    box = visitor.locator(".map[data-model=a] .letters").bounding_box()
    assert box is not None
    for at in np.linspace(0.1, 0.9, 40):
        visitor.mouse.move(box["x"] + at * box["width"], box["y"] + at * box["height"])
    visitor.wait_for_timeout(300)
    assert not sent


def test_sliders_drive_a_model_with_sixteen_axes(visitor: Page) -> None:
    run_id = shipped_id("VAE conv · 16-D · strokes · KL weight 0.001")
    open_map(visitor, f"/latent_space?a={run_id}&b=none")
    expect(visitor.locator(".sliders input[type=range]")).to_have_count(16)
    before, _ = probe(visitor)
    visitor.locator(".sliders input[type=range]").first.press("ArrowRight")
    visitor.wait_for_timeout(200)
    after, _ = probe(visitor)
    assert np.count_nonzero(before != after) == 1
    assert_decoded_as_pytorch_does(visitor, SHIPPED.load(run_id))


def test_an_address_that_names_no_run_opens_the_default_with_a_sentence(visitor: Page) -> None:
    open_map(visitor, "/latent_space?a=ffffffffffff")
    sentence = "Model A must be in the library; the address names ffffffffffff."
    expect(visitor.get_by_text(sentence)).to_be_visible()


def test_the_chosen_models_go_along_to_the_next_page(visitor: Page) -> None:
    run_id = shipped_id("AE mlp · 16-D · strokes")
    open_map(visitor, f"/latent_space?a={run_id}")
    wait_until_settled(visitor)  # a page that is drawn anew closes its menus
    visitor.get_by_text("Look inside").click()
    visitor.get_by_role("menuitem", name="Reconstruction").click()
    expect(visitor.get_by_text("A · AE mlp · 16-D").first).to_be_visible()
    assert f"a={run_id}" in visitor.url


def test_a_link_restores_the_models_the_map_and_the_axes(visitor: Page) -> None:
    run_id = shipped_id("AE mlp · 16-D · strokes")
    open_map(visitor, f"/latent_space?a={run_id}&b=none")
    visitor.get_by_role("radio", name="Raw axes").click()
    visitor.get_by_role("radio", name="3-D").click()
    visitor.wait_for_url(re.compile("axes="))
    visitor.goto(visitor.url)
    wait_until_settled(visitor)
    expect(visitor.get_by_role("radio", name="Raw axes")).to_be_checked()
    expect(visitor.get_by_role("radio", name="3-D")).to_be_checked()
    assert f"a={run_id}" in visitor.url


def test_the_noise_slider_denoises_anew_and_leaves_the_rest_of_the_page_alone(
    visitor: Page,
) -> None:
    visitor.goto("/denoising")
    slider = visitor.get_by_role("slider", name="Noise weight w")
    expect(slider).to_have_value("0.5", timeout=TRAINING_LIMIT_MS)
    visitor.wait_for_selector(".noise-stage[data-ready='true']", timeout=TRAINING_LIMIT_MS)
    denoised = visitor.get_by_role("img", name="Denoised by AE mlp · 16-D · strokes · noise 0.5")
    noisy = visitor.get_by_role("img", name="Clean and noisy pictures, weight")
    arrows = visitor.locator(".noise-map .arrows").first
    curve = visitor.locator(".js-plotly-plot")
    for shown in (noisy, denoised, arrows, curve):
        expect(shown).to_be_visible(timeout=TRAINING_LIMIT_MS)
    curve.evaluate("element => { window.sameCurve = element; }")

    def seen() -> list[str]:
        canvases = [c.evaluate("c => c.toDataURL()") for c in (noisy, denoised)]
        return [*canvases, arrows.inner_html()]

    before = seen()
    slider.press("ArrowRight")
    visitor.wait_for_selector(".noise-stage[data-weight='0.55']")
    visitor.wait_for_url(re.compile("noise=0.55"))
    expect(visitor.get_by_role("img", name="Clean and noisy pictures, weight 0.55")).to_be_visible()
    wait_until_settled(visitor)
    assert all(new != old for new, old in zip(seen(), before, strict=True))
    assert curve.evaluate("element => element === window.sameCurve"), "not put up again"
    visitor.goto(visitor.url)
    expect(slider).to_have_value("0.55")
    visitor.wait_for_selector(".noise-stage[data-weight='0.55']")


def test_own_images_are_added_chosen_and_ready_to_train(visitor: Page, tmp_path: Path) -> None:
    archive = tmp_path / "own.zip"
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(archive, "w") as file:
        for at in range(30):
            picture = io.BytesIO()
            Image.fromarray(rng.integers(0, 255, (20, 20), np.uint8)).save(picture, "PNG")
            file.writestr(f"{('cats', 'dogs')[at % 2]}/{at}.png", picture.getvalue())
    visitor.goto("/train")
    wait_until_settled(visitor)
    visitor.get_by_text("Your own images", exact=True).click()
    visitor.locator("input[type=file]").set_input_files(archive)
    visitor.get_by_role("button", name="Add these images").click()
    expect(visitor.get_by_text("my-images: 28 pictures to train on and 2 to test")).to_be_visible()
    expect(visitor.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    expect(visitor.get_by_label("Images", exact=True)).to_have_value("my-images")


def test_artefacts_are_kept_for_ever_and_unknown_ones_are_not_found(visitor: Page) -> None:
    answers: dict[str, str | None] = {}
    visitor.on("response", lambda r: answers.update({r.url: r.headers.get("cache-control")}))
    open_map(visitor, "/")
    ours = {url: kept for url, kept in answers.items() if "/artefacts/" in url or "/stage/" in url}
    assert sum("/stage/" in url for url in ours) == 4  # the map's and the cards' code and style
    assert len(ours) > 6
    assert all(kept is not None and "immutable" in kept for kept in ours.values())
    for path in (
        "/artefacts/runs/..%2F..%2Fetc-0/weights.bin",
        "/artefacts/runs/000000000000-00000000/weights.bin",
        "/artefacts/points/strokes-10000-00000000/sprite.png",
        "/artefacts/points/nothing-1-0/sprite.png",
    ):
        assert visitor.request.get(path).status in (400, 404), path


def test_a_vae_trained_on_mnist_from_the_page_ends_on_its_map(
    visitor: Page, browser: Browser, app: Served, home: Path, real_data: Path
) -> None:
    _choose_mnist(visitor, epochs=2, kl_weight="0.0003")
    visitor.get_by_role("button", name="Train", exact=True).click()
    visitor.wait_for_url(re.compile(r"job=[0-9a-f]{12}"))
    job_id = visitor.url.split("job=")[1][:12]
    training = visitor.get_by_text(re.compile(r"epoch \d of 2, step [\d,]+ · [\d,]+ images/s"))
    expect(training).to_be_visible(timeout=TRAINING_LIMIT_MS)
    expect(visitor.get_by_alt_text("reconstruction in squared error")).to_be_visible()
    expect(visitor.get_by_alt_text("Test images above")).to_be_visible()

    # The tab is closed; the training goes on, and the link shows it to somebody else.
    context = browser.new_context(base_url=app.address)
    visitor.goto("about:blank")
    other = context.new_page()
    other.goto(f"/train?job={job_id}")
    to_map = other.get_by_role("button", name="See its latent space")
    expect(to_map).to_be_visible(timeout=TRAINING_LIMIT_MS)
    to_map.click()
    other.wait_for_selector(MAP_IS_ALIVE)
    other.evaluate(FIND_STAGE)
    assert f"a={job_id}" in other.url
    run = RunLibrary(home / "runs").load(job_id)
    assert run.experiment.dataset == "mnist"
    assert isinstance(run.experiment.model, VAESpec) and run.experiment.model.kl_weight == 3e-4
    assert run.evaluation["reconstruction"] < 0.05
    assert_decoded_as_pytorch_does(other, run)
    context.close()


def test_a_vq_vae_and_then_a_prior_over_its_codes_are_trained_and_drawn_from(
    visitor: Page, home: Path
) -> None:
    for family, knob, caption in (
        ("VQ-VAE", "Numbers per code", "below each its reconstruction"),
        ("PixelCNN", "Gated layers", "below them samples from the prior"),
    ):
        visitor.goto("/train")
        wait_until_settled(visitor)
        visitor.get_by_label("Images", exact=True).click()
        visitor.get_by_role("option", name="digits", exact=True).click()
        visitor.get_by_role("radio", name=family, exact=True).click()
        expect(visitor.get_by_role("spinbutton", name=knob)).to_be_visible()
        wait_until_settled(visitor)  # until then the old form stands beside the new one
        expect(visitor.get_by_role("spinbutton", name="Epochs")).to_have_count(1)
        _fill(visitor, "Epochs", "2")
        visitor.get_by_role("button", name="Train", exact=True).click()
        visitor.wait_for_url(re.compile(r"job=[0-9a-f]{12}"))
        finished = visitor.get_by_text(f"Done · {family}")
        expect(finished).to_be_visible(timeout=TRAINING_LIMIT_MS)
        expect(visitor.get_by_text(caption).first).to_be_visible()
    run = RunLibrary(home / "runs").load(visitor.url.split("job=")[1])
    assert run.experiment.model.family == "pixelcnn"
    vq_run = run.experiment.model.vq_run
    visitor.evaluate(WATCH_PICTURES)
    visitor.get_by_role("button", name="Sample", exact=True).click()
    expect(visitor.get_by_alt_text("Pictures at token 4 of 4")).to_be_visible()
    seen = visitor.evaluate("() => [...window.seenPictures]")
    assert len(seen) >= 3, "one after the other, and not only the last"
    assert seen == sorted(seen)

    # Its card leads back to it, and not to a map.
    visitor.goto("/")
    visitor.get_by_text("digits", exact=True).click()
    visitor.get_by_role(
        "button", name=re.compile(f"PixelCNN .* of {vq_run[:4]}, .* bits per code")
    ).click()
    visitor.wait_for_url(f"**/train?run={run.id}")
    expect(visitor.get_by_text("So learned the run PixelCNN")).to_be_visible()


def test_a_learning_rate_that_diverges_ends_in_a_sentence(visitor: Page, real_data: Path) -> None:
    _choose_mnist(visitor, epochs=5, kl_weight="100")
    visitor.get_by_text("More", exact=True).click()
    rate = visitor.get_by_role("spinbutton", name="Learning rate")
    rate.fill("1")
    rate.press("Enter")
    wait_until_settled(visitor)
    visitor.get_by_role("button", name="Train", exact=True).click()
    sentence = re.compile(r"must be a finite number; got .* Lower the learning rate to 0.1")
    expect(visitor.get_by_text(sentence)).to_be_visible(timeout=TRAINING_LIMIT_MS)


def _choose_mnist(page: Page, *, epochs: int, kl_weight: str) -> None:
    page.goto("/train")
    wait_until_settled(page)
    page.get_by_label("Images", exact=True).click()
    page.get_by_role("option", name="mnist", exact=True).click()
    for label, value in (("KL weight", kl_weight), ("Epochs", str(epochs))):
        _fill(page, label, value)
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


def _fill(page: Page, label: str, value: str) -> None:
    box = page.get_by_role("spinbutton", name=label)
    box.fill(value)
    box.press("Enter")
    page.wait_for_timeout(300)
    wait_until_settled(page)
