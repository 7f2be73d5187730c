"""A sweep as its watchers see it, without an engine."""

from pathlib import Path

import pytest

from vizmodels.experiment import Experiment, Training
from vizmodels.jobs.sweeps import Sweeps
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
