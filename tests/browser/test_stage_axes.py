"""Sliders that play, buttons of categorical latents, colours by what was measured, tabs."""

import copy

import numpy as np
from numpy.testing import assert_allclose
from playwright.sync_api import Page, expect
from stage_site import StageSite
from stage_toys import (
    CLASS_WORDS,
    N_POINTS,
    PIXEL_TOLERANCE,
    Toys,
    canvas,
    colours_drawn,
    frames,
    place_of,
    probe,
    show,
    show_and_remember,
    word,
)


def test_categorical_latents_are_buttons_that_set_one_class(page: Page, toys: Toys) -> None:
    side = {**toys.sides["discrete"], "groups": [3, 3]}
    show(page, {**toys.data("discrete"), "a": side})
    assert page.locator(".variable").count() == 2
    assert page.locator(".slider").count() == 2, "only the Gaussian axes have bars"
    before = probe(page)[0]
    button = page.get_by_role("button", name="Variable c2 is class 1")
    button.click()
    z, pixels = probe(page)
    assert z[3:6] == [0, 1, 0]
    assert z[:3] == before[:3] and z[6:] == before[6:]
    assert_allclose(pixels, toys.decoded("discrete", z), atol=PIXEL_TOLERANCE)
    expect(button).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Reset all").click()
    assert_allclose(probe(page)[0], toys.latents["discrete"].mean(axis=0), atol=1e-3)


def test_play_sweeps_one_axis_through_its_range_until_it_is_stopped(page: Page, toys: Toys) -> None:
    show(page, toys.data("deep pca"))
    start = probe(page)[0]
    row = page.locator(".slider").first
    axis = int(row.locator("input").get_attribute("data-axis") or -1)
    row.get_by_role("button").click()
    seen = []
    for _ in range(12):
        page.wait_for_timeout(380)
        seen.append(probe(page)[0])
    row.get_by_role("button", name="Stop").click()
    values = np.array(seen)
    low, high = np.quantile(toys.latents["deep"][:, axis], [0.005, 0.995])
    assert values[:, axis].min() >= low - 1e-3 and values[:, axis].max() <= high + 1e-3
    assert np.ptp(values[:, axis]) > 0.6 * (high - low)
    others = [k for k in range(16) if k != axis]
    assert_allclose(values[:, others], np.tile(np.array(start)[others], (12, 1)), atol=1e-6)
    still = probe(page)[0]
    page.wait_for_timeout(300)
    assert probe(page)[0] == still


def test_bars_span_the_aggregate_posterior_and_not_its_means_alone(page: Page, toys: Toys) -> None:
    sigmas = np.full(16, 0.01)
    sigmas[3] = 5.0  # wider than its means are spread
    side = {**toys.sides["deep pca"], "posterior_sigmas": sigmas.tolist()}
    show(page, {**toys.data("deep pca"), "a": side})
    latents = toys.latents["deep"]
    generator = np.random.default_rng(0)
    for axis in (3, 4):
        bar = page.locator(f".slider input[data-axis='{axis}']")
        low, high = (float(bar.get_attribute(end) or "nan") for end in ("min", "max"))
        draws = np.tile(latents[:, axis], 100)
        draws += sigmas[axis] * generator.standard_normal(len(draws))
        ends = np.quantile(draws, [0.005, 0.995])
        # The bar is a fifth of that wider at each end; its quantiles come from these few points.
        assert_allclose(high - low, 1.4 * np.ptp(ends), rtol=0.2)
        assert_allclose((low + high) / 2, ends.mean(), atol=0.1 * np.ptp(ends))


def test_points_are_coloured_by_what_was_measured_of_each_model(
    page: Page, site: StageSite, toys: Toys
) -> None:
    sides = [copy.deepcopy(toys.sides[key]) for key in ("vae", "ae")]
    for side in sides:
        site.add_measure(side, "squared error", np.linspace(0, 1, N_POINTS))
    show(page, {**toys.data("vae"), "a": sides[0], "b": sides[1]})
    page.get_by_label("Colour of the points").select_option(label="squared error, B")
    expect(page.locator(".legend .ramp")).to_be_visible()
    frames(page)
    for which in "ab":
        drawn = set(colours_drawn(page, which))
        assert len(drawn) > 100 and not drawn & set(CLASS_WORDS)
        assert {word("#440154"), word("#fde725")} <= drawn, "both maps are coloured alike"


def test_a_measure_that_does_not_come_is_said_and_the_classes_stay(
    page: Page, site: StageSite, toys: Toys
) -> None:
    side = copy.deepcopy(toys.sides["vae"])
    site.add_measure(side, "squared error", np.zeros(N_POINTS - 1))
    show(page, {**toys.data("vae"), "a": side})
    page.get_by_label("Colour of the points").select_option(label="squared error")
    expect(page.get_by_role("alert")).to_contain_text(
        "The squared error must be 2400 bytes long; got 2396 bytes."
    )
    expect(page.get_by_label("Colour of the points")).to_have_value("class")
    assert set(colours_drawn(page)) == set(CLASS_WORDS)


def test_arrow_keys_go_from_tab_to_tab(page: Page, toys: Toys) -> None:
    show(page, toys.data("vae"))
    page.get_by_role("tab", name="Sliders").focus()
    page.keyboard.press("ArrowRight")
    chosen = page.get_by_role("tab", selected=True)
    expect(chosen).to_have_text("Picture")
    expect(chosen).to_be_focused()
    expect(page.locator(".sliders")).to_be_hidden()


def test_two_fingers_stretch_the_map_about_their_middle(
    site: StageSite, browser, toys: Toys
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(site.address)
    page.wait_for_function("window.harnessReady")
    show_and_remember(page, toys.data("vae"))
    target = toys.latents["vae"].mean(axis=0)
    x, y = place_of(page, target)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, reach: float | None) -> None:
        ends = [] if reach is None else [(x - reach, y, 0), (x + reach, y, 1)]
        points = [{"x": px, "y": py, "id": i} for px, py, i in ends]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    drawn = sum(colours_drawn(page).values())
    touch("touchStart", 30)
    for reach in (40, 60, 90):
        touch("touchMove", reach)
    touch("touchEnd", None)
    frames(page)
    assert sum(colours_drawn(page).values()) != drawn
    one = [{"x": x, "y": y, "id": 0}]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": one})
    assert_allclose(probe(page)[0], target, atol=np.ptp(toys.latents["vae"]) / 20)
    page.close()


def test_everything_local_goes_on_without_the_server(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    place = place_of(page, toys.latents["vae"].mean(axis=0))
    page.route("**/*", lambda route: route.abort())
    page.mouse.move(*place)
    z, pixels = probe(page)
    assert_allclose(pixels, toys.decoded("vae", z), atol=PIXEL_TOLERANCE)
    canvas(page).focus()
    page.keyboard.press("g")
    page.wait_for_selector(".map[data-model=a] .manifold[data-pictures]")
    slider = page.locator(".slider input").first
    slider.focus()
    page.keyboard.press("PageUp")
    after, pixels = probe(page)
    assert after != z
    assert_allclose(pixels, toys.decoded("vae", after), atol=PIXEL_TOLERANCE)
