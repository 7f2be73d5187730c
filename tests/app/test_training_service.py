"""The Train page as a class uses it: pausing, steering, sharing, limits."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from train_page import STARTS_MS, new_visitor, shown_step, train_long, wait_for_steps

from bench.serving import Served


@pytest.fixture
def ada(browser: Browser, app: Served) -> Iterator[Page]:
    page = new_visitor(browser, app.address)
    yield page
    stop = page.get_by_role("button", name="Stop")
    if stop.count():  # what a test leaves running would make the next one wait
        stop.first.click()
        page.get_by_text("Stopped").first.wait_for()
    page.context.close()


def test_a_training_is_paused_stepped_steered_and_says_so(ada: Page) -> None:
    train_long(ada)
    wait_for_steps(ada)
    ada.get_by_role("button", name="Pause").click()
    ada.get_by_text("Paused").first.wait_for()
    ada.get_by_role("button", name="Resume").wait_for()
    before = shown_step(ada)
    ada.wait_for_timeout(800)
    assert shown_step(ada) == before
    ada.get_by_role("button", name="Step").click()
    expect(ada.get_by_text(f"step {before + 1:,}").first).to_be_visible(timeout=STARTS_MS)
    job = ada.url
    ada.get_by_role("slider", name="KL weight").press("ArrowRight")
    expect(ada).to_have_url(re.compile(r"job=[0-9a-f]{12}-[0-9a-f]{6}"), timeout=STARTS_MS)
    assert ada.url != job
    ada.get_by_role("button", name="Resume").click()
    ada.get_by_text("steered").first.wait_for()
    marked = ada.locator("img[alt^='kl in nats']")
    marked.wait_for()
    source = marked.get_attribute("src") or ""
    for _ in range(50):
        if "KL weight" in decoded(source):
            break
        ada.wait_for_timeout(200)
        source = marked.get_attribute("src") or ""
    assert "KL weight 0.003" in decoded(source)


def decoded(source: str) -> str:
    import base64

    return base64.b64decode(source.split(",", 1)[1]).decode() if "," in source else ""


def test_two_browsers_that_ask_for_the_same_watch_one_job_and_one_may_leave(
    ada: Page, browser: Browser, app: Served
) -> None:
    train_long(ada, epochs=198)
    wait_for_steps(ada)
    grace = new_visitor(browser, app.address)
    train_long(grace, epochs=198)
    wait_for_steps(grace)
    assert grace.url.split("job=")[1] == ada.url.split("job=")[1]
    grace.get_by_text("You share this training with another visitor").wait_for()
    eve = new_visitor(browser, app.address)
    eve.goto(ada.url)
    eve.get_by_text("You watch what another visitor trains").wait_for()
    assert not eve.get_by_role("button", name="Pause").count()
    ada.reload()
    ada.get_by_role("button", name="Pause").wait_for()  # a reload does not lose it
    grace.get_by_role("button", name="Leave").click()
    at = shown_step(ada)
    ada.wait_for_timeout(1500)
    assert shown_step(ada) > at
    for page in (grace, eve):
        page.context.close()


def test_a_third_training_of_a_visitor_is_refused_with_when_to_come_back(ada: Page) -> None:
    for epochs in (197, 196):
        train_long(ada, epochs=epochs)
        expect(ada).to_have_url(re.compile("job="))
    train_long(ada, epochs=195)
    refusal = ada.get_by_text("What you train must be at most 2 jobs at once; got 3. Come back")
    refusal.wait_for()
