"""The stage as a visitor meets it: in a real Chromium, without Streamlit."""

import json
import re
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from playwright.sync_api import Page, expect
from stage_site import StageSite, encode
from stage_toys import (
    CLASS_WORDS,
    CLEARLY,
    DISCRETE_AXES,
    N_POINTS,
    PIXEL_TOLERANCE,
    Toys,
    canvas,
    colours_drawn,
    frames,
    pictures,
    place_of,
    probe,
    show,
    show_and_remember,
    stage,
    untrained,
    word,
)

from vizmodels.specs import (
    AutoencoderSpec,
)


def test_the_map_shows_every_class_in_its_colour(page: Page, toys: Toys) -> None:
    show(page, toys.data("vae"))
    drawn = colours_drawn(page)
    assert set(drawn) == set(CLASS_WORDS)
    assert sum(drawn.values()) > N_POINTS


def test_hovering_decodes_the_latent_under_the_pointer(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    target = toys.latents["vae"].mean(axis=0)
    page.mouse.move(*place_of(page, target))
    z, pixels = probe(page)
    # The pointer stands on whole pixels, and the map is some hundred pixels wide.
    assert_allclose(z, target, atol=np.ptp(toys.latents["vae"]) / 100)
    assert_allclose(pixels, toys.decoded("vae", z), atol=PIXEL_TOLERANCE)
    assert np.std(pixels) > 0.02


def test_the_last_of_many_pointer_moves_is_the_one_shown(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    z = toys.latents["vae"]
    page.mouse.move(*place_of(page, z[3]))
    page.mouse.move(*place_of(page, z.mean(axis=0)), steps=25)
    sample_before_leaving = probe(page)[0]
    page.mouse.move(1, 899)
    assert probe(page)[0] == sample_before_leaving
    shown = page.evaluate(
        """() => { const canvas = stageRoot().querySelector(".decoded canvas");
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          return Array.from({ length: width * height }, (_, i) => data[4 * i] / 255); }"""
    )
    assert_allclose(shown, toys.decoded("vae", sample_before_leaving), atol=0.5 / 255 + 2e-3)


def test_hovering_a_principal_plane_moves_within_it_through_the_mean(
    page: Page, toys: Toys
) -> None:
    show_and_remember(page, toys.data("deep pca"))
    place = toys.sides["deep pca"]["map"]
    mean, components = np.array(place["mean"]), np.array(place["components"])
    target = components @ (toys.latents["deep"][11] - mean)
    page.mouse.move(*place_of(page, target))
    z, pixels = probe(page)
    inside = mean + components.T @ (components @ (np.array(z) - mean))
    assert_allclose(z, inside, atol=1e-4 * np.abs(z).max())
    assert_allclose(components @ (np.array(z) - mean), target, atol=np.ptp(target) / 20 + 0.05)
    assert_allclose(pixels, toys.decoded("deep", z), atol=PIXEL_TOLERANCE)


def test_hovering_a_umap_shows_the_neighbours_and_says_where_there_are_none(
    page: Page, toys: Toys
) -> None:
    show_and_remember(page, toys.data("deep umap"))
    page.mouse.move(*place_of(page, toys.latents["deep"][42, :2]))
    z, pixels = probe(page)
    nearest = np.abs(toys.latents["deep"] - z).max(axis=1).min()
    assert nearest < np.ptp(toys.latents["deep"]), "close to what was encoded"
    assert_allclose(pixels, toys.decoded("deep", z), atol=PIXEL_TOLERANCE)
    bounds = canvas(page).bounding_box()
    assert bounds is not None
    page.mouse.move(bounds["x"] + 3, bounds["y"] + 3)
    expect(page.locator(".coordinates")).to_have_text("No data here")
    expect(page.locator(".decoded[data-model=a]")).to_have_class("picture decoded off")


def test_a_picture_under_the_pointer_is_lit_and_decoded_in_both_models(
    page: Page, toys: Toys
) -> None:
    show_and_remember(page, toys.data("vae", "ae"))
    page.mouse.move(*place_of(page, toys.latents["vae"][7]))
    z_a, z_b = probe(page)[0], probe(page, "b")[0]
    index = int(np.abs(toys.latents["ae"] - z_b).sum(axis=1).argmin())
    assert_allclose(z_b, toys.latents["ae"][index], rtol=1e-6)
    assert_allclose(probe(page, "b")[1], toys.decoded("ae", z_b), atol=PIXEL_TOLERANCE)
    assert np.abs(toys.latents["vae"][index] - z_a).max() < np.ptp(toys.latents["vae"]) / 20
    expect(page.locator(".nearest")).to_contain_text(f"picture {index}")
    lit = page.locator(".map[data-model=b] .lit").bounding_box()
    assert lit is not None
    middle = (lit["x"] + lit["width"] / 2, lit["y"] + lit["height"] / 2)
    assert_allclose(middle, place_of(page, z_b, "b"), atol=2)
    assert page.evaluate(
        """() => { const canvas = stageRoot().querySelector(".original canvas");
          return canvas.getContext("2d").getImageData(0, 0, 28, 28).data.some((v) => v > 100); }"""
    ), "the original's thumbnail is drawn"


def test_sliders_stand_most_active_first_and_decode_sixteen_axes(page: Page, toys: Toys) -> None:
    show(page, toys.data("deep pca", view="sliders"))
    sliders = page.locator(".slider input")
    axes = [int(slider.get_attribute("data-axis") or -1) for slider in sliders.all()]
    assert axes == np.argsort(-toys.latents["deep"].std(axis=0)).tolist()
    before = probe(page)[0]
    # Native keys: a step is a thousandth of the bar.
    sliders.nth(2).focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    z, pixels = probe(page)
    changed = np.flatnonzero(np.abs(np.subtract(z, before)) > 1e-6)
    assert changed.tolist() == [axes[2]]
    assert_allclose(pixels, toys.decoded("deep", z), atol=PIXEL_TOLERANCE)
    label = sliders.nth(2).get_attribute("aria-label") or ""
    assert label.startswith(f"z{axes[2] + 1}, standard deviation ")
    sliders.nth(2).dblclick(position={"x": 20, "y": 10})
    assert_allclose(probe(page)[0], toys.latents["deep"].mean(axis=0), atol=1e-3)


def test_a_slider_moves_the_probe_of_a_two_dimensional_map_and_back(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    slider = page.locator(".slider input[data-axis='1']")
    high = float(np.quantile(toys.latents["vae"][:, 1], 0.9))
    slider.fill(str(high))
    z = probe(page)[0]
    assert_allclose(z[1], high, atol=np.ptp(toys.latents["vae"]) / 500)
    page.mouse.move(*place_of(page, toys.latents["vae"][3]))
    page.wait_for_timeout(300)  # the native bar follows the drawn one a moment later
    z = probe(page)[0]
    assert_allclose(float(slider.input_value()), z[1], atol=np.ptp(toys.latents["vae"]) / 400)
    assert float(slider.get_attribute("aria-valuetext").replace("−", "-")) == round(z[1], 2)


def test_a_click_pins_a_picture_and_tells_python_once(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    page.mouse.move(*place_of(page, toys.latents["vae"][7]))
    frames(page)
    assert page.evaluate("sent") == [], "hovering is silent"
    page.mouse.down()
    page.mouse.up()
    [(name, value)] = page.evaluate("sent")
    assert name == "picked"
    index = value["index"]
    assert_allclose(probe(page)[0], toys.latents["vae"][index], rtol=1e-6)
    page.mouse.move(*place_of(page, toys.latents["vae"].mean(axis=0)))
    page.mouse.move(1, 890)
    assert_allclose(probe(page)[0], toys.latents["vae"][index], rtol=1e-6)
    expect(page.locator(".nearest")).to_contain_text("pinned")
    page.keyboard.press("Escape")
    frames(page)
    expect(page.locator(".nearest")).not_to_contain_text("pinned")
    assert len(page.evaluate("sent")) == 1


def test_dragging_pans_and_the_wheel_zooms_about_the_pointer(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    x, y = place_of(page, toys.latents["vae"].mean(axis=0))
    page.mouse.move(x, y)
    before = probe(page)[0]
    page.mouse.wheel(0, -400)
    assert_allclose(probe(page)[0], before, atol=1e-5)
    page.mouse.down()
    page.mouse.move(x + 80, y + 50, steps=4)
    page.mouse.up()
    assert_allclose(probe(page)[0], before, atol=np.ptp(toys.latents["vae"]) / 100)
    assert page.evaluate("sent") == [], "a drag is not a click"
    page.keyboard.press("0")
    page.mouse.move(x, y)
    page.mouse.move(x + 1, y)
    page.mouse.move(x, y)
    assert_allclose(probe(page)[0], before, atol=1e-5)


def test_the_arrow_keys_carry_the_probe_in_the_middle_of_the_map(page: Page, toys: Toys) -> None:
    show(page, toys.data("vae"))
    canvas(page).focus()
    page.keyboard.press("ArrowRight")
    first = probe(page)[0]
    page.keyboard.press("ArrowRight")
    second, pixels = probe(page)
    assert second[0] > first[0] and second[1] == first[1]
    assert_allclose(pixels, toys.decoded("vae", second), atol=PIXEL_TOLERANCE)
    label = canvas(page).get_attribute("aria-label") or ""
    assert "vae on toys" in label and "Arrow keys pan" in label


def test_the_legend_picks_classes_out(page: Page, toys: Toys) -> None:
    show(page, toys.data("vae"))
    item = page.get_by_role("button", name="one")
    expect(item).to_have_attribute("aria-pressed", "false")
    item.click()
    frames(page)
    expect(item).to_have_attribute("aria-pressed", "true")
    assert set(colours_drawn(page)) == {CLASS_WORDS[1]}
    item.click()
    frames(page)
    assert set(colours_drawn(page)) == set(CLASS_WORDS)


def test_points_can_be_coloured_by_a_factor(page: Page, toys: Toys) -> None:
    show(page, toys.data("vae"))
    page.get_by_label("Colour of the points").select_option("order")
    frames(page)
    drawn = colours_drawn(page)
    assert len(drawn) > 100 and not set(drawn) & set(CLASS_WORDS)
    assert {word("#440154"), word("#fde725")} <= set(drawn), "both ends of viridis"
    expect(page.locator(".legend")).to_contain_text("593")  # 99 % quantile of 0…599


@pytest.mark.parametrize(
    ("file", "damage", "sentence"),
    [
        (
            "weights.bin",
            lambda b: b[:-2],
            r"The weights of “ae on toys” must be \d+ bytes long; got",
        ),
        ("weights.bin", lambda b: b"\x00\x7e" + b[2:], r"must be finite numbers; got NaN at 0\."),
        ("latents.bin", lambda b: b[:-4], r"The latents of “ae on toys” must be 4800 bytes long"),
        ("program.json", lambda b: b[:-9], r"The layer program of “ae on toys” must be JSON;"),
        ("program.json", lambda b: b.replace(b'"relu"', b'"wavelet"'), r"got “wavelet”\."),
        ("maps/raw.bin", lambda b: None, r"The map of “ae on toys” must be there; got HTTP 404\."),
    ],
    ids=[
        "short weights",
        "NaN weight",
        "short latents",
        "broken JSON",
        "unknown layer",
        "missing map",
    ],
)
def test_damage_is_said_in_one_sentence(
    page: Page, site: StageSite, toys: Toys, file: str, damage: Any, sentence: str
) -> None:
    text = json.dumps(toys.sides["ae"])
    side = json.loads(text.replace("artefacts/runs/ae", "artefacts/runs/damaged"))
    for path in [path for path in site.files if path.startswith("/artefacts/runs/ae/")]:
        body = site.files[path]
        changed = damage(body) if path.endswith(file) else body
        target = path.replace("/ae/", "/damaged/")
        site.files.pop(target, None)
        if changed is not None:
            site.files[target] = changed
    page.evaluate("data => mountStage(data)", {**toys.data("ae"), "a": side})
    alert = page.get_by_role("alert")
    alert.wait_for(timeout=5000)
    assert re.search(sentence, alert.inner_text()), alert.inner_text()
    expect(page.locator(".maps")).to_be_hidden()


def test_a_damaged_second_model_leaves_the_first_alive(page: Page, toys: Toys) -> None:
    broken = {**toys.sides["ae"], "weights": "artefacts/none.bin"}
    show(page, {**toys.data("vae"), "b": broken})
    expect(page.get_by_role("alert")).to_contain_text("must be there; got HTTP 404")
    assert set(colours_drawn(page)) == set(CLASS_WORDS)
    assert page.locator(".map").count() == 1


def test_a_change_of_theme_redraws_the_map(page: Page, toys: Toys) -> None:
    show(page, toys.data("vae"))
    draws, panel = (
        stage(page, "stats.draws"),
        "getComputedStyle(stageRoot().querySelector('.maps'))",
    )
    light = page.evaluate(f"{panel}.backgroundColor")
    page.evaluate("document.documentElement.classList.add('dark')")
    page.wait_for_selector(".stage[data-theme='dark']")
    frames(page)
    assert stage(page, "stats.draws") > draws
    assert page.evaluate(f"{panel}.backgroundColor") != light


def test_mounting_again_with_the_same_data_keeps_everything(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    page.mouse.move(*place_of(page, toys.latents["vae"][3]))
    page.mouse.wheel(0, -300)
    z = probe(page)[0]
    page.evaluate("stageRoot().mark = 'the same element'")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    show(page, toys.data("vae"))
    show(page, toys.data("vae", height=700))
    assert probe(page)[0] == z
    assert page.evaluate("stageRoot().mark") == "the same element"
    assert page.locator(".stage").count() == 1
    assert requests == []


def test_another_map_of_the_same_run_keeps_the_pinned_picture(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("deep umap"))
    page.mouse.click(*place_of(page, toys.latents["deep"][42, :2]))
    [(_, value)] = page.evaluate("sent")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    show(page, toys.data("deep pca"))
    assert [url.rpartition("/")[2] for url in requests] == ["pca.bin"]
    assert_allclose(probe(page)[0], toys.latents["deep"][value["index"]], rtol=1e-6)
    assert len(page.evaluate("sent")) == 1


def test_the_second_model_comes_and_goes(page: Page, toys: Toys) -> None:
    show(page, toys.data("vae"))
    show(page, toys.data("vae", "ae"))
    assert page.locator(".map").count() == 2
    assert set(colours_drawn(page, "b")) == set(CLASS_WORDS)
    show(page, toys.data("vae"))
    assert page.locator(".map").count() == 1


@pytest.mark.parametrize("size", [(390, 844), (820, 1180)])
def test_the_stage_follows_the_size_of_its_page(
    page: Page, toys: Toys, size: tuple[int, int]
) -> None:
    show(page, toys.data("vae", "ae"))
    page.set_viewport_size({"width": size[0], "height": size[1]})
    frames(page, 4)
    for which in "ab":
        bounds = canvas(page, which).bounding_box()
        assert bounds is not None and bounds["width"] > 150 and bounds["height"] > 150
        drawn = page.evaluate(
            "which => stageRoot().querySelector(`.map[data-model=${which}] .points`).width", which
        )
        assert drawn == round(bounds["width"])
        assert set(colours_drawn(page, which)) == set(CLASS_WORDS)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0], "nothing sticks out"
    shown = page.evaluate(
        "stageRoot().querySelector('.decoded canvas').getBoundingClientRect().width"
    )
    assert shown % 28 == 0, "each pixel is a whole number of screen pixels"


def test_one_finger_moves_the_probe_and_a_tap_pins(
    site: StageSite, browser: Any, toys: Toys
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(site.address)
    page.wait_for_function("window.harnessReady")
    show_and_remember(page, toys.data("vae"))
    target = toys.latents["vae"][7]
    page.touchscreen.tap(*place_of(page, target))
    [(name, _)] = page.evaluate("sent")
    assert name == "picked"
    assert_allclose(probe(page)[0], target, atol=np.ptp(toys.latents["vae"]) / 10)
    page.close()


def test_a_transformer_is_decoded_where_the_pointer_is(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("transformer"))
    page.mouse.move(*place_of(page, toys.latents["transformer"][5]))
    z, pixels = probe(page)
    assert_allclose(pixels, toys.decoded("transformer", z), atol=PIXEL_TOLERANCE)
    assert np.std(pixels) > 0.02


def test_axes_of_classes_are_named_and_a_raw_map_moves_the_axes_it_names(
    page: Page, toys: Toys
) -> None:
    side = {**toys.sides["discrete"]}
    side["map"] = {**side["map"], "axes": ["p(c1=1)", "z2"]}
    show_and_remember(page, {**toys.data("discrete"), "a": side})
    names = page.locator(".axis-name").all_inner_texts()
    assert sorted(names) == sorted(DISCRETE_AXES)
    sticking_out = "(names) => names.some((name) => name.scrollWidth > name.clientWidth)"
    assert not page.locator(".axis-name").evaluate_all(sticking_out), "there is room for names"
    before = toys.latents["discrete"].mean(axis=0)
    page.mouse.move(*place_of(page, toys.latents["discrete"][:, :2].mean(axis=0) + 0.01))
    z, pixels = probe(page)
    changed = np.flatnonzero(np.abs(z - before) > 1e-4)
    assert changed.tolist() == [1, 7]
    assert_allclose(pixels, toys.decoded("discrete", z), atol=PIXEL_TOLERANCE)


def test_latents_of_a_vq_vae_are_looked_up_from_codes(
    page: Page, site: StageSite, toys: Toys
) -> None:
    assert len(site.files["/artefacts/runs/vq/latents.bin"]) == 2 * 49 * N_POINTS
    show_and_remember(page, toys.data("vq pca"))
    place, target = toys.sides["vq pca"]["map"], toys.latents["vq"][11]
    xy = np.array(place["components"]) @ (target - np.array(place["mean"]))
    page.mouse.click(*place_of(page, xy))
    [(_, value)] = page.evaluate("sent")
    z, pixels = probe(page)
    assert_allclose(z, toys.latents["vq"][value["index"]], atol=1e-6)
    assert_allclose(pixels, toys.decoded("vq", z), atol=PIXEL_TOLERANCE)
    assert np.std(pixels) > 0.02


def test_a_place_between_codes_decodes_the_nearest_ones(page: Page, toys: Toys) -> None:
    """Halfway between two codes, where float32 cannot say which is nearer, either is right."""
    show_and_remember(page, toys.data("vq umap"))
    codebook = toys.models["vq"].quantizer.codebook.double()
    n_clear = 0
    for point in range(20):
        page.mouse.move(*place_of(page, toys.latents["vq"][point, :2]))
        z, pixels = probe(page)
        vectors = torch.tensor(z, dtype=torch.float64).view(-1, codebook.shape[1])
        nearest = torch.cdist(vectors, codebook).square().topk(2, largest=False).values
        if bool((nearest[:, 1] > nearest[:, 0] * (1 + CLEARLY)).all()):
            assert_allclose(pixels, toys.decoded("vq", z), atol=PIXEL_TOLERANCE)
            n_clear += 1
    assert n_clear >= 5


def test_the_browser_encodes_to_codes_as_pytorch_does(page: Page, toys: Toys) -> None:
    show(page, toys.data("vq pca"))
    x = pictures()[0][5] / 255
    encode_in_browser = "x => Array.from(stageRoot().__stage.encode('a', Float32Array.from(x)))"
    encoded = np.array(page.evaluate(encode_in_browser, x.ravel().tolist()))
    differs = np.abs(encoded - toys.latents["vq"][5]).reshape(49, 16).max(axis=1) > 1e-5
    assert differs.sum() <= 1, "a vector midway between two codes may fall to either"


def test_of_hundreds_of_axes_the_most_active_have_bars(page: Page, toys: Toys) -> None:
    show(page, toys.data("vq pca", view="sliders"))
    assert page.locator(".sliders h3").inner_text() == "200 of 784 latent axes"
    axes = page.locator(".slider input").evaluate_all("(all) => all.map((i) => +i.dataset.axis)")
    deviations = toys.latents["vq"].std(axis=0)
    assert_allclose(deviations[axes], np.sort(deviations)[::-1][:200], atol=1e-5)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda b: b[:-2], r"The latents of “vq on toys” must be 58800 bytes long; got 58798"),
        (lambda b: b"\x20\x00" + b[2:], r"“vq on toys” must be codes below 32; got 32 at 0\."),
    ],
    ids=["short", "no such code"],
)
def test_damaged_codes_are_said_in_one_sentence(
    page: Page, site: StageSite, toys: Toys, damage: Any, sentence: str
) -> None:
    site.files["/artefacts/damaged.bin"] = damage(site.files["/artefacts/runs/vq/latents.bin"])
    side = {**toys.sides["vq pca"], "latents": "artefacts/damaged.bin"}
    page.evaluate("data => mountStage(data)", {**toys.data("vq pca"), "a": side})
    alert = page.get_by_role("alert")
    alert.wait_for(timeout=5000)
    assert re.search(sentence, alert.inner_text()), alert.inner_text()


def test_a_model_of_one_axis_is_a_line_and_unlabelled_pictures_are_grey(
    page: Page, site: StageSite
) -> None:
    images = pictures()[0]
    model = untrained(AutoencoderSpec(latent_dim=1), 3.0)
    points = site.add_points("plain", images, None, [])
    side = site.add_model("line", model, encode(model, images), "raw", "one axis")
    show_and_remember(page, {"points": points, "a": side, "b": None, "view": "map", "height": 620})
    assert len(colours_drawn(page)) == 1
    assert page.locator(".legend button").count() == 0
    target = encode(model, images)[9]
    page.mouse.move(*place_of(page, np.array([target[0], 0])))
    assert_allclose(probe(page)[0], target, atol=np.ptp(encode(model, images)) / 100)
    assert page.locator(".slider").count() == 1


def test_the_browser_encodes_as_pytorch_does(page: Page, toys: Toys) -> None:
    show(page, toys.data("deep pca"))
    x = pictures()[0][5] / 255
    z = page.evaluate(
        "x => Array.from(stageRoot().__stage.encode('a', Float32Array.from(x)))", x.ravel().tolist()
    )
    expected = toys.latents["deep"][5]
    assert_allclose(z, expected, atol=PIXEL_TOLERANCE * max(1, np.abs(expected).max()))
