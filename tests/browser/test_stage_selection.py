"""Selecting pictures on a map: by box, by lasso, in both models at once."""

import numpy as np
from playwright.sync_api import Page, expect
from stage_toys import (
    CLASS_WORDS,
    N_POINTS,
    Toys,
    canvas,
    colours_drawn,
    frames,
    pictures,
    place_of,
    show_and_remember,
    stage,
)

from vizmodels.analysis.maps.selection import inside_polygon


def drag(page: Page, corners: list[tuple[float, float]]) -> None:
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()
    frames(page)


def told(page: Page) -> list[tuple[str, dict]]:
    return [tuple(message) for message in page.evaluate("sent")]


def lasso_around(page: Page, centre: np.ndarray, reach: float) -> list[tuple[float, float]]:
    angles = np.linspace(0, 2 * np.pi, 12)
    around = centre + reach * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return [place_of(page, place) for place in around]


def test_a_lasso_selects_what_is_within_and_tells_python_its_polygon(
    page: Page, toys: Toys
) -> None:
    z = toys.latents["vae"]
    show_and_remember(page, toys.data("vae"))
    page.get_by_role("button", name="Lasso").click()
    drag(page, lasso_around(page, z.mean(axis=0), np.ptp(z) / 8))
    [(name, value)] = told(page)
    polygon = value.pop("polygon")
    assert name == "selected"
    assert value == {"run": "vae", "kind": "raw", "epoch": None, "n": N_POINTS}
    inside = inside_polygon(z.astype(np.float32), np.array(polygon))
    assert 10 < inside.sum() < N_POINTS / 2
    assert stage(page, "selected()") == np.flatnonzero(inside).tolist()
    expect(page.get_by_role("tab", name="Selection")).to_have_attribute("aria-selected", "true")
    count = page.locator(".selection .count")
    expect(count).to_contain_text(f"{inside.sum()} of {N_POINTS} pictures")
    labels = pictures()[1]
    balance = page.locator(".balance > div > :last-child").all_inner_texts()
    assert [int(n) for n in balance] == np.bincount(labels[inside], minlength=3).tolist()


def test_what_is_not_selected_is_dimmed_on_both_maps(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae", "ae"))
    before = [sum(colours_drawn(page, which).values()) for which in "ab"]
    page.get_by_role("button", name="Box").click()
    z = toys.latents["vae"]
    low, high = np.quantile(z, 0.3, axis=0), np.quantile(z, 0.6, axis=0)
    drag(page, [place_of(page, low), place_of(page, high)])
    chosen = stage(page, "selected()")
    within = ((z > low) & (z < high)).all(axis=1)
    assert len(set(chosen) ^ set(np.flatnonzero(within).tolist())) <= 6, "the box is whole pixels"
    for which, all_points in zip("ab", before, strict=True):
        drawn = colours_drawn(page, which)
        assert set(drawn) <= set(CLASS_WORDS)
        assert 0 < sum(drawn.values()) < 0.7 * all_points
    canvas(page).focus()
    page.keyboard.press("Escape")
    frames(page)
    assert [sum(colours_drawn(page, which).values()) for which in "ab"] == before
    assert [value for _, value in told(page)][-1] is None


def test_shift_draws_a_lasso_and_plain_dragging_still_pans(page: Page, toys: Toys) -> None:
    z = toys.latents["vae"]
    show_and_remember(page, toys.data("vae"))
    corners = lasso_around(page, z.mean(axis=0), np.ptp(z) / 10)
    page.keyboard.down("Shift")
    drag(page, corners)
    page.keyboard.up("Shift")
    n = len(stage(page, "selected()"))
    assert n > 5
    drag(page, corners)
    assert len(stage(page, "selected()")) == n and len(told(page)) == 1


def test_nothing_is_told_while_a_lasso_is_drawn(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    page.get_by_role("button", name="Lasso").click()
    corners = lasso_around(page, toys.latents["vae"].mean(axis=0), 1.0)
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner)
    frames(page)
    assert told(page) == []
    assert page.locator(".map[data-model=a] .overlay path").count() == 1, "it is seen"
    page.mouse.up()
    frames(page)
    assert [name for name, _ in told(page)] == ["selected"]


def test_a_click_with_the_box_in_hand_still_pins(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    canvas(page).focus()
    page.keyboard.press("b")
    page.mouse.click(*place_of(page, toys.latents["vae"][7]))
    assert [name for name, _ in told(page)] == ["picked"]
    assert stage(page, "selected()") == []


def test_an_empty_box_selects_nothing(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("vae"))
    page.get_by_role("button", name="Box").click()
    bounds = canvas(page).bounding_box()
    assert bounds is not None
    corner = (bounds["x"] + 2, bounds["y"] + 2)
    drag(page, [corner, (corner[0] + 9, corner[1] + 9)])
    assert stage(page, "selected()") == [] and told(page) == []
    assert set(colours_drawn(page)) == set(CLASS_WORDS)


def test_a_thumbnail_of_the_selection_pins_its_picture(page: Page, toys: Toys) -> None:
    z = toys.latents["vae"]
    show_and_remember(page, toys.data("vae"))
    page.get_by_role("button", name="Lasso").click()
    drag(page, lasso_around(page, z.mean(axis=0), np.ptp(z) / 8))
    first = page.locator(".selection .thumbnails button").first
    assert first.locator("canvas").evaluate(
        "(c) => c.getContext('2d').getImageData(0, 0, 28, 28).data.some((v) => v > 100)"
    ), "the picture is drawn"
    label = first.get_attribute("aria-label") or ""
    first.click()
    assert told(page)[-1] == ("picked", {"index": int(label.rpartition(" ")[2])})
