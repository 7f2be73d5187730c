"""What the server's terminal says while visitors walk about and train: nothing after its start."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from train_page import fill, new_visitor

from bench.serving import Served, wait_until_settled

LIMIT_MS = 300_000
AGAIN_MS = 2000  # a page runs again by itself after its first second
LATE_MS = 3000  # a timer of what ran while it trained may still fire
PAGES = (
    *("", "train", "ablation", "latent_space", "reconstruction", "denoising", "interpolation"),
    *("sampling", "codebook", "information"),
)


@pytest.fixture
def page(browser: Browser, app: Served) -> Iterator[Page]:
    page = new_visitor(browser, app.address)
    page.set_default_timeout(LIMIT_MS)
    yield page
    page.context.close()


def test_ten_pages_and_a_training_leave_only_the_lines_of_the_start(
    page: Page, app: Served
) -> None:
    before = app.log.read_text()
    assert f"URL: {app.address}" in before
    for address in PAGES:
        page.goto(f"/{address}")
        wait_until_settled(page)
        page.wait_for_timeout(AGAIN_MS)
    page.goto("/train")
    page.get_by_text("The engine is ready").wait_for()
    fill(page, "Epochs", "1")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("button", name="See its latent space").wait_for()
    page.wait_for_timeout(LATE_MS)
    assert app.log.read_text().removeprefix(before) == ""
