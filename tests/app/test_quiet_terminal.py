"""What the server's terminal says while visitors walk about and train: nothing after its start."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from bench.serving import CONNECTED, SETTLED, Served

LIMIT_MS = 180_000
PAGES = (
    *("", "train", "ablation", "latent_space", "reconstruction", "denoising", "interpolation"),
    *("sampling", "codebook", "information"),
)


@pytest.fixture
def page(browser: Browser, app: Served) -> Iterator[Page]:
    context = browser.new_context(base_url=app.address)
    context.set_default_timeout(LIMIT_MS)
    yield context.new_page()
    context.close()


def test_ten_pages_and_a_training_leave_only_the_lines_of_the_start(
    page: Page, app: Served
) -> None:
    for address in PAGES:
        page.goto(f"/{address}")
        page.wait_for_selector(CONNECTED)
        page.wait_for_selector(SETTLED)
        page.wait_for_timeout(2000)  # the page runs again after its first second
    page.goto("/train")
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill("1")
    epochs.press("Enter")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("button", name="See its latent space").wait_for()
    page.wait_for_timeout(3000)  # a timer of what ran while it trained may still fire
    said = [line for line in app.log.read_text().splitlines() if line.strip()]
    assert said == [
        "  You can now view your Streamlit app in your browser.",
        f"  URL: {app.address}",
    ]
