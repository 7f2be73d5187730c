import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import silhouette_score

from vizmodels.analysis.latents.shape import BINS, axis_statistics, latent_shape, roundness
from vizmodels.data.bundled import digits
from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.specs import AutoencoderSpec, VAESpec
from vizmodels.training.evaluation import encode_all

RNG = np.random.default_rng(0)


def test_axis_statistics_are_scipys() -> None:
    z = np.stack([RNG.normal(size=500), RNG.gamma(2.0, size=500), RNG.uniform(size=500)], axis=1)
    told = axis_statistics(z)
    np.testing.assert_allclose(told["mean"], z.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(told["sd"], z.std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(told["skew"], stats.skew(z, axis=0), rtol=1e-4)
    np.testing.assert_allclose(told["kurtosis"], stats.kurtosis(z, axis=0), rtol=1e-4)
    expected = [stats.kstest(axis, "norm").statistic for axis in z.T]
    np.testing.assert_allclose(told["ks"], expected, rtol=1e-5)


def test_the_kl_is_that_between_two_normal_distributions() -> None:
    z = 0.5 + 2 * RNG.normal(size=(400, 1))
    fitted = torch.distributions.Normal(float(z.mean()), float(z.std()))
    expected = torch.distributions.kl_divergence(fitted, torch.distributions.Normal(0.0, 1.0))
    assert axis_statistics(z)["kl"][0] == pytest.approx(float(expected), rel=1e-4)


def test_draws_of_the_prior_are_at_no_distance_from_it() -> None:
    told = axis_statistics(RNG.normal(size=(20_000, 3)))
    assert told["ks"].max() < 0.02 and told["kl"].max() < 1e-3
    area = told["density"].sum(axis=1) * (BINS[1] - BINS[0])
    np.testing.assert_allclose(area, 1, atol=1e-3)


def test_an_axis_that_never_varies_is_far_from_normal() -> None:
    told = axis_statistics(np.zeros((50, 1)))
    assert told["ks"][0] == pytest.approx(0.5) and np.isfinite(told["kl"][0]) and told["kl"] > 5


def test_a_ball_is_round_and_a_needle_is_not() -> None:
    labels = np.repeat([0, 1], 5000)
    balls = RNG.normal(size=(10_000, 2)) + 9 * labels[:, None]
    assert roundness(balls, labels) == pytest.approx(1, abs=0.1)
    assert roundness(balls * [1.0, 3.0], labels) == pytest.approx(1 / 9, rel=0.1)


def test_roundness_is_the_mean_ratio_of_eigenvalues() -> None:
    z, labels = RNG.normal(size=(60, 3)) * [1, 2, 3], np.arange(60) % 3
    ratios = []
    for k in range(3):
        values = np.linalg.eigvalsh(np.cov(z[labels == k].T))
        ratios.append(values[0] / values[-1])
    assert roundness(z, labels) == pytest.approx(np.mean(ratios))


def test_a_class_of_no_more_images_than_axes_is_left_out() -> None:
    z = RNG.normal(size=(8, 3))
    assert np.isnan(roundness(z, np.array([0, 0, 0, 1, 1, 1, 2, 2])))


@pytest.mark.parametrize("spec", [AutoencoderSpec(widths=(8,)), VAESpec(widths=(8,))])
def test_the_shape_of_a_model_has_its_axes_and_its_clusters(spec) -> None:
    model = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(0)).eval()
    assert isinstance(model, Autoencoder)
    split = digits().test
    latents, labels = encode_all(model, split.images).detach().numpy(), split.labels.numpy()
    shape = latent_shape(model, latents, split.images, labels)
    assert shape.mean.shape == (2,) and shape.density.shape == (2, 100)
    assert shape.silhouette == pytest.approx(silhouette_score(latents, labels), abs=1e-3)
    assert shape.roundness == pytest.approx(roundness(latents, labels), rel=1e-3)
    if isinstance(spec, VAESpec):  # its posterior is wider than its means
        assert (shape.sd > latents.std(axis=0)).all()
    without = latent_shape(model, latents, split.images, None)
    assert np.isnan(without.roundness) and np.isnan(without.silhouette)
