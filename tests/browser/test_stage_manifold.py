"""The manifold grid: what every place of the visible map decodes to."""

import base64

import numpy as np
import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Page, expect
from stage_toys import PIXEL_TOLERANCE, Toys, canvas, frames, show_and_remember, stage

DRAWN = ".map[data-model=a] .manifold[data-pictures]"

READ_SHEET = """async () => {
  const plot = stageRoot().querySelector(".map[data-model=a] .plot");
  const sheet = plot.querySelector(".manifold");
  const { data } = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height);
  const { fitView, toMap } = await import("./stage/map/view.js");
  const xy = new Float32Array(await (await fetch(window.shown.a.map.url)).arrayBuffer());
  const { clientWidth: w, clientHeight: h } = plot;
  const view = fitView(xy, w, h);
  const [columns, rows] = [sheet.width / 28, sheet.height / 28];
  const [left, top, width, height] = ["left", "top", "width", "height"]
    .map((name) => parseFloat(sheet.style[name]));
  const places = [];
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
    const x = left + (column + 0.5) * width / columns;
    const y = top + (row + 0.5) * height / rows;
    places.push(toMap(view, w, h, x, y));
  }
  const asText = (bytes) => new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.readAsDataURL(new Blob([bytes]));
  });
  return { columns, rows, places, base64: await asText(data) };
}"""


def tiles(page: Page) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places (n, 2) of the map, grey pixels (n, 28, 28) in [0, 1], opacity (n,) of each picture."""
    sheet = page.evaluate(READ_SHEET)
    rows, columns = sheet["rows"], sheet["columns"]
    data = np.frombuffer(base64.b64decode(sheet["base64"]), np.uint8)
    pixels = data.reshape(rows, 28, columns, 28, 4).transpose(0, 2, 1, 3, 4)
    pixels = pixels.reshape(rows * columns, 28, 28, 4)
    return np.array(sheet["places"]), pixels[..., 0] / 255, pixels[:, 0, 0, 3] / 255


def test_the_key_g_shows_what_each_place_decodes_to_and_g_again_the_points(
    page: Page, toys: Toys
) -> None:
    show_and_remember(page, toys.data("vae"))
    canvas(page).focus()
    page.keyboard.press("g")
    page.wait_for_selector(DRAWN)
    expect(page.get_by_role("button", name="Grid")).to_have_attribute("aria-pressed", "true")
    places, pixels, opacity = tiles(page)
    assert len(places) >= 15 * 15
    supported = np.flatnonzero(opacity == 1)
    assert len(supported) > 5
    for i in supported[:: max(1, len(supported) // 12)]:
        expected = toys.decoded("vae", places[i].tolist()).reshape(28, 28)
        assert_allclose(pixels[i], expected, atol=PIXEL_TOLERANCE + 1 / 255)
    page.keyboard.press("g")
    frames(page)
    expect(page.locator(".map[data-model=a] .manifold")).to_be_hidden()


def test_places_without_data_are_pale(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    page.get_by_role("button", name="Grid").click()
    page.wait_for_selector(DRAWN)
    places, _, opacity = tiles(page)
    z = toys.latents["vae"]
    distance = np.linalg.norm(places[:, None] - z[None], axis=2).min(axis=1)
    assert set(np.round(opacity, 2)) == {0.14, 1.0}
    assert distance[opacity == 1].max() < distance[opacity < 1].min()


def test_the_grid_is_decoded_anew_where_the_map_has_come_to_rest(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    page.get_by_role("button", name="Grid").click()
    page.wait_for_selector(DRAWN)
    first = tiles(page)[1]
    canvas(page).focus()
    page.keyboard.press("ArrowRight")
    frames(page)
    moved = page.locator(".map[data-model=a] .manifold").evaluate("(c) => c.style.transform")
    assert "translate(-60px" in moved.replace("translate(60px", "translate(-60px"), "at once"
    page.wait_for_function(
        "stageRoot().querySelector('.map[data-model=a] .manifold').style.transform === ''"
        " || stageRoot().querySelector('.map[data-model=a] .manifold').style.transform"
        " === 'translate(0px, 0px) scale(1)'"
    )
    assert np.abs(tiles(page)[1] - first).max() > 0.05


@pytest.mark.parametrize("key", ["deep pca", "deep umap", "vq umap"])
def test_every_kind_of_map_has_a_grid(page: Page, toys: Toys, key: str) -> None:
    show_and_remember(page, toys.data(key))
    page.get_by_role("button", name="Grid").click()
    page.wait_for_selector(DRAWN, timeout=20_000)
    _, pixels, opacity = tiles(page)
    assert pixels[opacity == 1].std(axis=(1, 2)).max() > 0.02
    assert stage(page, "manifold().pictures") == len(opacity)
