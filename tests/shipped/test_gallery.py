"""The runs that come with the app: whole, small, and as good as they say."""

from pathlib import Path

import pytest
import torch

from vizmodels.data import load_dataset
from vizmodels.data.bundled import digits
from vizmodels.experiment import Experiment, Training
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train
from vizmodels.shipped import runs as gallery
from vizmodels.shipped.runs import build, gallery_experiments, rounded_to_half
from vizmodels.specs import SPECS, AutoencoderSpec, PixelCNNSpec, VAESpec
from vizmodels.training.evaluation import evaluate_whole

SHIPPED = ASSETS / "runs"
MAX_BYTES = 40_000_000
EXPERIMENTS = list(gallery_experiments())

SAME_WEIGHTS = 1e-4
"""Relative. float32 sums over the pixels of 4,000 to 10,000 images differ by about 1e-6 between
processors and numbers of threads; other weights or other images differ by far more than 1e-3."""


NEARLY_THE_SAME_CODES = 2e-3


def named(experiment: Experiment) -> str:
    return f"{experiment.dataset}-{experiment.id}"


@pytest.fixture(scope="module")
def shipped() -> RunLibrary:
    return RunLibrary("/nonexistent", shipped=SHIPPED)


def assert_reproduced(run: Run) -> None:
    test = load_dataset(run.experiment.dataset, download=False).test
    binarise = run.experiment.training.binarise
    terms = evaluate_whole(run.model, test.images, test.labels, binarise=binarise)
    # A vector between two codes may fall to either, as sums are rounded here or there, and so may a
    # draw between two classes.
    has_codes = isinstance(run.model, VQVAE | VQPrior | DiscreteVAE)
    rel = NEARLY_THE_SAME_CODES if has_codes else SAME_WEIGHTS
    assert terms == pytest.approx(run.evaluation, rel=rel)


def of(dataset: str) -> list[Experiment]:
    return [experiment for experiment in EXPERIMENTS if experiment.dataset == dataset]


def test_exactly_the_runs_of_the_gallery_are_shipped() -> None:
    assert {path.name for path in SHIPPED.iterdir()} == {e.id for e in EXPERIMENTS}


def test_no_experiment_is_in_the_gallery_twice() -> None:
    assert len({experiment.id for experiment in EXPERIMENTS}) == len(EXPERIMENTS)


def test_the_gallery_has_every_family_and_backbone_on_strokes() -> None:
    shown = {(e.model.family, e.model.backbone) for e in of("strokes")}
    assert {family for family, _ in shown} == set(SPECS)
    assert {backbone for family, backbone in shown if family == "autoencoder"} == {
        "linear", "mlp", "conv", "transformer",
    }  # fmt: skip


def test_the_gallery_has_every_family_on_mnist_and_a_vqvae_in_colour() -> None:
    assert {e.model.family for e in of("mnist")} == set(SPECS)
    assert "vqvae" in {e.model.family for e in of("cifar10")}


def test_every_labelled_set_of_the_gallery_has_its_classifier() -> None:
    judged = {e.dataset for e in EXPERIMENTS if e.model.family == "classifier"}
    assert judged == {e.dataset for e in EXPERIMENTS} == {"strokes", "mnist", "cifar10", "digits"}


def test_every_prior_names_a_shipped_vqvae(shipped: RunLibrary) -> None:
    priors = [e.model for e in EXPERIMENTS if isinstance(e.model, PixelCNNSpec)]
    assert priors
    for prior in priors:
        vqvae = shipped.load(prior.vq_run)
        assert vqvae.experiment.model == prior.vqvae


def test_a_shipped_prior_encodes_as_its_vqvae(shipped: RunLibrary) -> None:
    (prior,) = (e for e in of("strokes") if isinstance(e.model, PixelCNNSpec))
    assert isinstance(prior.model, PixelCNNSpec)
    x = load_dataset("strokes").test.images[:50].float() / 255
    codes = [
        shipped.load(run_id).autoencoder.encode(x) for run_id in (prior.id, prior.model.vq_run)
    ]
    assert torch.equal(*codes)


def test_the_colour_runs_say_what_they_were_trained_on(shipped: RunLibrary) -> None:
    for experiment in of("cifar10"):
        source = shipped.record(experiment.id).environment["data"]
        assert source == "CIFAR-10's pictures re-encoded as JPEG (cifar10-jpeg.tar)"


def test_the_gallery_is_small_enough_to_come_with_the_app() -> None:
    size = sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file())
    assert size < MAX_BYTES


def test_every_shipped_run_is_listed_and_none_is_damaged(shipped: RunLibrary) -> None:
    assert {record.id for record in shipped.list()} == {e.id for e in EXPERIMENTS}
    assert shipped.unreadable == {}


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=named)
def test_every_shipped_run_is_loaded_whole(shipped: RunLibrary, experiment: Experiment) -> None:
    run = shipped.load(experiment.id)
    assert run.experiment == experiment
    assert run.preview.shape[1] >= 8
    assert run.history.epochs[-1] == experiment.training.epochs


@pytest.mark.parametrize("experiment", [*of("strokes"), *of("digits")], ids=named)
def test_a_shipped_run_on_bundled_images_is_as_good_as_it_says(
    shipped: RunLibrary, experiment: Experiment
) -> None:
    assert_reproduced(shipped.load(experiment.id))


@pytest.mark.parametrize("experiment", of("mnist"), ids=named)
def test_a_shipped_run_on_mnist_is_as_good_as_it_says(
    shipped: RunLibrary, experiment: Experiment, real_data: Path
) -> None:
    assert_reproduced(shipped.load(experiment.id))


@pytest.mark.parametrize("experiment", of("cifar10"), ids=named)
def test_a_shipped_run_on_cifar10_is_as_good_as_it_says(
    shipped: RunLibrary, experiment: Experiment, real_data: Path
) -> None:
    if not load_dataset("cifar10", download=False).source:
        pytest.skip("torchvision's own CIFAR-10 is here: other pixels than the runs were judged on")
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
    build(library)
    assert {record.id for record in library.list()} == {few[0].id, few[1].id}


def test_building_again_trains_nothing(
    few: list[Experiment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(RunLibrary(tmp_path))

    def refuse(_: Experiment, **_also: object) -> Run:
        raise AssertionError("a run that is there already is trained")

    monkeypatch.setattr(gallery, "train", refuse)
    build(RunLibrary(tmp_path))
    with pytest.raises(AssertionError, match="trained"):
        build(RunLibrary(tmp_path), again=True)


def test_a_run_rounded_to_half_loses_nothing_more_on_disk(tmp_path: Path) -> None:
    experiment = Experiment(
        dataset="digits", model=VAESpec(widths=(8,)), training=Training(epochs=1)
    )
    rounded = rounded_to_half(train(experiment, device="cpu"))
    library = RunLibrary(tmp_path)
    library.save(rounded, half=True)
    loaded = library.load(experiment.id)
    told = evaluate_whole(loaded.model, digits().test.images)
    assert told == rounded.evaluation == loaded.evaluation
