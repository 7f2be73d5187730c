"""What goes with an image set or a run that is deleted."""

import dataclasses
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vizmodels.data import dataset_names
from vizmodels.data.own_images import add_own_images
from vizmodels.errors import ReadOnlyRun, UnknownDataset, UnknownRun
from vizmodels.experiment import Experiment
from vizmodels.runs.belongings import delete_run, delete_set, runs_on, runs_with
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run
from vizmodels.specs import PixelCNNSpec, VQVAESpec


@pytest.fixture
def library(tmp_path: Path, run: Run, other_run: Run) -> RunLibrary:
    """One shipped run, one of one's own, and one on one's own images."""
    RunLibrary(tmp_path / "shipped").save(run)
    library = RunLibrary(tmp_path / "runs", shipped=tmp_path / "shipped")
    library.save(other_run)
    mine = other_run.experiment.model_copy(update={"dataset": "mine", "pictures": "0" * 8})
    library.save(dataclasses.replace(other_run, experiment=mine))
    return library


def add_mine() -> None:
    stream, png = io.BytesIO(), io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(png, "PNG")
    with zipfile.ZipFile(stream, "w") as archive:
        for name in "12":
            archive.writestr(f"{name}.png", png.getvalue())
    add_own_images(stream, "mine", image_size=8)


def test_an_image_set_goes_with_its_runs_and_no_others(library: RunLibrary, run: Run) -> None:
    add_mine()
    (mine,) = runs_on(library, "mine")
    assert delete_set(library, "mine") == (mine.id,)
    assert "mine" not in dataset_names()
    assert {r.experiment.dataset for r in library.list()} == {"digits"}
    assert len(library.list()) == 2


def test_a_built_in_set_and_its_runs_are_never_deleted(library: RunLibrary) -> None:
    before = library.list()
    with pytest.raises(UnknownDataset):
        delete_set(library, "digits")
    assert library.list() == before


def test_a_shipped_run_is_never_deleted(library: RunLibrary, run: Run) -> None:
    assert runs_with(library, run.id) == ()
    with pytest.raises(ReadOnlyRun):
        delete_run(library, run.id)
    assert run.experiment in library


def test_a_vqvae_goes_with_the_priors_over_its_codes(
    library: RunLibrary, other_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = VQVAESpec()
    vq = Experiment(dataset="digits", model=spec)
    priors = [
        Experiment(dataset="digits", model=PixelCNNSpec(vq_run=run_id, vqvae=spec))
        for run_id in (vq.id, "0" * 12)
    ]
    pattern = next(r for r in library.list() if not r.shipped)
    records = [
        dataclasses.replace(pattern, id=experiment.id, experiment=experiment)
        for experiment in (*priors, vq)
    ]
    for record in records:
        (library.path / record.id).mkdir()
    monkeypatch.setattr(library, "list", lambda: records)
    assert [r.id for r in runs_with(library, vq.id)] == [vq.id, priors[0].id]
    assert delete_run(library, vq.id) == (vq.id, priors[0].id)
    with pytest.raises(UnknownRun):
        library.record(vq.id)
    assert priors[0] not in library and priors[1] in library
