"""A server that is killed while it trains, and the next one."""

import os
import re
import signal
from pathlib import Path

from playwright.sync_api import Browser
from train_page import new_visitor, shown_step, train_long, wait_for_steps

from bench.serving import serve


def test_a_killed_server_lists_its_training_at_the_next_start_and_goes_on_with_it(
    browser: Browser, tmp_path: Path
) -> None:
    environment = {"LATENTARIUM_HOME": str(tmp_path)}
    checkpoints = tmp_path / "cache" / "checkpoints"
    with serve(("run", "app.py"), tmp_path, environment) as first:
        page = new_visitor(browser, first.address)
        train_long(page)
        wait_for_steps(page)
        for _ in range(600):
            if list(checkpoints.glob("*.safetensors")):
                break
            page.wait_for_timeout(100)
        page.context.close()
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
    with serve(("run", "app.py"), tmp_path, environment) as second:
        page = new_visitor(browser, second.address)
        page.goto("/train")
        page.get_by_text("Interrupted").first.wait_for()
        page.get_by_role("button", name=re.compile("go on")).first.click()
        page.get_by_text("The server ended before it was done").wait_for()
        page.get_by_role("button", name="Go on", exact=True).click()
        wait_for_steps(page)
        assert shown_step(page) > 1
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Stopped").first.wait_for()
        page.context.close()
