"""Paths through latent space, as a visitor makes them: clicks, film strips, the morph, files."""

import io
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect
from stage_site import StageSite, encode
from stage_toys import (
    CLEARLY,
    PIXEL_TOLERANCE,
    Toys,
    canvas,
    frames,
    pictures,
    place_of,
    show,
    show_and_remember,
    untrained,
)

from vizmodels.specs import AutoencoderSpec

ROUNDED = 0.5 / 255 + PIXEL_TOLERANCE  # what is read from a canvas was rounded to a byte
Latent = NDArray[np.float64]

STOPS = """() => stageRoot().__stage.panel("Paths").path.stops.map((stop) => ({
  index: stop.index, pixels: Array.from(stop.pixels),
  a: Array.from(stop.latents.a), b: stop.latents.b && Array.from(stop.latents.b) }))"""

STRIP = """(row) => {
  const canvas = stageRoot().querySelectorAll(".film-strip")[row];
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return { width: canvas.width, values: Array.from(data.filter((_, i) => i % 4 === 0)) };
}"""

INTERPOLATE = """async ([kind, from, to, t, simplex]) => {
  const { spherical, straight } = await import("./stage/paths/interpolation.js");
  const out = new Float32Array(from.length);
  const way = kind === "straight" ? straight : spherical(simplex);
  way(out, Float32Array.from(from), Float32Array.from(to), t);
  return Array.from(out);
}"""

PICTURE = """([row, position]) => {
  const { path } = stageRoot().__stage.panel("Paths");
  const { kind, which } = path.rows[row];
  const z = which && Array.from(path.latent(path.rows[row], position));
  return { kind, which, z, pixels: Array.from(path.picture(path.rows[row], position)) };
}"""


def open_paths(page: Page, data: dict[str, Any]) -> None:
    show_and_remember(page, data)
    page.get_by_role("tab", name="Paths").click()
    expect(page.locator(".stops li")).to_have_count(2)  # the example
    frames(page)


def click_pictures(page: Page, toys: Toys, key: str, indices: list[int]) -> list[int]:
    """Click where pictures lie on the raw map; which ones became stops."""
    for n, index in enumerate(indices, start=1):
        page.mouse.click(*place_of(page, toys.latents[key][index, :2]))
        expect(page.locator(".stops li")).to_have_count(n)
    frames(page)
    stops = [stop["index"] for stop in page.evaluate(STOPS)]
    assert None not in stops
    return stops


def strip(page: Page, row: int, side: int = 28) -> NDArray[np.float64]:
    """What is drawn on a film strip, (frames, side, side) in [0, 1]."""
    shown = page.evaluate(STRIP, row)
    values = np.array(shown["values"]).reshape(side, shown["width"]) / 255
    starts = range(0, shown["width"], side + 1)
    return np.stack([values[:, start : start + side] for start in starts])


def slerp(start: Latent, end: Latent, t: float) -> Latent:
    """The direction turned evenly, the length changed evenly."""
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    one, other = start / lengths[0], end / lengths[1]
    angle = np.arccos(one @ other)
    direction = (np.sin((1 - t) * angle) * one + np.sin(t * angle) * other) / np.sin(angle)
    return ((1 - t) * lengths[0] + t * lengths[1]) * direction


def test_clicked_pictures_are_joined_by_straight_lines_that_pytorch_decodes_alike(
    page: Page, toys: Toys
) -> None:
    open_paths(page, toys.data("vae"))
    stops = toys.latents["vae"][click_pictures(page, toys, "vae", [3, 40, 111])]
    shown = strip(page, 0)
    assert len(shown) % 2 == 1 and len(shown) >= 5, "as many frames on either leg"
    steps = (len(shown) - 1) // 2
    for i, frame in enumerate(shown):
        leg, t = min(i // steps, 1), i / steps - min(i // steps, 1)
        z = (1 - t) * stops[leg] + t * stops[leg + 1]
        assert_allclose(frame.ravel(), toys.decoded("vae", z.tolist()), atol=ROUNDED)
    assert np.ptp(shown[:, 10:18, 10:18]) > 0.05


def test_the_spherical_row_turns_about_the_origin(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vae"))
    stops = toys.latents["vae"][click_pictures(page, toys, "vae", [3, 40])].astype(np.float64)
    shown = strip(page, 1)
    for i, frame in enumerate(shown):
        t = i / (len(shown) - 1)
        z = slerp(stops[0], stops[1], t) if 0 < t < 1 else stops[round(t)]
        assert_allclose(frame.ravel(), toys.decoded("vae", z.tolist()), atol=ROUNDED)
    middle = len(shown) // 2
    assert np.abs(shown[middle] - strip(page, 0)[middle]).max() > 0.01, "not the straight row"


def test_the_pixel_blend_mixes_the_originals(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vae", "ae"))
    indices = click_pictures(page, toys, "vae", [3, 40])
    originals = pictures()[0][indices, 0] / 255
    shown = strip(page, 4)
    for t, frame in zip(np.linspace(0, 1, len(shown)), shown, strict=True):
        assert_allclose(frame, (1 - t) * originals[0] + t * originals[1], atol=0.51 / 255)


def test_both_models_go_from_the_same_picture_to_the_same_picture(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vae", "ae"))
    indices = click_pictures(page, toys, "vae", [3, 40])
    names = page.locator(".path-row label").all_inner_texts()
    expected = ["A straight", "A spherical", "B straight", "B spherical", "Pixel blend"]
    assert names == expected
    for row, key in ((0, "vae"), (2, "ae")):
        z = toys.latents[key][indices].mean(axis=0)
        got = page.evaluate(PICTURE, [row, 0.5])
        assert_allclose(got["z"], z, rtol=1e-5, atol=1e-6)
        assert_allclose(got["pixels"], toys.decoded(key, z.tolist()), atol=PIXEL_TOLERANCE)


def test_a_place_without_a_picture_is_a_stop_and_the_other_model_encodes_what_it_shows(
    page: Page, toys: Toys
) -> None:
    open_paths(page, toys.data("vae", "ae"))
    z = toys.latents["vae"]
    corner = z.min(axis=0) - 0.05 * np.ptp(z, axis=0)
    page.mouse.click(*place_of(page, corner))
    expect(page.locator(".stops li")).to_have_count(1)
    [stop] = page.evaluate(STOPS)
    assert stop["index"] is None
    assert_allclose(stop["a"], corner, atol=np.ptp(z) / 50)
    assert_allclose(stop["pixels"], toys.decoded("vae", stop["a"]), atol=PIXEL_TOLERANCE)
    x = torch.tensor(stop["pixels"]).view(1, 1, 28, 28)
    expected = toys.models["ae"].encode(x)[0]
    assert_allclose(stop["b"], expected, atol=2e-3 * float(expected.abs().max()))


def test_probabilities_stay_probabilities_on_both_ways(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("discrete"))
    for n, name in enumerate(("zero", "two"), start=1):
        page.get_by_label("Class of the next stop").select_option(name)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator(".stops li")).to_have_count(n)
    start, end = (np.array(stop["a"]) for stop in page.evaluate(STOPS))
    for row in (0, 1):
        for t in (0.25, 0.5):
            got = page.evaluate(PICTURE, [row, t])
            z = np.array(got["z"])
            assert_allclose(z[:6].reshape(2, 3).sum(axis=1), 1, atol=1e-5)
            decoded = toys.decoded("discrete", got["z"])
            assert_allclose(got["pixels"], decoded, atol=PIXEL_TOLERANCE)
    roots = slerp(np.sqrt(start[:3]), np.sqrt(end[:3]), 0.5)
    expected = [*roots**2, *slerp(start[6:], end[6:], 0.5)]
    assert_allclose([*z[:3], *z[6:]], expected, rtol=1e-4, atol=1e-5)


def test_between_code_vectors_the_nearest_codes_are_decoded(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vq pca"))
    start, end = (np.array(stop["a"]) for stop in page.evaluate(STOPS))
    codebook = toys.models["vq"].quantizer.codebook.double()
    n_clear = 0
    for t in (0, 0.1, 0.3, 0.45, 0.7, 1):
        got = page.evaluate(PICTURE, [0, t])
        assert_allclose(got["z"], (1 - t) * start + t * end, atol=1e-5)
        vectors = torch.tensor(got["z"], dtype=torch.float64).view(-1, codebook.shape[1])
        nearest = torch.cdist(vectors, codebook).square().topk(2, largest=False).values
        if bool((nearest[:, 1] > nearest[:, 0] * (1 + CLEARLY)).all()):
            assert_allclose(got["pixels"], toys.decoded("vq", got["z"]), atol=PIXEL_TOLERANCE)
            n_clear += 1
    assert n_clear >= 4


@pytest.mark.parametrize(
    ("start", "end", "middle"),
    [
        ([2.0, 0, 0], [0, 2.0, 0], [2**0.5, 2**0.5, 0]),
        ([1.0, 0, 0], [0, 3.0, 0], [2**0.5, 2**0.5, 0]),  # lengths 1 and 3: 2 halfway
        ([0.0, 0, 0], [0, 4.0, 2], [0, 2, 1]),
        ([0.0, 0, 0], [0, 0, 0], [0, 0, 0]),
        ([1.0, 2, 3], [2.0, 4, 6], [1.5, 3, 4.5]),
        ([2.0, 0, 0], [-2.0, 0, 0], [0, 0, 0]),
        ([0.0, 1, 0], [0, -3.0, 0], [0, -1, 0]),
        ([2.0], [-4.0], [-1]),
    ],
    ids=["quarter", "lengths", "zero", "zeros", "parallel", "opposite", "longer", "one axis"],
)
def test_halfway_on_the_spherical_way(
    shared_page: Page, start: list[float], end: list[float], middle: list[float]
) -> None:
    got = shared_page.evaluate(INTERPOLATE, ["spherical", start, end, 0.5, None])
    assert_allclose(got, middle, atol=1e-6)
    for t, expected in ((0, start), (1, end)):
        ends = shared_page.evaluate(INTERPOLATE, ["spherical", start, end, t, None])
        assert_allclose(ends, expected, atol=1e-6)


def test_the_spherical_way_keeps_the_length_and_turns_evenly(shared_page: Page) -> None:
    random = np.random.default_rng(3)
    start, end = random.normal(size=(2, 20))
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    given = ["spherical", start.tolist(), end.tolist()]
    ways = [
        np.array(shared_page.evaluate(INTERPOLATE, [*given, t, None]))
        for t in np.linspace(0, 1, 5).tolist()
    ]
    assert_allclose([np.linalg.norm(z) for z in ways], np.linalg.norm(start), rtol=1e-5)
    steps = [np.linalg.norm(b - a) for a, b in pairwise(ways)]
    assert_allclose(steps, steps[0], rtol=1e-4)


def test_the_map_shows_the_stops_and_both_ways(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vae"))
    click_pictures(page, toys, "vae", [3, 40])
    marks = page.locator(".map[data-model=a] .overlay")
    assert marks.locator("text").all_text_contents() == ["1", "2"]
    expect(marks.locator("path.straight")).to_have_count(1)
    expect(marks.locator("path.spherical")).to_have_count(1)
    page.get_by_role("checkbox", name="Spherical").uncheck()
    expect(marks.locator("path.spherical")).to_have_count(0)
    page.get_by_role("tab", name="Sliders").click()
    expect(marks.locator("*")).to_have_count(0)


def test_a_umap_joins_its_stops_by_a_broken_line_only(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("deep umap"))
    marks = page.locator(".map[data-model=a] .overlay")
    expect(marks.locator("path.guess")).to_have_count(1)
    expect(marks.locator("path")).to_have_count(1)


def test_the_morph_plays_there_and_back(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vae"))
    bar = page.get_by_label("Place on the path")
    page.get_by_label("Time from stop to stop").select_option("0.5 s per leg")
    before = page.evaluate("stageRoot().__stage.panel('Paths').views[0].now.image.data.join()")
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(300)
    values = [float(bar.input_value())]
    after = page.evaluate("stageRoot().__stage.panel('Paths').views[0].now.image.data.join()")
    assert 0.2 < values[0] < 1 and before != after
    for _ in range(12):
        page.wait_for_timeout(100)
        values.append(float(bar.input_value()))
    assert max(values) <= 1 and min(np.diff(values)) < 0 < max(np.diff(values))
    page.get_by_role("button", name="Pause").click()
    stopped = bar.input_value()
    page.wait_for_timeout(150)
    assert bar.input_value() == stopped


def test_keys_make_a_path(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    canvas(page).focus()
    page.keyboard.press("p")
    expect(page.get_by_role("tab", name="Paths")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".stops li")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.locator(".stops li")).to_have_count(1)
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".stops li")).to_have_count(2)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Backspace")
    expect(page.locator(".stops li")).to_have_count(1)
    assert page.evaluate("sent") == [], "no picture was pinned"


def test_clicks_pin_again_when_they_add_no_stops(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vae"))
    page.get_by_role("button", name="Add by clicks").click()
    page.mouse.click(*place_of(page, toys.latents["vae"][7]))
    [(name, value)] = page.evaluate("sent")
    assert name == "picked"
    page.get_by_role("button", name="Add pinned").click()
    expect(page.locator(".stops li")).to_have_count(1)
    assert page.evaluate(STOPS)[0]["index"] == value["index"]


def test_a_class_gives_one_of_its_pictures(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vae"))
    labels = pictures()[1]
    page.get_by_label("Class of the next stop").select_option("one")
    for _ in range(3):
        page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".stops li")).to_have_count(3)
    indices = [stop["index"] for stop in page.evaluate(STOPS)]
    assert len(set(indices)) == 3 and set(labels[indices]) == {1}
    page.get_by_role("button", name="Remove stop 2").click()
    expect(page.locator(".stops li")).to_have_count(2)
    assert [stop["index"] for stop in page.evaluate(STOPS)] == [indices[0], indices[2]]


def test_the_stops_stay_when_the_model_changes(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vae"))
    indices = click_pictures(page, toys, "vae", [3, 40])
    show(page, toys.data("ae"))
    frames(page)
    stops = page.evaluate(STOPS)
    assert [stop["index"] for stop in stops] == indices
    assert_allclose([stop["a"] for stop in stops], toys.latents["ae"][indices], rtol=1e-6)


def test_the_gif_shows_the_frames_that_the_models_decode(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vae"))
    click_pictures(page, toys, "vae", [3, 40])
    with page.expect_download() as download:
        page.get_by_role("button", name="GIF").click()
    assert download.value.suggested_filename == "path.gif"
    gif = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert gif.info["loop"] == 0 and gif.n_frames == 25 + 23, "24 steps there, and back again"
    scale, gap = 4, 8
    assert gif.size == (gap + 3 * (28 * scale + gap), 28 * scale + 2 * gap + 22)
    for number in (0, 7, 24, 25, 47):
        gif.seek(number)
        assert gif.info["duration"] == 80  # 2 s over 24 steps, in hundredths
        grey = np.asarray(gif.convert("RGB"))
        position = (number if number <= 24 else 48 - number) / 24
        for row in range(3):
            left = gap + row * (28 * scale + gap)
            tile = grey[gap : gap + 28 * scale, left : left + 28 * scale]
            assert (np.ptp(tile, axis=2) == 0).all()
            assert (tile.reshape(28, scale, 28, scale, 3).std(axis=(1, 3)) == 0).all(), "squares"
            exact = page.evaluate(PICTURE, [row, position])["pixels"]
            small = tile[::scale, ::scale, 0]
            assert_allclose(small.ravel(), np.rint(255 * np.clip(exact, 0, 1)), atol=1)


def test_the_png_shows_the_film_strip_of_the_rows_that_are_ticked(page: Page, toys: Toys) -> None:
    open_paths(page, toys.data("vae"))
    stops = toys.latents["vae"][click_pictures(page, toys, "vae", [3, 40])]
    page.get_by_role("checkbox", name="Spherical").uncheck()
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    grey = np.asarray(Image.open(io.BytesIO(download.value.path().read_bytes())).convert("L"))
    step = 28 * 4 + 8
    assert grey.shape == (8 + 2 * (step + 22), 8 + 9 * step)
    for i in range(9):
        tile = grey[30 : 30 + 112 : 4, 8 + i * step : 8 + i * step + 112 : 4] / 255
        z = stops[0] + i / 8 * (stops[1] - stops[0])
        assert_allclose(tile.ravel(), toys.decoded("vae", z.tolist()), atol=ROUNDED)


ENCODE_GIF = """async ([width, height, frames]) => {
  const { Gif } = await import("./stage/paths/gif.js");
  const gif = new Gif(width, height);
  for (const frame of frames) gif.show(gif.encode(Uint8ClampedArray.from(frame)), 0.1);
  return Array.from(gif.finish());
}"""


def through_gif(page: Page, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frames (n, H, W, 3) written in the browser and read by Pillow."""
    rgba = np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], axis=3)
    n, height, width, _ = pixels.shape
    written = page.evaluate(ENCODE_GIF, [width, height, rgba.reshape(n, -1).tolist()])
    gif = Image.open(io.BytesIO(bytes(written)))
    read: list[NDArray[np.uint8]] = []
    for number in range(gif.n_frames):
        gif.seek(number)
        read.append(np.asarray(gif.convert("RGB")))
    return np.stack(read)


@pytest.mark.parametrize(
    ("height", "width", "levels"), [(1, 1, 256), (7, 5, 3), (60, 90, 256), (150, 130, 2)]
)
def test_grey_frames_pass_through_a_gif_unchanged(
    shared_page: Page, height: int, width: int, levels: int
) -> None:
    """The noise of 5,400 different pixels fills the table of codes, which then starts anew."""
    random = np.random.default_rng(height)
    grey = random.integers(0, levels, (3, height, width, 1)).astype(np.uint8)
    frames = np.repeat(grey * (255 // (levels - 1)), 3, axis=3)
    assert np.array_equal(through_gif(shared_page, frames), frames)


def test_few_colours_are_exact_and_many_are_close(shared_page: Page) -> None:
    random = np.random.default_rng(5)
    few = random.integers(0, 256, (200, 3)).astype(np.uint8)
    exact = few[random.integers(0, 200, (1, 32, 32))]
    assert np.array_equal(through_gif(shared_page, exact), exact)
    rows, columns = np.mgrid[:40, :40]
    many = np.stack([6 * rows, 6 * columns, 3 * (rows + columns)], axis=2)[None].astype(np.uint8)
    assert len(np.unique(many.reshape(-1, 3), axis=0)) > 256
    difference = through_gif(shared_page, many).astype(int) - many
    assert np.sqrt(np.mean(difference**2)) < 8, "of 255; 6 lie between neighbours"


def test_unlabelled_pictures_of_one_axis_make_a_path_too(page: Page, site: StageSite) -> None:
    images = pictures()[0]
    model = untrained(AutoencoderSpec(latent_dim=1), 3.0)
    points = site.add_points("plain", images, None, [])
    side = site.add_model("line", model, encode(model, images), "raw", "one axis")
    open_paths(page, {"points": points, "a": side, "b": None, "view": "map", "height": 620})
    got = page.evaluate(PICTURE, [1, 0.5])
    start, end = (stop["a"][0] for stop in page.evaluate(STOPS))
    assert_allclose(got["z"], [(start + end) / 2], rtol=1e-5)


def test_python_chooses_the_panel_that_is_open(page: Page, toys: Toys) -> None:
    show(page, toys.data("vae", panel="paths"))
    paths = page.get_by_role("tab", name="Paths")
    expect(paths).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Sliders").click()
    show(page, toys.data("vae", panel="paths"))
    expect(paths).to_have_attribute("aria-selected", "false")
    show(page, toys.data("vae", panel="draw"))
    expect(page.get_by_role("tab", name="Draw")).to_have_attribute("aria-selected", "true")
