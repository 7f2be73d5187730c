"""The sheet that is drawn on: ink, centring, noise, and pictures from elsewhere."""

import base64
import io
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from stage_site import StageSite
from stage_toys import (
    PIXEL_TOLERANCE,
    Toys,
    frames,
    pictures,
    place_of,
    probe,
    show,
    show_and_remember,
)

from vizmodels.data.strokes import strokes

Pixels = NDArray[np.float64]
STATE = """() => {
  const { clean, noisy, latents, pad, look } = stageRoot().__stage.panel("Draw");
  const list = (values) => values && Array.from(values);
  return { clean: list(clean), input: list(noisy), a: list(latents?.a), b: list(latents?.b),
           strokes: pad.strokes.length, isEmpty: pad.isEmpty, look };
}"""
EPSILON = "Array.from(stageRoot().__stage.panel('Draw').epsilon.values)"
CANVAS = """(selector) => {
  const canvas = stageRoot().querySelector(selector);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from(data.filter((_, i) => i % 4 === 0)).map((value) => value / 255);
}"""
LOOK = """async ([pictures, shape]) => {
  const { measureLook } = await import("./stage/draw/look.js");
  return measureLook(pictures.map((x) => Float32Array.from(x)), shape);
}"""
LAY = """async ([strokes, shape, centring]) => {
  const { centre, lay } = await import("./stage/draw/ink.js");
  const out = new Float32Array(shape[0] * shape[1] * shape[2]);
  lay(out, centring ? centre(strokes, centring, shape) : strokes, shape);
  return Array.from(out);
}"""
GIVE_FILE = """([kind, name, type, bytes]) => {
  const data = new DataTransfer();
  const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
  if (name) data.items.add(new File([content], name, { type }));
  else data.setData("text/plain", "a seven");
  const target = stageRoot().querySelector(".draw");
  const given = { bubbles: true, cancelable: true, composed: true };
  target.dispatchEvent(kind === "drop"
    ? new DragEvent("drop", { ...given, dataTransfer: data })
    : new ClipboardEvent("paste", { ...given, clipboardData: data }));
}"""


def open_sheet(page: Page, data: dict[str, Any]) -> None:
    show_and_remember(page, data)
    page.get_by_role("tab", name="Draw").click()
    page.wait_for_function("stageRoot().__stage.panel('Draw').look")
    frames(page)


def draw(page: Page, corners: list[tuple[float, float]], steps: int = 10) -> None:
    """One stroke with the mouse through corners in [0, 1]."""
    bounds = page.locator(".pad").bounding_box()
    assert bounds is not None
    places = [
        (bounds["x"] + x * bounds["width"], bounds["y"] + y * bounds["height"]) for x, y in corners
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=steps)
    page.mouse.up()
    frames(page)


SEVEN = [(0.2, 0.25), (0.7, 0.22), (0.4, 0.8)]


def state(page: Page) -> dict[str, Any]:
    return page.evaluate(STATE)


def encoded(toys: Toys, key: str, x: list[float]) -> NDArray[np.float32]:
    with torch.no_grad():
        model = toys.models[key]
        return model.embed(model.encode(torch.tensor(x).view(1, 1, 28, 28)))[0].numpy()


def png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def give(page: Page, kind: str, name: str, type_: str, content: bytes) -> None:
    page.evaluate(GIVE_FILE, [kind, name, type_, base64.b64encode(content).decode()])


def test_a_stroke_is_encoded_as_pytorch_encodes_the_pixels_of_the_sheet(
    page: Page, toys: Toys
) -> None:
    open_sheet(page, toys.data("vae"))
    assert state(page)["a"] is None
    draw(page, SEVEN)
    drawn = state(page)
    assert drawn["strokes"] == 1 and 40 < np.sum(drawn["input"]) < 200
    z = encoded(toys, "vae", drawn["input"])
    assert_allclose(drawn["a"], z, atol=2e-3 * np.abs(z).max())
    shown = page.evaluate(CANVAS, ".draw .result[data-model=a] canvas")
    decoded = toys.decoded("vae", drawn["a"])
    assert_allclose(shown, decoded, atol=0.5 / 255 + PIXEL_TOLERANCE)
    error = np.mean((decoded - np.array(drawn["clean"])) ** 2)
    expect(page.locator(".draw .result[data-model=a] figcaption")).to_contain_text(
        f"MSE {error:.3f}"
    )


def test_it_is_encoded_while_the_pen_moves(page: Page, toys: Toys) -> None:
    open_sheet(page, toys.data("vae"))
    bounds = page.locator(".pad").bounding_box()
    assert bounds is not None
    page.mouse.move(bounds["x"] + 60, bounds["y"] + 60)
    page.mouse.down()
    seen: set[tuple[float, ...]] = set()
    for step in range(1, 7):
        page.mouse.move(bounds["x"] + 60 + 20 * step, bounds["y"] + 60 + 10 * step)
        frames(page)
        seen.add(tuple(state(page)["a"]))
    page.mouse.up()
    assert len(seen) == 6


def test_both_models_encode_the_drawing_and_both_maps_show_where(page: Page, toys: Toys) -> None:
    open_sheet(page, toys.data("vae", "ae"))
    draw(page, SEVEN)
    drawn = state(page)
    for which, key in (("a", "vae"), ("b", "ae")):
        z = encoded(toys, key, drawn["input"])
        assert_allclose(drawn[which], z, atol=2e-3 * np.abs(z).max())
        assert_allclose(probe(page, which)[0], drawn[which], rtol=1e-6)
        dot = page.locator(f".map[data-model={which}] .overlay circle.drawn")
        x, y = place_of(page, np.array(drawn[which]), which)
        bounds = dot.bounding_box()
        assert bounds is not None
        assert abs(bounds["x"] + bounds["width"] / 2 - x) < 2
        assert abs(bounds["y"] + bounds["height"] / 2 - y) < 2


def test_on_a_umap_the_drawing_lies_among_the_pictures_it_is_encoded_beside(
    page: Page, toys: Toys
) -> None:
    open_sheet(page, toys.data("deep umap"))
    index = 33
    x = pictures()[0][index, 0]
    give(page, "drop", "bar.png", "image/png", png(x))
    page.wait_for_function("!stageRoot().__stage.panel('Draw').pad.isEmpty")
    frames(page)
    bounds = page.locator(".overlay circle.drawn").bounding_box()
    assert bounds is not None
    expected = place_of(page, toys.latents["deep"][index, :2])
    assert abs(bounds["x"] + bounds["width"] / 2 - expected[0]) < 4
    assert abs(bounds["y"] + bounds["height"] / 2 - expected[1]) < 4


CENTRING = {"box": 20, "middle": [14.5, 14.0]}


@pytest.mark.parametrize("size", [0.4, 1, 1.6])
def test_strokes_get_the_size_and_the_place_of_mnist(shared_page: Page, size: float) -> None:
    corners = size * np.array([(2, 3), (12, 3), (5, 16), (5, 16.5)])
    dots = [{"x": x + 1, "y": y + 2, "radius": 1.2} for x, y in corners.tolist()]
    stroke = {"dots": dots, "colour": [1]}
    ink = np.array(shared_page.evaluate(LAY, [[stroke], [1, 28, 28], CENTRING])).reshape(28, 28)
    rows, columns = np.nonzero(ink >= 0.5)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in (19, 20, 21)
    places = np.arange(28) + 0.5
    mass = (ink.sum(axis=0) @ places, ink.sum(axis=1) @ places) / ink.sum()
    assert_allclose(mass, CENTRING["middle"], atol=0.05)


def test_a_line_has_its_width_and_soft_edges(shared_page: Page) -> None:
    line = {"dots": [{"x": 4, "y": 14.5, "radius": 1.5}, {"x": 24, "y": 14.5, "radius": 1.5}]}
    ink = shared_page.evaluate(LAY, [[{**line, "colour": [1]}], [1, 28, 28], None])
    across = np.array(ink).reshape(28, 28)[:, 14]
    assert_allclose(across[11:18], [0, 0.1, 0.9, 1, 0.9, 0.1, 0], atol=1e-6)
    assert_allclose(across.sum(), 3, atol=1e-6)


def test_a_tap_leaves_a_dot_and_colours_mix_with_the_paper(shared_page: Page) -> None:
    dot = {"dots": [{"x": 4, "y": 4, "radius": 2}], "colour": [1, 0.5, 0]}
    ink = np.array(shared_page.evaluate(LAY, [[dot], [3, 8, 8], None])).reshape(3, 8, 8)
    assert_allclose(ink[:, 3, 3], [1, 0.5, 0])
    assert_allclose(ink[0].sum(), np.pi * 4, rtol=0.05)
    assert_allclose(ink[1], ink[0] / 2, atol=1e-6)


def test_the_look_of_a_set_is_measured_on_its_pictures(shared_page: Page) -> None:
    """Against `strokes`, whose pictures were drawn from known widths, sizes and places."""
    split = strokes(seed=1, n_train=10, n_test=200).test
    assert split.factors is not None
    x = (split.images.double() / 255).flatten(1)
    look = shared_page.evaluate(LOOK, [x.tolist(), [1, 28, 28]])
    thickness = float(split.factors[:, 1].median())
    assert abs(look["thickness"] / thickness - 1) < 0.12
    assert look["paper"] == [0] and look["ink"] == [1]
    assert 18 <= look["centring"]["box"] <= 20
    assert_allclose(look["centring"]["middle"], 14, atol=0.2)


def test_pictures_that_nobody_centred_are_not_centred(shared_page: Page) -> None:
    random = np.random.default_rng(2)
    x = np.zeros((50, 20, 20))
    for picture, (row, column) in zip(x, random.integers(1, 15, (50, 2)), strict=True):
        picture[row : row + 4, column : column + 4] = 1
    look = shared_page.evaluate(LOOK, [x.reshape(50, -1).tolist(), [1, 20, 20]])
    assert look["centring"] is None
    negative = shared_page.evaluate(LOOK, [(1 - x).reshape(50, -1).tolist(), [1, 20, 20]])
    assert negative["paper"] == [1] and negative["ink"] == [0]


def set_noise(page: Page, weight: float) -> None:
    page.get_by_role("slider", name="Noise").fill(str(weight))
    frames(page)


def test_noise_stands_still_while_drawing_and_is_what_was_trained_with(
    page: Page, toys: Toys
) -> None:
    open_sheet(page, toys.data("vae"))
    draw(page, SEVEN)
    set_noise(page, 0.3)
    first = state(page)
    clean, noisy = np.array(first["clean"]), np.array(first["input"])
    epsilon = np.array(
        page.evaluate("Array.from(stageRoot().__stage.panel('Draw').epsilon.values)")
    )
    assert_allclose(noisy, np.clip(clean + 0.3 * epsilon, 0, 1), atol=1e-6)
    assert abs(epsilon.mean()) < 0.1 and abs(epsilon.std() - 1) < 0.1
    z = encoded(toys, "vae", first["input"])
    assert_allclose(first["a"], z, atol=2e-3 * np.abs(z).max())
    draw(page, [(0.5, 0.5), (0.6, 0.5)])
    same = np.array(page.evaluate(EPSILON))
    assert np.array_equal(same, epsilon)
    page.get_by_role("button", name="New noise").click()
    frames(page)
    other = np.array(page.evaluate(EPSILON))
    assert abs(np.corrcoef(other, epsilon)[0, 1]) < 0.15
    set_noise(page, 0)
    assert state(page)["input"] == state(page)["clean"]


def test_undo_takes_back_a_stroke_and_clear_all_of_them(page: Page, toys: Toys) -> None:
    open_sheet(page, toys.data("vae"))
    draw(page, SEVEN)
    one = state(page)
    draw(page, [(0.1, 0.9), (0.9, 0.9)])
    assert state(page)["input"] != one["input"]
    page.get_by_role("button", name="Undo").click()
    frames(page)
    assert state(page)["input"] == one["input"]
    page.locator(".pad").focus()
    page.keyboard.press("Control+z")
    frames(page)
    assert state(page)["isEmpty"] and np.sum(state(page)["input"]) == 0
    draw(page, SEVEN)
    draw(page, SEVEN)
    page.get_by_role("button", name="Clear").click()
    frames(page)
    assert state(page)["isEmpty"]
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_the_eraser_takes_ink_away(page: Page, toys: Toys) -> None:
    open_sheet(page, toys.data("vae"))
    centred = page.get_by_role("checkbox", name="Centred")
    if centred.is_visible():
        centred.uncheck()
    draw(page, [(0.1, 0.5), (0.9, 0.5)])
    before = np.sum(state(page)["input"])
    page.get_by_role("button", name="Eraser").click()
    draw(page, [(0.5, 0.1), (0.5, 0.9)])
    assert 0.5 * before < np.sum(state(page)["input"]) < 0.95 * before


def test_the_pen_is_as_wide_as_its_slider_says(page: Page, toys: Toys) -> None:
    open_sheet(page, toys.data("vae"))
    page.evaluate("stageRoot().__stage.panel('Draw').tools.centred.input.checked = false")
    sums: list[float] = []
    for width in (2, 4):
        page.get_by_role("slider", name="Pen").fill(str(width))
        draw(page, [(0.2, 0.5), (0.8, 0.5)])
        sums.append(float(np.array(state(page)["input"]).reshape(28, 28)[:, 14].sum()))
        page.get_by_role("button", name="Clear").click()
    assert_allclose(sums, [2, 4], atol=0.15)


def test_arrow_keys_draw(page: Page, toys: Toys) -> None:
    open_sheet(page, toys.data("vae"))
    page.locator(".pad").focus()
    page.keyboard.press("ArrowRight")
    assert state(page)["isEmpty"], "the pen is not down yet"
    page.keyboard.press("Space")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowLeft")
    frames(page)
    [stroke] = page.evaluate("stageRoot().__stage.panel('Draw').pad.strokes")
    assert [stroke["dots"][0][axis] for axis in "xy"] == [14.5, 14]
    assert [stroke["dots"][-1][axis] for axis in "xy"] == [14.5, 18]


def test_a_finger_draws_and_does_not_scroll(site: StageSite, browser: Browser, toys: Toys) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(site.address)
    page.wait_for_function("window.harnessReady")
    open_sheet(page, toys.data("vae", "ae"))
    pad = page.locator(".pad")
    pad.scroll_into_view_if_needed()
    bounds = pad.bounding_box()
    assert bounds is not None
    session = page.context.new_cdp_session(page)
    scrolled = page.evaluate("scrollY")
    for kind, at in (("touchStart", 0.3), ("touchMove", 0.5), ("touchMove", 0.7), ("touchEnd", 0)):
        x, y = bounds["x"] + at * bounds["width"], bounds["y"] + at * bounds["height"]
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    frames(page)
    [stroke] = page.evaluate("stageRoot().__stage.panel('Draw').pad.strokes")
    first, last = stroke["dots"][0], stroke["dots"][-1]
    assert_allclose([first["x"], last["x"]], [0.3 * 28, 0.7 * 28], atol=0.3)
    assert page.evaluate("scrollY") == scrolled
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "nothing sticks out"
    page.close()


def test_a_picture_of_the_very_size_is_taken_as_it_is(page: Page, toys: Toys) -> None:
    open_sheet(page, toys.data("vae"))
    x = pictures()[0][12, 0]
    page.set_input_files(
        ".draw input[type=file]", {"name": "bar.png", "mimeType": "image/png", "buffer": png(x)}
    )
    page.wait_for_function("!stageRoot().__stage.panel('Draw').pad.isEmpty")
    frames(page)
    assert_allclose(state(page)["input"], x.ravel() / 255, atol=1e-6)
    assert_allclose(state(page)["a"], encoded(toys, "vae", (x / 255).ravel().tolist()), atol=5e-3)
    draw(page, [(0.1, 0.1), (0.3, 0.1)])
    assert np.sum(state(page)["input"]) > np.sum(x / 255), "it can be drawn on"
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    frames(page)
    assert state(page)["isEmpty"]


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_larger_picture_is_cut_square_and_averaged(page: Page, toys: Toys, kind: str) -> None:
    open_sheet(page, toys.data("vae"))
    page.evaluate("stageRoot().__stage.panel('Draw').tools.centred.input.checked = false")
    random = np.random.default_rng(4)
    rgb = random.integers(0, 256, (56, 80, 3)).astype(np.uint8)
    give(page, kind, "photo.png", "image/png", png(rgb))
    page.wait_for_function("!stageRoot().__stage.panel('Draw').pad.isEmpty")
    frames(page)
    grey = rgb[:, 12:68] @ np.array([0.299, 0.587, 0.114]) / 255
    small = grey.reshape(28, 2, 28, 2).mean(axis=(1, 3))
    assert_allclose(state(page)["input"], small.ravel(), atol=1e-5)


def test_ink_on_white_becomes_the_sets_light_ink_and_is_centred(page: Page, toys: Toys) -> None:
    open_sheet(page, toys.data("vae"))
    page.evaluate(
        "() => { stageRoot().__stage.panel('Draw').look.centring = { box: 20, middle: [14, 14] }; }"
    )
    paper = np.full((200, 300), 255, np.uint8)
    paper[20:100, 30:50] = 0
    give(page, "drop", "scan.png", "image/png", png(paper))
    page.wait_for_function("!stageRoot().__stage.panel('Draw').pad.isEmpty")
    frames(page)
    ink = np.array(state(page)["input"]).reshape(28, 28)
    rows, columns = np.nonzero(ink > 0.5)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) in ((20, 4), (20, 5), (20, 6))
    places = np.arange(28) + 0.5
    assert_allclose((ink.sum(axis=0) @ places, ink.sum(axis=1) @ places) / ink.sum(), 14, atol=0.1)
    page.get_by_role("checkbox", name="Inverted").uncheck()
    frames(page)
    assert np.mean(state(page)["input"]) > 2 * ink.mean(), "now the paper is taken for the ink"


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("drop", "notes.txt", "The file must be a picture; got “notes.txt”. Take a PNG, JPEG"),
        ("paste", "notes.txt", "The file must be a picture; got “notes.txt”."),
        ("drop", "broken.png", "The file must be a picture; got “broken.png”."),
        ("drop", "", "What is dropped or pasted must be a picture; got text."),
    ],
)
def test_what_is_no_picture_gives_a_sentence(
    page: Page, toys: Toys, kind: str, name: str, sentence: str
) -> None:
    open_sheet(page, toys.data("vae"))
    draw(page, SEVEN)
    before = state(page)
    type_ = "image/png" if name.endswith("png") else "text/plain"
    give(page, kind, name, type_, b"these are no pixels")
    alert = page.locator(".draw").get_by_role("alert")
    alert.wait_for(timeout=5000)
    assert sentence in alert.inner_text()
    assert state(page) == before, "what was drawn is still there"


def test_a_drawing_becomes_a_stop_of_a_path(page: Page, toys: Toys) -> None:
    open_sheet(page, toys.data("vae", "ae"))
    draw(page, SEVEN)
    drawn = state(page)
    page.get_by_role("button", name="Add to path").click()
    expect(page.get_by_role("tab", name="Paths")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".stops li")).to_have_count(1)
    [stop] = page.evaluate("stageRoot().__stage.panel('Paths').path.stops")
    assert stop["pixels"] == drawn["input"]
    for which in "ab":
        assert_allclose(stop["latents"][which], drawn[which], rtol=1e-6)


def test_the_drawing_stays_when_the_model_changes(page: Page, toys: Toys) -> None:
    open_sheet(page, toys.data("vae"))
    draw(page, SEVEN)
    drawn = state(page)
    show(page, toys.data("ae"))
    frames(page)
    after = state(page)
    assert after["input"] == drawn["input"]
    z = encoded(toys, "ae", drawn["input"])
    assert_allclose(after["a"], z, atol=2e-3 * np.abs(z).max())
