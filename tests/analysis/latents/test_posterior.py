import math

import numpy as np
import pytest
import torch
from torch import nn

from vizmodels.analysis.latents.posterior import (
    mean_variances,
    posteriors,
    report_axes,
    sample_aggregate,
)
from vizmodels.models import build_model
from vizmodels.models.vae import VAE
from vizmodels.specs import AutoencoderSpec, DiscreteVAESpec

AXES = 3


@pytest.fixture(scope="module")
def model() -> VAE:
    """Axis 0 is the first pixel with a sharp posterior, axis 1 is half collapsed, axis 2 wholly."""
    encoder = nn.Linear(4, 2 * AXES)
    with torch.no_grad():
        encoder.weight.zero_()
        encoder.bias.zero_()
        encoder.weight[0, 0] = 4.0
        encoder.bias[0] = -2.0
        encoder.bias[AXES] = math.log(0.01)
        encoder.weight[1, 1] = 0.2
        encoder.bias[AXES + 1] = math.log(0.5)
    decoder = nn.Sequential(nn.Linear(AXES, 4), nn.Unflatten(1, (1, 2, 2)))
    model = VAE(nn.Sequential(nn.Flatten(), encoder), decoder, 1e-3, "gaussian")
    model.image_shape, model.latent_dim = (1, 2, 2), AXES
    return model.eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (5000, 1, 2, 2), generator=generator, dtype=torch.uint8)


def test_an_axis_counts_as_active_when_its_mean_varies(model: VAE, images: torch.Tensor) -> None:
    report = report_axes(model, images)
    first, second = images.double().div(255).flatten(1)[:, :2].var(dim=0, correction=0)
    np.testing.assert_allclose(report.mean_variance[:2], [16 * first, 0.04 * second], rtol=1e-4)
    assert report.mean_variance[2] == 0
    assert report.is_active.tolist() == [True, False, False]  # 0.04 / 12 is below 0.01
    assert report.n_active == 1


def test_the_kl_of_each_axis_is_its_mean_over_the_images(model: VAE, images: torch.Tensor) -> None:
    mu, log_var = posteriors(model, images)
    q = torch.distributions.Normal(mu, torch.exp(0.5 * log_var))
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).mean(dim=0)
    np.testing.assert_allclose(report_axes(model, images).kl, kl.numpy(), rtol=1e-4, atol=1e-6)
    assert report_axes(model, images).kl[2] == 0


def test_the_aggregate_posterior_has_the_moments_of_its_draws(
    model: VAE, images: torch.Tensor
) -> None:
    mu, log_var = posteriors(model, images)
    draws = sample_aggregate(model, images, 20_000, torch.Generator().manual_seed(1))
    error = 4 / math.sqrt(len(draws))
    np.testing.assert_allclose(draws.mean(dim=0).numpy(), mu.mean(dim=0), atol=2 * error)
    # The law of total variance: of the means, and the mean of the variances.
    variance = mu.var(dim=0, correction=0) + log_var.exp().mean(dim=0)
    np.testing.assert_allclose(draws.var(dim=0).numpy(), variance, rtol=2 * error)


def test_draws_of_the_aggregate_posterior_come_again_with_their_seed(
    model: VAE, images: torch.Tensor
) -> None:
    one, same, other = (
        sample_aggregate(model, images, 5, torch.Generator().manual_seed(s)) for s in (0, 0, 1)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_posteriors_are_as_wide_as_the_model_says(model: VAE, images: torch.Tensor) -> None:
    np.testing.assert_allclose(mean_variances(model, images), [0.01, 0.5, 1.0], rtol=1e-5)


def test_classes_have_no_width_and_an_autoencoder_has_none_at_all(images: torch.Tensor) -> None:
    spec = DiscreteVAESpec(n_variables=2, n_classes=3, continuous_dim=4, widths=(8,))
    discrete = build_model(spec, (1, 2, 2), torch.Generator().manual_seed(0))
    variances = mean_variances(discrete.eval(), images)
    assert variances is not None and variances.shape == (2 * 3 + 4,)
    assert (variances[:6] == 0).all() and (variances[6:] > 0).all()
    plain = build_model(AutoencoderSpec(widths=(8,)), (1, 2, 2), torch.Generator().manual_seed(0))
    assert mean_variances(plain, images) is None
