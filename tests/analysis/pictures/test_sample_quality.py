"""What a classifier says of samples."""

import numpy as np
import pytest

from vizmodels.analysis.pictures.sample_quality import (
    SampleQuality,
    class_shares,
    sample_quality,
)
from vizmodels.analysis.pictures.samplers import SamplerName
from vizmodels.data import load_dataset
from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import Experiment, Training
from vizmodels.runs.run import Run, train
from vizmodels.specs import AutoencoderSpec, ClassifierSpec, VAESpec


@pytest.fixture(scope="module")
def judge() -> Run:
    return trained(ClassifierSpec(widths=(8, 16), n_features=16), epochs=8)


@pytest.fixture(scope="module")
def autoencoder() -> Run:
    return trained(AutoencoderSpec(latent_dim=8, widths=(64,)), epochs=15)


def trained(spec: object, epochs: int) -> Run:
    return train(
        Experiment(dataset="digits", model=spec, training=Training(epochs=epochs, batch_size=64))  # pyright: ignore[reportArgumentType]
    )


def quality(run: Run, sampler: SamplerName, judge: Run, temperature: float = 1.0) -> SampleQuality:
    return sample_quality(run.model, sampler, judge.model, "digits", temperature)


def test_a_density_fitted_to_the_latents_beats_the_prior_that_misses_them(
    judge: Run, autoencoder: Run
) -> None:
    prior, mixture = (quality(autoencoder, name, judge) for name in ("prior", "mixture"))
    assert prior.n == mixture.n == len(load_dataset("digits").test)
    assert prior.floor == mixture.floor > 0
    assert mixture.frechet < prior.frechet / 2
    assert mixture.frechet > mixture.floor
    assert mixture.entropy_bits > prior.entropy_bits


def test_the_samples_are_always_the_same(judge: Run, autoencoder: Run) -> None:
    one, other = (quality(autoencoder, "gaussian", judge) for _ in range(2))
    assert one.frechet == other.frechet
    np.testing.assert_array_equal(one.class_shares, other.class_shares)


def test_only_a_classifier_of_the_same_images_can_judge(autoencoder: Run) -> None:
    with pytest.raises(InvalidExperiment, match="must be a classifier of digits; got PlainAuto"):
        quality(autoencoder, "prior", autoencoder)


def test_only_a_model_that_decodes_is_sampled(judge: Run) -> None:
    with pytest.raises(InvalidExperiment, match="must be one that decodes; got Classifier"):
        quality(judge, "prior", judge)


def test_class_shares_count_votes() -> None:
    np.testing.assert_allclose(class_shares(np.array([0, 2, 2, 2]), 4), [0.25, 0, 0.75, 0])


def test_a_vaes_samples_are_measured_at_a_temperature(judge: Run) -> None:
    vae = trained(VAESpec(latent_dim=4, widths=(64,)), epochs=10)
    cold, warm = (quality(vae, "prior", judge, t) for t in (0.1, 1.0))
    assert cold.entropy_bits < warm.entropy_bits, "near the mean only few classes come out"
