"""The list of runs is read once, and whatever changes in its folders is noticed."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vizmodels.errors import DamagedRun
from vizmodels.runs import listing as listings
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run

ROOT = Path(__file__).resolve().parent.parent.parent
N_RUNS = 500
SECONDS_OF_A_CORE = 0.005
LISTS_TWENTY_TIMES = """
import sys, time
from vizmodels.runs.library import RunLibrary

library, taken = RunLibrary(sys.argv[1]), []
n_runs = len(library.list())
for _ in range(20):
    began = time.thread_time()
    assert len(library.list()) == n_runs
    taken.append(time.thread_time() - began)
assert "torch" not in sys.modules
print(n_runs, sorted(taken)[10])
"""


@pytest.fixture
def library(tmp_path: Path, run: Run, other_run: Run) -> RunLibrary:
    """A library that has been listed with two runs in it."""
    library = RunLibrary(tmp_path / "runs")
    library.save(run)
    library.save(other_run)
    assert len(library.list()) == 2
    return library


def ids(library: RunLibrary) -> set[str]:
    return {record.id for record in library.list()}


def test_what_does_not_change_is_read_once(
    library: RunLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "read_record", lambda *_: pytest.fail("read again"))
    assert len(library.list()) == 2


def test_a_run_deleted_by_another_process_is_gone(library: RunLibrary, run: Run) -> None:
    shutil.rmtree(library.path / run.id)
    assert run.id not in ids(library)


def test_a_run_saved_by_another_process_is_listed(
    library: RunLibrary, run: Run, other_run: Run
) -> None:
    library.delete(run.id)
    assert ids(library) == {other_run.id}
    RunLibrary(library.path).save(run)
    assert ids(library) == {run.id, other_run.id}


def test_a_run_that_was_replaced_is_read_again(library: RunLibrary, run: Run) -> None:
    again = Run(run.experiment, run.model, run.history, {"loss": 0.125}, run.environment)
    again = Run(**{**vars(again), "preview": run.preview})
    RunLibrary(library.path).save(again)
    assert next(r for r in library.list() if r.id == run.id).evaluation == {"loss": 0.125}


@pytest.mark.parametrize("file", ["experiment.json", "evaluation.json", "environment.json"])
def test_a_file_written_over_is_noticed(library: RunLibrary, run: Run, file: str) -> None:
    (library.path / run.id / file).write_text("{")
    time.sleep(listings.LOOK_INTO_SECONDS)
    assert run.id not in ids(library)
    assert list(library.unreadable) == [run.id]


@pytest.mark.parametrize("file", ["weights.safetensors", "preview.png", "evaluation.json"])
def test_a_file_that_goes_missing_is_noticed(library: RunLibrary, run: Run, file: str) -> None:
    (library.path / run.id / file).unlink()
    assert run.id not in ids(library)
    assert f"no {file}" in str(library.unreadable[run.id])


def test_one_record_is_looked_up_as_the_list_is(library: RunLibrary, run: Run) -> None:
    evaluation = library.path / run.id / "evaluation.json"
    told = json.loads(evaluation.read_text())
    evaluation.write_text(json.dumps({**told, "loss": 0.25}))
    assert library.record(run.id).evaluation["loss"] == 0.25
    evaluation.unlink()
    with pytest.raises(DamagedRun, match=r"no evaluation\.json"):
        library.record(run.id)


def test_five_hundred_runs_are_listed_again_within_milliseconds(tmp_path: Path, run: Run) -> None:
    library = RunLibrary(tmp_path / "runs")
    pattern = library.save(run)
    for seed in range(1, N_RUNS):
        training = run.experiment.training.model_copy(update={"seed": seed})
        experiment = run.experiment.model_copy(update={"training": training})
        shutil.copytree(pattern, library.path / experiment.id)
        (library.path / experiment.id / "experiment.json").write_text(experiment.to_json())
    # In a process of its own: here every function checks the types of what it is given.
    told = subprocess.run(
        [sys.executable, "-c", LISTS_TWENTY_TIMES, str(library.path)],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    n_runs, seconds = told.stdout.split()
    assert int(n_runs) == N_RUNS
    assert float(seconds) < SECONDS_OF_A_CORE
