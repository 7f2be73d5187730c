import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from vizmodels.data.bundled import digits
from vizmodels.errors import InvalidExperiment, UnknownDataset
from vizmodels.experiment import Experiment, Training
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train
from vizmodels.specs import AutoencoderSpec, DiscreteVAESpec, VAESpec
from vizmodels.training.control import Order
from vizmodels.training.evaluation import evaluate, evaluate_whole, reconstruct_all
from vizmodels.training.progress import Progress

EXPERIMENT = Experiment(
    dataset="digits", model=VAESpec(widths=(32,)), training=Training(epochs=2, batch_size=250)
)


@pytest.fixture(scope="module")
def trained() -> Run:
    return train(EXPERIMENT, device="cpu")


def test_a_run_is_named_by_its_experiment(trained: Run) -> None:
    assert trained.experiment == EXPERIMENT
    assert trained.id == EXPERIMENT.id


def test_the_evaluation_is_that_of_the_models_weights(trained: Run) -> None:
    assert trained.evaluation == evaluate_whole(trained.model, digits().test.images)


def test_the_preview_holds_test_images_above_their_reconstructions(trained: Run) -> None:
    images = digits().test.images[: trained.preview.shape[1]]
    np.testing.assert_array_equal(trained.preview[0], images.numpy())
    expected = (reconstruct_all(trained.model, images) * 255).round().numpy()
    np.testing.assert_allclose(trained.preview[1], expected, atol=1)


def test_the_environment_says_where_and_with_what_it_was_trained(trained: Run) -> None:
    assert trained.environment["device"] == "cpu"
    assert trained.environment["torch"] == torch.__version__
    assert trained.environment["images_per_second"] > 0
    assert trained.environment["training_seconds"] >= 0


def test_the_environment_says_where_the_pictures_come_from_if_not_from_the_sets_own_files(
    trained: Run,
) -> None:
    elsewhere = dataclasses.replace(digits(), source="photographs of the digits")
    assert train(EXPERIMENT, device="cpu", data=elsewhere).environment["data"] == elsewhere.source
    assert "data" not in trained.environment


def test_data_that_the_caller_has_is_used_as_it_is(trained: Run) -> None:
    unknown = EXPERIMENT.model_copy(update={"dataset": "not-on-this-machine"})
    data = dataclasses.replace(digits(), name=unknown.dataset)
    run = train(unknown, device="cpu", data=data)
    assert run.evaluation == trained.evaluation


def test_an_unknown_data_set_is_refused() -> None:
    unknown = EXPERIMENT.model_copy(update={"dataset": "not-on-this-machine"})
    with pytest.raises(UnknownDataset, match="got not-on-this-machine"):
        train(unknown, device="cpu")


def test_an_unknown_device_is_refused_before_anything_is_loaded() -> None:
    unknown = EXPERIMENT.model_copy(update={"dataset": "not-on-this-machine"})
    with pytest.raises(InvalidExperiment, match=r"^device must be .*; got quantum\."):
        train(unknown, device="quantum")


def test_the_listener_hears_of_the_end() -> None:
    reports: list[Progress] = []
    train(EXPERIMENT, device="cpu", on_progress=reports.append)
    assert reports[-1].fraction == 1


def test_a_trained_run_is_saved_and_loaded(trained: Run, tmp_path: Path) -> None:
    library = RunLibrary(tmp_path)
    library.save(trained)
    loaded = library.load(trained.id)
    assert evaluate_whole(loaded.model, digits().test.images) == trained.evaluation
    assert loaded.history == trained.history


def test_pca_in_closed_form_is_a_run_like_any_other(tmp_path: Path) -> None:
    experiment = Experiment(
        dataset="digits",
        model=AutoencoderSpec(backbone="linear", latent_dim=3),
        training=Training(epochs=1, solver="closed_form"),
    )
    run = train(experiment, device="cpu")
    library = RunLibrary(tmp_path)
    library.save(run)
    assert evaluate(library.load(run.id).model, digits().test.images) == run.evaluation


@pytest.mark.parametrize("family", [VAESpec, DiscreteVAESpec], ids=lambda one: one.__name__)
def test_a_steered_run_keeps_its_last_kl_weight_when_it_is_stored(
    family: type[VAESpec | DiscreteVAESpec], tmp_path: Path
) -> None:
    experiment = Experiment(
        dataset="digits",
        model=family(widths=(32,), kl_weight=1e-3, likelihood="bernoulli"),
        training=Training(epochs=2, batch_size=250),
    )
    turned = Order().with_turn("kl_weight", 0.3).with_turn("kl_weight", 0.1)
    run = train(experiment, device="cpu", ask=lambda: turned)
    assert [move.value for move in run.experiment.training.moves] == [0.3, 0.1]
    library = RunLibrary(tmp_path)
    library.save(run)
    stored = library.load(run.id)
    assert float(stored.model.get_buffer("kl_weight")) == pytest.approx(0.1)
    assert evaluate_whole(stored.model, digits().test.images) == run.evaluation
    assert "KL weight 0.1 · steered" in library.record(run.id).title
