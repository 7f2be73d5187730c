"""The time slider: a run after each of its epochs, alone and beside another."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from playwright.sync_api import Page, expect
from stage_site import StageSite, encode
from stage_toys import (
    PIXEL_TOLERANCE,
    Toys,
    canvas,
    colours_drawn,
    frames,
    pictures,
    place_of,
    probe,
    show_and_remember,
)

EPOCHS = (0, 2, 5)
LAST = 9


class Trained:
    """A model with three earlier epochs, whose weights were smaller."""

    def __init__(self, site: StageSite, toys: Toys) -> None:
        self.models, self.latents = {}, {}
        self.side = copy.deepcopy(toys.sides["vae"])
        for epoch in (*EPOCHS, LAST):
            model = copy.deepcopy(toys.models["vae"])
            with torch.no_grad():
                for weight in model.parameters():
                    weight.mul_(1 - 0.04 * (LAST - epoch))
            self.models[epoch] = model
            self.latents[epoch] = encode(model, pictures()[0])
            site.add_epoch(self.side, epoch, model, self.latents[epoch])

    def decoded(self, epoch: int, z: list[float]) -> np.ndarray:
        return self.models[epoch].decode(torch.tensor([z])).flatten().numpy()


@pytest.fixture(scope="module")
def trained(site: StageSite, toys: Toys) -> Trained:
    return Trained(site, toys)


def show_epochs(page: Page, toys: Toys, trained: Trained, b: Any = None) -> None:
    show_and_remember(page, {**toys.data("vae"), "a": trained.side, "b": b})


def choose(page: Page, position: int, which: str = "a") -> None:
    page.locator(f".map[data-model={which}] .epochs input").fill(str(position))
    page.wait_for_timeout(700)  # the points are on their way for half a second
    frames(page)


def words(page: Page, which: str = "a") -> str:
    return page.locator(f".map[data-model={which}] .epochs output").inner_text()


def test_an_earlier_epoch_decodes_with_its_own_weights(
    page: Page, toys: Toys, trained: Trained
) -> None:
    show_epochs(page, toys, trained)
    assert words(page) == "9 of 9"
    target = trained.latents[LAST].mean(axis=0)
    page.mouse.move(*place_of(page, target))
    at_last, last_pixels = probe(page)
    assert_allclose(last_pixels, trained.decoded(LAST, at_last), atol=PIXEL_TOLERANCE)
    choose(page, 1)
    assert words(page) == "2 of 9"
    z, pixels = probe(page)
    assert_allclose(z, at_last, atol=1e-5, err_msg="raw axes stay where they are")
    assert_allclose(pixels, trained.decoded(2, z), atol=PIXEL_TOLERANCE)
    assert np.abs(np.subtract(pixels, last_pixels)).max() > 0.05
    choose(page, 0)
    assert words(page) == "before training"


def test_the_points_move_and_the_pinned_picture_goes_with_them(
    page: Page, toys: Toys, trained: Trained
) -> None:
    show_epochs(page, toys, trained)
    before = colours_drawn(page)
    page.mouse.click(*place_of(page, trained.latents[LAST][7]))
    index = page.evaluate("sent.at(-1)[1].index")
    choose(page, 0)
    assert_allclose(probe(page)[0], trained.latents[0][index], rtol=1e-5)
    assert sum(colours_drawn(page).values()) < sum(before.values()), "they are closer together"
    pin = page.locator(".map[data-model=a] .pin").bounding_box()
    assert pin is not None
    middle = (pin["x"] + pin["width"] / 2, pin["y"] + pin["height"] / 2)
    assert_allclose(middle, place_of(page, trained.latents[0][index]), atol=2)


def test_two_epochs_of_one_run_stand_side_by_side(page: Page, toys: Toys, trained: Trained) -> None:
    show_epochs(page, toys, trained, trained.side)
    choose(page, 2, "b")
    assert (words(page), words(page, "b")) == ("9 of 9", "5 of 9")
    page.mouse.click(*place_of(page, trained.latents[LAST][7]))
    index = page.evaluate("sent.at(-1)[1].index")
    for which, epoch in (("a", LAST), ("b", 5)):
        z, pixels = probe(page, which)
        assert_allclose(z, trained.latents[epoch][index], rtol=1e-5)
        assert_allclose(pixels, trained.decoded(epoch, z), atol=PIXEL_TOLERANCE)


def test_playing_goes_from_the_first_epoch_to_the_last_and_stops(
    page: Page, toys: Toys, trained: Trained
) -> None:
    show_epochs(page, toys, trained)
    page.get_by_role("button", name="Play the epochs").click()
    expect(page.locator(".epochs output")).to_have_text("before training")
    for told in ("2 of 9", "5 of 9", "9 of 9"):
        expect(page.locator(".epochs output")).to_have_text(told, timeout=15_000)
    expect(page.get_by_role("button", name="Play the epochs")).to_be_visible(timeout=15_000)


def test_a_rerun_of_the_page_keeps_the_epoch(page: Page, toys: Toys, trained: Trained) -> None:
    show_epochs(page, toys, trained)
    choose(page, 1)
    show_and_remember(page, {**toys.data("vae"), "a": trained.side, "b": toys.sides["ae"]})
    assert words(page) == "2 of 9"
    z, pixels = probe(page)
    assert_allclose(pixels, trained.decoded(2, z), atol=PIXEL_TOLERANCE)


def test_a_run_without_epochs_has_no_time_slider(page: Page, toys: Toys) -> None:
    show_and_remember(page, toys.data("ae"))
    expect(page.locator(".map[data-model=a] .epochs")).to_be_hidden()


def test_a_damaged_epoch_is_said_and_the_one_before_stays(
    page: Page, toys: Toys, trained: Trained
) -> None:
    side = copy.deepcopy(trained.side)
    side["epochs"][1]["weights"] = "artefacts/none.bin"
    show_and_remember(page, {**toys.data("vae"), "a": side})
    choose(page, 1)
    expect(page.get_by_role("alert")).to_contain_text("must be there; got HTTP 404")
    z, pixels = probe(page)
    assert_allclose(pixels, trained.decoded(LAST, z), atol=PIXEL_TOLERANCE)
    assert canvas(page).is_visible()
