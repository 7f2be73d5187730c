"""What every test starts from: a home of its own, and the real data where they are there."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from jaxtyping import install_import_hook
from playwright.sync_api import Browser
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from bench.serving import CHROMIUM, chromium

# libgomp's threads spin while they wait unless told otherwise, before torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:  # each of the processes has one core
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Shapes and types are checked on every call under test; the hook reaches only what is imported
# after it. These modules annotate shapes. Others do not, and have annotations that beartype refuses
# where they are right: `Self` in the experiment, `BinaryIO` (of a BytesIO) in the data.
SHAPED = ("data.stroke_pen", "models", "training", "runs", "analysis", "figures")
install_import_hook([f"vizmodels.{module}" for module in SHAPED], "beartype.beartype")

TOGETHER = {
    "server": ("app/",),
    "runs": ("pages/",),
    "engine": ("jobs/test_board", "jobs/test_full_disk", "jobs/test_orders"),
    "killed server": ("app/test_killed_server",),
    "cluster": ("jobs/test_remote_cluster",),
    "browser": ("browser/",),
}
"""Tests that share what takes long to start, and so stay in one process; the longest begin."""


def together(path: str) -> str:
    """Name of the tests that those of a file stay together with; the file's own if they do not.

    `path` is relative to the root of the project. The longest of the starts that fit decides.
    """
    within = path.removeprefix("tests/")
    names = {start: name for name, starts in TOGETHER.items() for start in starts}
    fitting = [start for start in names if within.startswith(start)]
    return names[max(fitting, key=len)] if fitting else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Each process takes whole files, or all tests that share something."""

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid.partition("::")[0])

    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    places = {name: place for place, name in enumerate(TOGETHER)}

    def place(item: pytest.Item) -> int:
        return places.get(together(item.nodeid.partition("::")[0]), len(places))

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps runs, own images and caches out of the user's home."""
    monkeypatch.setenv("LATENTARIUM_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def real_data() -> Path:
    """The folder of the byte-exact MNIST and of CIFAR-10's pictures as JPEG files."""
    given = os.environ.get("LATENTARIUM_DATA")
    if given and (Path(given) / "MNIST" / "raw").is_dir():
        return Path(given)
    reason = "LATENTARIUM_DATA names no folder with the real MNIST/raw in it"
    if os.environ.get("LATENTARIUM_STRICT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests that need one."""
    if not Path(CHROMIUM).exists():
        reason = f"no Chromium at {CHROMIUM}"
        if os.environ.get("LATENTARIUM_STRICT") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with chromium() as opened:
        yield opened
