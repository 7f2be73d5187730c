"""A small library of runs on digits: one of each kind that questions read."""

from pathlib import Path

import pytest

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.experiment import Experiment, Training
from vizmodels.results.store import Results
from vizmodels.runs.library import RunLibrary, RunRecord
from vizmodels.runs.run import Run, train
from vizmodels.specs import AnySpec, AutoencoderSpec, ClassifierSpec


def on_digits(spec: AnySpec, seed: int = 0) -> Run:
    training = Training(epochs=1, batch_size=500, seed=seed)
    return train(Experiment(dataset="digits", model=spec, training=training), device="cpu")


@pytest.fixture(scope="session")
def trained() -> tuple[Run, Run]:
    """An autoencoder, and a classifier of the same pictures."""
    return on_digits(AutoencoderSpec(widths=(8,), latent_dim=3)), on_digits(
        ClassifierSpec(widths=(4,), n_features=8)
    )


@pytest.fixture
def atlas(trained: tuple[Run, Run], tmp_path: Path) -> Atlas:
    library = RunLibrary(tmp_path / "runs")
    for run in trained:
        library.save(run)
    return Atlas(library)


@pytest.fixture
def results(atlas: Atlas, tmp_path: Path) -> Results:
    return Results(atlas, tmp_path / "results")


@pytest.fixture
def run(atlas: Atlas, trained: tuple[Run, Run]) -> RunRecord:
    return atlas.library.record(trained[0].id)


@pytest.fixture
def judge(atlas: Atlas, trained: tuple[Run, Run]) -> RunRecord:
    return atlas.library.record(trained[1].id)
