"""A sweep as its watchers see it, without an engine."""

import json
from pathlib import Path

import pytest

from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import Experiment, Training
from vizmodels.jobs.sweeps import Sweeps, read_sweep, write_sweep
from vizmodels.runs.library import RunLibrary, RunRecord
from vizmodels.runs.run import train
from vizmodels.specs import VAESpec
from vizmodels.sweep import Sweep

BASE = Experiment(dataset="digits", model=VAESpec(widths=(8,)), training=Training(epochs=1))
SWEEP = Sweep(base=BASE, latent_dim=(1, 2), seeds=(0,))


def test_a_finished_run_is_read_once_however_often_the_sweep_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = RunLibrary(tmp_path / "runs")
    first, _ = SWEEP.experiments()
    library.save(train(first))
    read: list[str] = []
    record = library.record

    def counted(run_id: str) -> RunRecord:
        read.append(run_id)
        return record(run_id)

    monkeypatch.setattr(library, "record", counted)
    sweeps = Sweeps(library, tmp_path / "sweeps")
    sweeps._keep(SWEEP)
    for _ in range(3):
        done, missing = sweeps.progress(SWEEP.id).cells
        assert done.state == "done" and done.evaluation and done.is_stored
        assert missing.state == "missing" and not missing.is_stored
    assert read == [first.id]
    library.delete(first.id)
    assert sweeps.progress(SWEEP.id).n_done == 0, "a deleted run is missing again"


def test_a_kept_sweep_is_read_back_also_one_of_an_earlier_version(tmp_path: Path) -> None:
    write_sweep(SWEEP, tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.stem == SWEEP.id and read_sweep(file.read_bytes()) == SWEEP
    earlier = {"sweep": SWEEP.model_dump(mode="json"), "evaluations": {}}
    assert read_sweep(json.dumps(earlier).encode()) == SWEEP
    for content in (b"", b"[]", b"{}", b'{"sweep": 3}'):
        with pytest.raises(InvalidExperiment):
            read_sweep(content)


def test_a_shipped_sweep_shows_what_was_measured_until_somebody_starts_it_here(
    tmp_path: Path,
) -> None:
    write_sweep(SWEEP, tmp_path / "shipped")
    asked: list[str] = []

    def measured(experiment: Experiment) -> dict[str, float]:
        asked.append(experiment.id)
        return {"loss": 0.5}

    library = RunLibrary(tmp_path / "runs")
    folders = (tmp_path / "sweeps", tmp_path / "shipped")
    sweeps = Sweeps(library, *folders, measured=measured)
    assert sweeps.first_shipped() == SWEEP.id
    cells = sweeps.progress(SWEEP.id).cells
    assert [cell.evaluation for cell in cells] == [{"loss": 0.5}] * 2
    assert not any(cell.is_stored for cell in cells) and len(asked) == 2
    sweeps._keep(SWEEP)
    assert sweeps.progress(SWEEP.id).n_done == 0
