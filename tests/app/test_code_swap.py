"""Swapping codes in a real browser: it decodes what PyTorch decodes, and asks no server."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from bench.serving import Served, wait_until_settled
from bench.stage import PIXEL_LIMIT
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary

SHIPPED = RunLibrary(ASSETS / "runs")
READY = ".codes-stage[data-ready='true']"
ASK = """what => {
  const roots = [document];
  while (roots.length) {
    const root = roots.pop();
    const found = root.querySelector(".codes-stage");
    if (found) return found.__codes[what]();
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) roots.push(element.shadowRoot);
    }
  }
}"""


@pytest.fixture(scope="module")
def model() -> VQVAE:
    title = "VQ-VAE · 128 codes of 16-D · strokes"
    found = SHIPPED.load(next(record.id for record in SHIPPED.list() if record.title == title))
    assert isinstance(found.model, VQVAE)
    return found.model


@pytest.fixture(scope="module")
def page(browser: Browser, app: Served) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, base_url=app.address)
    context.set_default_timeout(60_000)
    page = context.new_page()
    errors: list[str] = []
    sent: list[object] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto("/codebook")
    page.wait_for_selector(READY)
    wait_until_settled(page)
    page.wait_for_timeout(1000)
    assert sent, "the listener works: opening the page sent something"
    sent.clear()
    yield page
    assert not sent, "swapping codes asks the server nothing"
    context.close()
    assert not errors, errors


def shown(page: Page) -> tuple[np.ndarray, np.ndarray]:
    """The grid of codes and the pixels decoded from it."""
    codes, pixels = (page.evaluate(ASK, what) for what in ("codes", "pixels"))
    return np.array(codes), np.array(pixels, np.float32)


def assert_decoded_as_pytorch_does(page: Page, model: VQVAE) -> None:
    codes, pixels = shown(page)
    expected = model.decode(torch.from_numpy(codes)[None].float()).flatten().numpy()
    assert np.abs(pixels - expected).max() < PIXEL_LIMIT


def click_cell(page: Page, row: int, column: int) -> None:
    canvas = page.locator(".codes-stage .picture.codes canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    x, y = (column + 0.5) / 7 * box["width"], (row + 0.5) / 7 * box["height"]
    canvas.click(position={"x": x, "y": y})


def test_the_page_opens_on_the_codes_that_the_encoder_gives(page: Page, model: VQVAE) -> None:
    from vizmodels.data import load_dataset

    own = model.codes_of(load_dataset("strokes").test.images[:1]).flatten().numpy()
    np.testing.assert_array_equal(shown(page)[0], own)
    assert_decoded_as_pytorch_does(page, model)


def test_a_click_on_a_cell_and_on_a_code_changes_that_cell_and_the_picture_at_once(
    page: Page, model: VQVAE
) -> None:
    before_codes, before = shown(page)
    click_cell(page, 2, 4)
    expect(page.locator(".code-heading")).to_contain_text("row 3, column 5")
    last = page.locator(".palette .code").last
    code = int(last.get_attribute("data-code") or "-1")
    last.click()
    after_codes, after = shown(page)
    assert np.flatnonzero(before_codes != after_codes).tolist() == [2 * 7 + 4]
    assert after_codes[2 * 7 + 4] == code
    assert np.abs(after - before).max() > 0.05
    assert_decoded_as_pytorch_does(page, model)
    expect(page.locator(".swapped")).to_have_text("1 of 49 codes swapped")


def test_the_codes_on_offer_are_in_the_order_of_their_distance(page: Page, model: VQVAE) -> None:
    click_cell(page, 3, 3)
    codes = shown(page)[0]
    page.get_by_role("button", name="All 128 codes").click()
    offered = page.locator(".palette .code")
    expect(offered).to_have_count(128)
    order = [int(n) for n in offered.evaluate_all("all => all.map(b => b.dataset.code)")]
    assert order[0] == codes[3 * 7 + 3] and sorted(order) == list(range(128))
    book = model.quantizer.codebook
    distances = (book - book[order[0]]).norm(dim=1)[order]
    assert (distances.diff() > -1e-5).all()


def test_one_code_fills_the_grid_and_the_own_codes_come_back(page: Page, model: VQVAE) -> None:
    codes = shown(page)[0]
    page.get_by_role("button", name="This code everywhere").click()
    assert (shown(page)[0] == codes[3 * 7 + 3]).all()
    assert_decoded_as_pytorch_does(page, model)
    page.get_by_role("button", name="Back to its own codes").click()
    expect(page.locator(".swapped")).to_have_text("its own 49 codes")
    page.get_by_role("button", name="Next image").click()
    assert_decoded_as_pytorch_does(page, model)


def test_arrow_keys_go_from_cell_to_cell(page: Page) -> None:
    click_cell(page, 0, 5)
    canvas = page.locator(".codes-stage .picture.codes canvas")
    canvas.press("ArrowDown")
    expect(page.locator(".code-heading")).to_contain_text("row 2, column 6")
    canvas.press("ArrowRight")
    canvas.press("ArrowRight")
    expect(page.locator(".code-heading")).to_contain_text("row 2, column 7")


def test_the_stage_shows_codes_in_place_of_the_sliders_of_their_numbers(
    browser: Browser, app: Served, model: VQVAE
) -> None:
    run_id = next(r.id for r in SHIPPED.list() if r.title == "VQ-VAE · 128 codes of 16-D · strokes")
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=app.address)
    page = context.new_page()
    page.goto(f"/latent_space?a={run_id}&b=none")
    page.wait_for_selector(".stage[data-ready='true']", timeout=120_000)
    expect(page.get_by_role("tab", name="Codes")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name="Sliders")).to_be_hidden()
    get = """() => {
      const roots = [document];
      while (roots.length) {
        const root = roots.pop();
        const found = root.querySelector(".stage");
        if (found) return (({z, pixels}) => [[...z], [...pixels]])(found.__stage.probe());
        for (const e of root.querySelectorAll("*")) if (e.shadowRoot) roots.push(e.shadowRoot);
      }
    }"""
    page.wait_for_timeout(2000)
    before = np.array(page.evaluate(get)[0])
    page.locator(".palette .code").nth(5).click()
    page.wait_for_timeout(1500)
    z, pixels = (np.array(values, np.float32) for values in page.evaluate(get))
    assert np.abs(z - before).max() > 0
    expected = model.decode_embedding(torch.from_numpy(z)[None]).flatten().numpy()
    assert np.abs(pixels - expected).max() < PIXEL_LIMIT
    context.close()
