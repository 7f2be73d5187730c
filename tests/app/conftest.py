"""The whole app, served to a Chromium: one server and one home for all tests that do not end it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bench.serving import Served, serve


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app-home")


@pytest.fixture(scope="package")
def app(home: Path, browser: Browser) -> Iterator[Served]:
    assert browser
    with serve(("run", "app.py"), home, {"LATENTARIUM_HOME": str(home)}) as served:
        yield served
        assert "Traceback" not in served.log.read_text()
