"""Samplers of small models of every family."""

import numpy as np
import pytest
import torch

from vizmodels.analysis.latents.aggregate import aggregate_of
from vizmodels.analysis.pictures.samplers import (
    CodeSampler,
    LatentSampler,
    aggregate_latents,
    code_prior,
    make_sampler,
    sampler_names,
)
from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.code_prior import MarginalPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.vae import VAE
from vizmodels.specs import AnySpec, AutoencoderSpec, DiscreteVAESpec, PixelCNNSpec, VAESpec
from vizmodels.specs import VQVAESpec as VQ
from vizmodels.training.loop import freeze

VQ_SPEC = VQ(codebook_size=8, code_dim=3, channels=8, n_residual=1, grid="half")
SPECS: dict[str, AnySpec] = {
    "pca": AutoencoderSpec(backbone="linear", latent_dim=3),
    "autoencoder": AutoencoderSpec(widths=(16,)),
    "vae": VAESpec(widths=(16,)),
    "discrete": DiscreteVAESpec(widths=(16,), n_variables=3, n_classes=4),
    "discrete and axes": DiscreteVAESpec(
        widths=(16,), n_variables=2, n_classes=3, continuous_dim=2
    ),
    "vqvae": VQ_SPEC,
    "pixelcnn": PixelCNNSpec(vq_run="0" * 12, vqvae=VQ_SPEC, channels=8, n_layers=2),
}
IMAGES = torch.randint(0, 256, (60, 1, 8, 8), dtype=torch.uint8)


def model_of(name: str) -> Autoencoder:
    model = build_model(SPECS[name], (1, 8, 8), torch.Generator().manual_seed(0))
    vqvae = getattr(model, "vqvae", model)
    if isinstance(vqvae, VQVAE):
        vqvae.start(IMAGES, torch.Generator().manual_seed(0))
    frozen = freeze(model)
    assert isinstance(frozen, Autoencoder)
    return frozen


@pytest.mark.parametrize("name", SPECS)
def test_every_sampler_draws_pictures_and_the_same_ones_from_the_same_seed(name: str) -> None:
    model = model_of(name)
    for kind in sampler_names(model):
        sampler = make_sampler(model, kind, IMAGES)
        drawn = sampler.draw(7, seed=0)
        assert drawn.shape == (7, 1, 8, 8) and drawn.dtype == np.float32
        assert drawn.min() >= 0 and drawn.max() <= 1
        np.testing.assert_array_equal(drawn, sampler.draw(7, seed=0))
        assert (drawn != sampler.draw(7, seed=1)).any()


def test_only_a_learned_prior_has_a_pixelcnn() -> None:
    assert "pixelcnn" not in sampler_names(model_of("vqvae"))
    assert "pixelcnn" in sampler_names(model_of("pixelcnn"))


def test_a_cold_sampler_of_latents_draws_the_mean_alone() -> None:
    model = model_of("vae")
    sampler = make_sampler(model, "gaussian", IMAGES)
    assert isinstance(sampler, LatentSampler)
    cold = sampler.draw(3, seed=0, temperature=0.0)
    mean = torch.from_numpy(aggregate_latents(model, IMAGES).mean(axis=0, dtype=np.float64))
    expected = model.decode(mean[None].float()).numpy()
    np.testing.assert_allclose(cold, np.repeat(expected, 3, axis=0), atol=1e-5)


def test_the_marginal_of_codes_is_how_often_they_stand_in_the_images() -> None:
    model = model_of("vqvae")
    assert isinstance(model, VQVAE)
    prior = code_prior(model, "marginal", IMAGES)
    assert isinstance(prior, MarginalPrior)
    counts = np.bincount(model.codes_of(IMAGES).flatten().numpy(), minlength=8)
    np.testing.assert_allclose(
        prior.log_probs.exp().numpy(), (counts + 1) / (counts + 1).sum(), rtol=1e-5
    )


def test_uniform_codes_are_uniform() -> None:
    sampler = make_sampler(model_of("vqvae"), "uniform", IMAGES)
    assert isinstance(sampler, CodeSampler)
    codes = sampler.prior.sample_codes(500, torch.Generator().manual_seed(0))
    shares = np.bincount(codes.flatten().numpy(), minlength=8) / codes.numel()
    np.testing.assert_allclose(shares, 1 / 8, atol=0.01)


def test_aggregate_latents_of_a_vae_are_draws_and_of_an_autoencoder_its_codes() -> None:
    plain = model_of("autoencoder")
    np.testing.assert_allclose(
        aggregate_latents(plain, IMAGES), plain.encode(IMAGES.float() / 255).numpy(), atol=1e-5
    )
    vae = model_of("vae")
    assert isinstance(vae, VAE)
    many = IMAGES[:1].expand(4000, 1, 8, 8)
    mu, log_var = vae.posterior(IMAGES[:1].float() / 255)
    drawn = aggregate_latents(vae, many)
    np.testing.assert_allclose(drawn.mean(axis=0), mu[0].numpy(), atol=0.1)
    np.testing.assert_allclose(drawn.var(axis=0), log_var[0].exp().numpy(), rtol=0.1)


def test_the_gaussian_axes_of_a_discrete_vae_are_drawn() -> None:
    model = model_of("discrete and axes")
    assert isinstance(model, DiscreteVAE)
    many = IMAGES.repeat(60, 1, 1, 1)
    log_q, mu, log_var = model.posterior(many.float() / 255)
    # The law of total variance: of the means, and the mean of the variances.
    expected = mu.var(dim=0, correction=0) + log_var.exp().mean(dim=0)
    axes = aggregate_of(model, many).latents
    np.testing.assert_allclose(axes.var(axis=0), expected.numpy(), rtol=0.1)
    assert (mu.var(dim=0) < 0.1 * expected).all(), "means alone would pass"
    sampler = make_sampler(model, "marginal", many)
    drawn = sampler.axes.sample(4000, seed=0)
    np.testing.assert_allclose(drawn.var(axis=0), expected.numpy(), rtol=0.1)
    classes = aggregate_latents(model, many)[:, :6].reshape(-1, 2, 3)
    assert set(np.unique(classes)) == {0.0, 1.0} and (classes.sum(axis=2) == 1).all()
    shares = classes.mean(axis=0)
    np.testing.assert_allclose(shares, log_q.exp().mean(dim=0).numpy(), atol=0.05)


def test_the_aggregate_of_discrete_latents_says_how_often_each_value_is_used() -> None:
    model = model_of("discrete and axes")
    found = aggregate_of(model, IMAGES)
    probabilities = model.encode(IMAGES.float() / 255)[:, :6].mean(dim=0).numpy()
    np.testing.assert_allclose(found.shares, probabilities / probabilities.sum(), rtol=1e-4)
    assert found.latents.shape == (60, 2)
    assert aggregate_of(model_of("discrete"), IMAGES).latents.shape == (60, 0)
    assert len(aggregate_of(model_of("vqvae"), IMAGES).shares) == 8
