"""The Train page as a visitor works it."""

import re

from playwright.sync_api import Browser, BrowserContext, Page

from bench.serving import wait_until_settled

STARTS_MS = 120_000  # the engine's first start takes 10 s on two quiet cores
STEP = re.compile(r"step ([\d,]+)")


def new_visitor(browser: Browser, address: str) -> Page:
    context: BrowserContext = browser.new_context(
        viewport={"width": 1440, "height": 1000}, base_url=address
    )
    context.set_default_timeout(STARTS_MS)
    return context.new_page()


def fill(page: Page, label: str, value: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")
    wait_until_settled(page)


def train_long(page: Page, *, epochs: int = 200) -> None:
    """Press Train for a training that will not end by itself in a minute."""
    page.goto("/train")
    page.get_by_text("The engine is ready").wait_for()
    fill(page, "Epochs", str(epochs))
    page.get_by_role("button", name="Train", exact=True).click()


def shown_step(page: Page) -> int:
    found = STEP.search(page.get_by_text(STEP).first.inner_text())
    assert found is not None
    return int(found[1].replace(",", ""))


def wait_for_steps(page: Page) -> None:
    page.get_by_text(STEP).first.wait_for()
