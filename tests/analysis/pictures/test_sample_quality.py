"""What a classifier says of samples."""

from pathlib import Path

import numpy as np
import pytest

from vizmodels.analysis.pictures.sample_quality import (
    SampleQuality,
    class_shares,
    entropy_bits,
    sample_quality,
)
from vizmodels.data import load_dataset
from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import Experiment, Training
from vizmodels.results.measured import (
    Measurements,
    information_name,
    originals_name,
    samples_name,
)
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


def test_a_density_fitted_to_the_latents_beats_the_prior_that_misses_them(
    judge: Run, autoencoder: Run
) -> None:
    prior, mixture = (sample_quality(autoencoder, name, judge) for name in ("prior", "mixture"))
    assert prior.n == mixture.n == len(load_dataset("digits").test)
    assert prior.floor == mixture.floor > 0
    assert mixture.frechet < prior.frechet / 2
    assert mixture.frechet > mixture.floor
    assert mixture.entropy_bits > prior.entropy_bits


def test_the_samples_are_always_the_same(judge: Run, autoencoder: Run) -> None:
    one, other = (sample_quality(autoencoder, "gaussian", judge) for _ in range(2))
    assert one.frechet == other.frechet
    np.testing.assert_array_equal(one.class_shares, other.class_shares)


def test_only_a_classifier_of_the_same_images_can_judge(autoencoder: Run) -> None:
    with pytest.raises(InvalidExperiment, match="must be a classifier of digits; got run"):
        sample_quality(autoencoder, "prior", autoencoder)


@pytest.mark.parametrize(
    ("shares", "bits"), [([1.0, 0, 0, 0], 0.0), ([0.25] * 4, 2.0), ([0.5, 0.25, 0.25], 1.5)]
)
def test_the_entropy_of_known_shares_is_in_bits(shares: list[float], bits: float) -> None:
    assert entropy_bits(np.array(shares)) == pytest.approx(bits)


def test_class_shares_count_votes() -> None:
    np.testing.assert_allclose(class_shares(np.array([0, 2, 2, 2]), 4), [0.25, 0, 0.75, 0])


def quality() -> SampleQuality:
    shares = np.array([0.25, 0.75])
    return SampleQuality(10, 3.5, 0.25, shares, shares[::-1].copy(), 0.9, 0.99)


def test_a_measurement_is_found_as_it_was_kept_with_its_record(tmp_path: Path) -> None:
    kept = Measurements(tmp_path / "here")
    name = samples_name("0123-ab", "mixture", "4567-cd", 0.5)
    assert kept.find(name) is None
    kept.keep(name, quality(), {"seed": 1})
    found = kept.find(name)
    assert found is not None
    result, record = found
    assert isinstance(result, SampleQuality) and record == {"seed": 1}
    assert result.to_values() == quality().to_values()
    assert Measurements(tmp_path / "other", shipped=tmp_path / "here").find(name) is not None


def test_a_file_that_cannot_be_read_counts_as_nothing(tmp_path: Path) -> None:
    kept, name = Measurements(tmp_path), originals_name("digits")
    for content in ("{", "[]", '{"record": {}, "result": {"seeds": []}}', "null"):
        (tmp_path / f"{name}.json").write_text(content)
        assert kept.find(name) is None


def test_names_change_with_all_that_a_figure_depends_on() -> None:
    names = {
        samples_name("a-1", "prior", "b-1", 1.0),
        samples_name("a-2", "prior", "b-1", 1.0),
        samples_name("a-1", "mixture", "b-1", 1.0),
        samples_name("a-1", "prior", "b-2", 1.0),
        samples_name("a-1", "prior", "b-1", 1.1),
        information_name("a-1"),
        information_name("a-2"),
        originals_name("digits"),
    }
    assert len(names) == 8


def test_a_vaes_samples_are_measured_at_a_temperature(judge: Run) -> None:
    vae = trained(VAESpec(latent_dim=4, widths=(64,)), epochs=10)
    cold, warm = (sample_quality(vae, "prior", judge, t) for t in (0.1, 1.0))
    assert cold.entropy_bits < warm.entropy_bits, "near the mean only few classes come out"
