"""On a phone the decoded pictures are beside the finger, in a corner of the map."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from numpy.testing import assert_allclose
from playwright.sync_api import Browser, CDPSession, Locator, Page
from stage_site import StageSite
from stage_toys import Toys, canvas, frames, probe, show

PHONE = {"width": 390, "height": 844}
ABOVE = 350  # px, about what a page has above its stage


@dataclass
class Finger:
    """A finger that goes down, moves and goes up."""

    page: Page
    session: CDPSession

    def touch(self, x: float, y: float, which: str = "a", event: str = "Move") -> None:
        """At shares of a map's width and height."""
        left, top, width, height = box(canvas(self.page, which))
        at = {"x": left + x * width, "y": top + y * height}
        points = [] if event == "End" else [at]
        self.session.send(
            "Input.dispatchTouchEvent", {"type": f"touch{event}", "touchPoints": points}
        )
        frames(self.page, 3)


@pytest.fixture
def phone(site: StageSite, browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport=PHONE, has_touch=True, is_mobile=True)
    page.goto(site.address)
    page.wait_for_function("window.harnessReady")
    page.add_style_tag(content=f"body {{ padding-top: {ABOVE}px !important; }}")
    yield page
    page.close()


@pytest.fixture
def finger(phone: Page) -> Finger:
    return Finger(phone, phone.context.new_cdp_session(phone))


def corner(page: Page) -> Locator:
    return page.locator(".corner")


def box(locator: Locator) -> tuple[float, float, float, float]:
    bounds = locator.bounding_box()
    assert bounds is not None
    return bounds["x"], bounds["y"], bounds["width"], bounds["height"]


def drawn(page: Page, which: str) -> list[int]:
    return page.evaluate(
        """which => {
          const canvas = stageRoot().querySelector(`.corner [data-model=${which}] canvas`);
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return Array.from(data).filter((_, i) => i % 4 === 0);
        }""",
        which,
    )


def test_what_is_under_the_finger_is_decoded_within_the_window(
    phone: Page, finger: Finger, toys: Toys
) -> None:
    show(phone, toys.data("vae"))
    assert corner(phone).count() == 0
    finger.touch(0.5, 0.8, event="Start")
    seen = []
    for x in (0.3, 0.6):
        finger.touch(x, 0.8)
        left, top, width, height = box(corner(phone))
        assert left >= 0 and top >= 0
        assert left + width <= PHONE["width"] and top + height <= PHONE["height"]
        seen.append(drawn(phone, "a"))
        assert_allclose(seen[-1], [255 * value for value in probe(phone)[1]], atol=1)
    assert seen[0] != seen[1]
    sides = box(corner(phone).locator("canvas"))[2:]
    assert sides[0] % 28 == 0, "each pixel is a whole number of screen pixels"


def test_both_models_pictures_come_to_the_map_that_is_touched(
    phone: Page, finger: Finger, toys: Toys
) -> None:
    show(phone, toys.data("vae", "ae"))
    for which in "ab":
        canvas(phone, which).scroll_into_view_if_needed()
        finger.touch(0.5, 0.8, which, "Start")
        plot = box(phone.locator(f".map[data-model={which}] .plot"))
        left, top, width, height = box(corner(phone))
        assert plot[0] <= left and left + width <= plot[0] + plot[2]
        assert plot[1] <= top and top + height <= plot[1] + plot[3]
        assert corner(phone).locator("canvas").count() == 2
        finger.touch(0.5, 0.8, which, "End")


def test_the_pictures_make_way_for_the_finger_and_stay_where_they_went(
    phone: Page, finger: Finger, toys: Toys
) -> None:
    show(phone, toys.data("vae"))
    finger.touch(0.5, 0.95, event="Start")
    plot = box(canvas(phone))
    places = []
    for x, y in ((0.9, 0.1), (0.5, 0.9), (0.1, 0.1), (0.5, 0.2), (0.95, 0.3)):
        finger.touch(x, y)
        left, top, width, height = box(corner(phone))
        at = plot[0] + x * plot[2], plot[1] + y * plot[3]
        assert not (left <= at[0] <= left + width and top <= at[1] <= top + height)
        places.append(left < plot[0] + plot[2] / 4)
    assert places[:3] == [True, True, False], "left, still left, right"


def test_the_corner_is_empty_again_once_the_read_out_is_in_sight(
    phone: Page, finger: Finger, toys: Toys
) -> None:
    show(phone, toys.data("vae"))
    finger.touch(0.5, 0.8, event="Start")
    assert corner(phone).is_visible()
    phone.locator(".readout").scroll_into_view_if_needed()
    phone.evaluate("window.scrollBy(0, 200)")
    phone.wait_for_function("stageRoot().querySelector('.corner').hidden")
    frames(phone)
    assert not corner(phone).is_visible()


def test_a_wide_page_has_its_read_out_beside_the_map_and_nothing_in_the_corner(
    page: Page, toys: Toys
) -> None:
    show(page, toys.data("vae"))
    canvas(page).hover()
    frames(page, 3)
    assert not corner(page).is_visible()
