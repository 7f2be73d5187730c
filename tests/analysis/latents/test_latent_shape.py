import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import silhouette_score

from vizmodels.analysis.latents.roundness import roundness
from vizmodels.analysis.latents.shape import BINS, axis_statistics, latent_shape
from vizmodels.analysis.pictures.samplers import aggregate_latents
from vizmodels.data.bundled import digits
from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.vae import VAE
from vizmodels.specs import AutoencoderSpec, DiscreteVAESpec, VAESpec
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


@pytest.mark.parametrize("spec", [AutoencoderSpec(widths=(8,)), VAESpec(widths=(8,))])
def test_the_shape_of_a_model_has_its_axes_and_its_clusters(spec) -> None:
    model = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(0)).eval()
    assert isinstance(model, Autoencoder)
    split = digits().test
    latents, labels = encode_all(model, split.images).detach().numpy(), split.labels.numpy()
    shape = latent_shape(model, latents, split.images, labels)
    assert shape.mean.shape == (2,) and shape.density.shape == (2, 100)
    assert shape.silhouette == pytest.approx(silhouette_score(latents, labels), abs=1e-3)
    places = aggregate_latents(model, split.images)
    assert shape.roundness == pytest.approx(roundness(places, labels).mean, rel=1e-3)
    assert shape.roundness_half_width > 0
    if isinstance(spec, VAESpec):  # its posterior is wider than its means
        assert (shape.sd > latents.std(axis=0)).all()
    without = latent_shape(model, latents, split.images, None)
    assert np.isnan(without.roundness) and np.isnan(without.silhouette)


def test_axes_that_carry_nothing_do_not_flatten_a_vaes_clusters() -> None:
    spec = VAESpec(widths=(8,), latent_dim=6)
    model = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(0)).eval()
    assert isinstance(model, VAE)
    split, last = digits().test, model.encoder[-1]
    with torch.no_grad():  # axes 2 to 5 as a collapsed posterior has them, 0 and 1 sharp
        last.weight[2:6] = 0
        last.bias[2:6] = 0
        last.weight[6:] = 0
        last.bias[6:] = torch.tensor([-4.0, -4.0, 0.0, 0.0, 0.0, 0.0])
        last.weight[:2] *= 4
    means, labels = encode_all(model, split.images).numpy(), split.labels.numpy()
    shape = latent_shape(model, means, split.images, labels)
    assert shape.roundness > 0.5
    eigenvalues = np.linalg.eigvalsh(np.cov(means[labels == 0].T))
    assert eigenvalues[0] < 1e-6 * eigenvalues[-1], "its means alone are flat"


@pytest.mark.parametrize("continuous_dim", [0, 2])
def test_of_a_discrete_vae_the_gaussian_axes_are_compared_with_the_prior(
    continuous_dim: int,
) -> None:
    spec = DiscreteVAESpec(widths=(8,), n_variables=2, n_classes=3, continuous_dim=continuous_dim)
    model = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(0)).eval()
    assert isinstance(model, DiscreteVAE)
    split = digits().test
    latents = encode_all(model, split.images).detach().numpy()
    shape = latent_shape(model, latents, split.images, split.labels.numpy())
    assert shape.mean.shape == (continuous_dim,) and shape.density.shape == (continuous_dim, 100)
    assert np.isfinite(shape.roundness)
    if continuous_dim:
        _, mu, log_var = (v.detach().double() for v in model.posterior(split.images / 255))
        variance = mu.var(dim=0, correction=0) + log_var.exp().mean(dim=0)
        np.testing.assert_allclose(shape.sd**2, variance.numpy(), rtol=0.15)
