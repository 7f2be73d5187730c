"""One engine for all tests of jobs, with one worker for trainings and calls alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from vizmodels import RunLibrary
from vizmodels.jobs import JobBoard


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine-home")


@pytest.fixture(scope="package")
def engine(home: Path) -> Iterator[JobBoard]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTARIUM_HOME", str(home))
        patch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
        patch.setattr("vizmodels.jobs.cluster.CPU_COUNT", 1)  # one thread, as in `_one_thread`
        opened = JobBoard(RunLibrary(home / "runs"), n_workers=1, calls_apart=False)
        opened.start_in_background()
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def _home_of_the_workers(_own_home: None, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is started again takes its environment from this process as it then is."""
    monkeypatch.setenv("LATENTARIUM_HOME", str(home))


@pytest.fixture(scope="package", autouse=True)
def _one_thread() -> Iterator[None]:
    """Sums are split among the threads: the same number here and there gives the same bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
