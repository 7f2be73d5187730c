"""The names that outside programs import, used as the design's example uses them."""

import math
from pathlib import Path

import pytest
import torch

import vizmodels
from vizmodels import (
    AutoencoderSpec,
    Experiment,
    PixelCNNSpec,
    Run,
    RunLibrary,
    Training,
    VAESpec,
    VQVAESpec,
    errors,
    load_dataset,
    train,
)

ERRORS = {
    name
    for name, thing in vars(errors).items()
    if isinstance(thing, type) and issubclass(thing, errors.LatentariumError)
}


@pytest.fixture(scope="module")
def run() -> Run:
    experiment = Experiment(
        dataset="digits",
        model=VAESpec(backbone="mlp", latent_dim=2, kl_weight=1e-3),
        training=Training(epochs=20, batch_size=64, learning_rate=1e-3, noise_weight=0.0, seed=0),
    )
    return train(experiment)


def test_every_public_name_is_there_and_no_other_is_promised() -> None:
    assert set(vizmodels.__all__) == {
        "AutoencoderSpec", "ClassifierSpec", "DiscreteVAESpec", "Experiment", "PixelCNNSpec", "Run",
        "RunLibrary", "Training", "VAESpec", "VQVAESpec", "load_dataset", "train",
        "ImageSet", "ImageSplit", "Sweep", "add_own_images", *ERRORS,
    }  # fmt: skip
    assert all(hasattr(vizmodels, name) for name in vizmodels.__all__)
    assert sorted(vizmodels.__all__) == list(vizmodels.__all__)


def test_images_become_latents_and_latents_pictures(run: Run) -> None:
    images = load_dataset("digits").test.images.float() / 255
    latents = run.model.encode(images)
    pictures = run.model.decode(latents)
    assert latents.shape == (297, 2)
    assert pictures.shape == images.shape
    assert pictures.min() >= 0 and pictures.max() <= 1


def test_the_model_was_trained_on_the_images(run: Run) -> None:
    images = load_dataset("digits").test.images.float() / 255
    error = (run.model.decode(run.model.encode(images)) - images).square().mean()
    average = load_dataset("digits").train.images.float().mean(dim=0) / 255
    assert error < (average - images).square().mean(), "no better than the average picture"


def test_the_prior_becomes_pictures(run: Run) -> None:
    pictures = run.model.sample(16, torch.Generator().manual_seed(0))
    assert pictures.shape == (16, 1, 8, 8)


def test_a_run_is_kept_in_a_library_and_found_again(run: Run, tmp_path: Path) -> None:
    RunLibrary(tmp_path).save(run)
    z = torch.zeros(1, 2)
    again = RunLibrary(tmp_path).load(run.id)
    assert torch.equal(again.model.decode(z), run.model.decode(z))
    found = RunLibrary(tmp_path).find(run.experiment)
    assert found is not None and found.evaluation == run.evaluation


def test_an_image_set_has_the_fields_of_the_contract() -> None:
    data = load_dataset("digits")
    assert data.name == "digits"
    assert data.image_shape == (1, 8, 8)
    assert data.class_names == tuple("0123456789")
    assert data.factor_names == ()
    for split in (data.train, data.test):
        assert split.images.dtype == torch.uint8
        assert split.labels is not None and split.labels.dtype == torch.int64
        assert split.factors is None


def test_pca_is_trained_through_the_same_door() -> None:
    experiment = Experiment(
        dataset="digits",
        model=AutoencoderSpec(backbone="linear", latent_dim=2),
        training=Training(epochs=1, solver="closed_form"),
    )
    assert train(experiment).evaluation["reconstruction"] < 0.06


def test_a_prior_is_trained_on_the_run_of_its_vqvae() -> None:
    spec = VQVAESpec(codebook_size=16, channels=8, n_residual=1, grid="half")
    first = Experiment(dataset="digits", model=spec, training=Training(epochs=6))
    vq_run = train(first)
    prior = PixelCNNSpec(vq_run=vq_run.id, vqvae=spec, channels=8, n_layers=2)
    second = first.model_copy(update={"model": prior})
    run = train(second, vq_run=vq_run)
    assert 0 < run.evaluation["code_nll"] < math.log(16), "no better than a uniform prior"
    pictures = run.autoencoder.sample(4, torch.Generator().manual_seed(0))
    assert pictures.shape == (4, 1, 8, 8)
