"""The runs that come with the app: whole, small, and as good as they say."""

from pathlib import Path

import pytest
import torch

from vizmodels import gallery
from vizmodels.data import load_dataset
from vizmodels.data.bundled import digits
from vizmodels.experiment import Experiment, Training
from vizmodels.gallery import build, gallery_experiments, rounded_to_half
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train
from vizmodels.specs import AutoencoderSpec, VAESpec
from vizmodels.training.evaluation import evaluate

SHIPPED = ASSETS / "runs"
MAX_BYTES = 15_000_000
EXPERIMENTS = list(gallery_experiments())

SAME_WEIGHTS = 1e-4
"""Relative. float32 sums over the pixels of 4,000 to 10,000 images differ by about 1e-6 between
processors and numbers of threads; other weights or other images differ by far more than 1e-3."""


def named(experiment: Experiment) -> str:
    return f"{experiment.dataset}-{experiment.id}"


@pytest.fixture(scope="module")
def shipped() -> RunLibrary:
    return RunLibrary("/nonexistent", shipped=SHIPPED)


def assert_reproduced(run: Run) -> None:
    again = evaluate(run.model, load_dataset(run.experiment.dataset, download=False).test.images)
    assert again == pytest.approx(run.evaluation, rel=SAME_WEIGHTS)


def of(dataset: str) -> list[Experiment]:
    return [experiment for experiment in EXPERIMENTS if experiment.dataset == dataset]


def test_exactly_the_runs_of_the_gallery_are_shipped() -> None:
    assert {path.name for path in SHIPPED.iterdir()} == {e.id for e in EXPERIMENTS}


def test_no_experiment_is_in_the_gallery_twice() -> None:
    assert len({experiment.id for experiment in EXPERIMENTS}) == len(EXPERIMENTS)


def test_the_gallery_has_every_family_on_both_sets_of_digits() -> None:
    families = {(e.dataset, e.model.family, e.model.backbone) for e in EXPERIMENTS}
    for dataset in ("strokes", "mnist"):
        assert {(dataset, "autoencoder", "linear"), (dataset, "autoencoder", "mlp")} <= families
        assert {(dataset, "vae", "mlp"), (dataset, "vae", "conv")} <= families


def test_the_gallery_is_small_enough_to_come_with_the_app() -> None:
    size = sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file())
    assert size < MAX_BYTES


def test_every_shipped_run_is_listed_and_none_is_damaged(shipped: RunLibrary) -> None:
    assert {record.id for record in shipped.list()} == {e.id for e in EXPERIMENTS}
    assert shipped.damaged == {}


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=named)
def test_every_shipped_run_is_loaded_whole(shipped: RunLibrary, experiment: Experiment) -> None:
    run = shipped.load(experiment.id)
    assert run.experiment == experiment
    assert run.preview.shape[1] >= 8
    assert run.history.epochs[-1] == experiment.training.epochs


@pytest.mark.parametrize("experiment", of("strokes"), ids=named)
def test_a_shipped_run_on_strokes_is_as_good_as_it_says(
    shipped: RunLibrary, experiment: Experiment
) -> None:
    assert_reproduced(shipped.load(experiment.id))


@pytest.mark.parametrize("experiment", of("mnist"), ids=named)
def test_a_shipped_run_on_mnist_is_as_good_as_it_says(
    shipped: RunLibrary, experiment: Experiment, real_data: Path
) -> None:
    assert_reproduced(shipped.load(experiment.id))


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=named)
def test_a_shipped_run_is_shown_with_the_error_of_its_rounded_weights(
    shipped: RunLibrary, experiment: Experiment
) -> None:
    weights = shipped.load(experiment.id).model.state_dict().values()
    assert all(torch.equal(weight.half().float(), weight) for weight in weights)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[Experiment]:
    """A gallery of two quick runs on digits, and one whose data are not here."""
    quick = Training(epochs=1, batch_size=500)
    experiments = [
        Experiment(dataset="digits", model=VAESpec(widths=(8,)), training=quick),
        Experiment(dataset="digits", model=AutoencoderSpec(widths=(8,)), training=quick),
        Experiment(dataset="not-on-this-machine", model=AutoencoderSpec()),
    ]
    monkeypatch.setattr(gallery, "gallery_experiments", lambda: iter(experiments))
    return experiments


def test_building_trains_what_is_wanted_and_removes_what_is_not(
    few: list[Experiment], tmp_path: Path
) -> None:
    library = RunLibrary(tmp_path)
    old = few[0].model_copy(update={"training": Training(epochs=1, seed=9)})
    library.save(train(old, device="cpu"))
    build(tmp_path)
    assert {record.id for record in library.list()} == {few[0].id, few[1].id}


def test_building_again_trains_nothing(
    few: list[Experiment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path)

    def refuse(_: Experiment) -> Run:
        raise AssertionError("a run that is there already is trained")

    monkeypatch.setattr(gallery, "train", refuse)
    build(tmp_path)
    with pytest.raises(AssertionError, match="trained"):
        build(tmp_path, again=True)


def test_a_run_rounded_to_half_loses_nothing_more_on_disk(tmp_path: Path) -> None:
    experiment = Experiment(
        dataset="digits", model=VAESpec(widths=(8,)), training=Training(epochs=1)
    )
    rounded = rounded_to_half(train(experiment, device="cpu"))
    library = RunLibrary(tmp_path)
    library.save(rounded, half=True)
    loaded = library.load(experiment.id)
    assert evaluate(loaded.model, digits().test.images) == rounded.evaluation == loaded.evaluation
