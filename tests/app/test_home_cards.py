"""Home's doors and cards in a real browser: by mouse and by keyboard."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bench.serving import Served
from bench.stage_maps import MAP_IS_ALIVE

LIMIT_MS = 120_000
AE = "AE mlp · 2-D"


@pytest.fixture
def home_page(browser: Browser, app: Served) -> Iterator[Page]:
    context = browser.new_context(base_url=app.address)
    context.set_default_timeout(LIMIT_MS)
    page = context.new_page()
    page.goto("/")
    page.wait_for_selector(MAP_IS_ALIVE)
    yield page
    context.close()


def card(page: Page, title: str) -> Locator:
    return page.locator(f".card[aria-label^='{title},']:visible")


def expect_its_map(page: Page) -> None:
    expect(page.locator(".map-title").first).to_have_text(f"{AE} · strokes", timeout=LIMIT_MS)


def test_a_click_anywhere_on_a_card_opens_its_runs_map(home_page: Page) -> None:
    card(home_page, AE).click(position={"x": 4, "y": 4})
    expect_its_map(home_page)
    expect(home_page).to_have_url(re.compile(r"\?a=[0-9a-f]{12}"))


def test_a_card_is_reached_and_pressed_by_keys_and_shows_where_the_focus_is(
    home_page: Page,
) -> None:
    before = home_page.locator(".card").nth(0)
    before.focus()
    home_page.keyboard.press("Tab")
    focused = home_page.locator(".card").nth(1)
    expect(focused).to_be_focused()
    expect(focused).to_have_css("outline-style", "solid")
    expect(before).to_have_css("outline-style", "none")
    card(home_page, AE).focus()
    home_page.keyboard.press("Enter")
    expect_its_map(home_page)


def test_the_strips_are_pictures_and_of_whole_pixels(home_page: Page) -> None:
    picture = home_page.locator(".card img").first
    home_page.wait_for_function("(img) => img.complete", arg=picture.element_handle())
    natural, shown = picture.evaluate("(img) => [img.naturalWidth, img.clientWidth]")
    assert natural > 0 and shown % natural == 0


@pytest.mark.parametrize(
    ("title", "page"),
    [("Explore", "latent_space"), ("Train", "train"), ("Learn", "reconstruction")],
)
def test_a_door_leads_to_its_page(home_page: Page, title: str, page: str) -> None:
    name = home_page.locator("b", has_text=re.compile(f"^{title}$"))
    door = home_page.locator(".door", has=name)
    assert door.get_attribute("href") == page
    door.press("Enter")
    home_page.wait_for_url(re.compile(rf"/{page}\b"))


def test_the_card_of_a_classifier_leads_to_how_it_learned(home_page: Page) -> None:
    card(home_page, "Classifier · 64 features").click()
    home_page.wait_for_url(re.compile(r"/train\?run=[0-9a-f]{12}"))
