"""A site that serves the stage alone, and pages of it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from stage_site import StageSite, serve
from stage_toys import Toys


@pytest.fixture(scope="session")
def site() -> Iterator[StageSite]:
    with serve() as site:
        yield site


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all pages: a fresh one costs a second."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, site: StageSite) -> Iterator[Page]:
    """The harness page; an error nobody caught in it fails the test."""
    yield from _open(context, site)


@pytest.fixture(scope="session")
def shared_page(context: BrowserContext, site: StageSite) -> Iterator[Page]:
    """The same page for every test of functions that touch nothing in it."""
    yield from _open(context, site)


def _open(context: BrowserContext, site: StageSite) -> Iterator[Page]:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(site.address)
    page.wait_for_function("window.harnessReady")
    yield page
    page.close()
    assert not errors, errors


@pytest.fixture(scope="session")
def toys(site: StageSite) -> Toys:
    return Toys(site)
