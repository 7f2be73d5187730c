"""The bounds on log p(x), on a model whose evidence is known and on enumerable ones."""

import math

import pytest
import torch
from torch import Tensor, nn

from vizmodels.analysis.evidence import bounds
from vizmodels.analysis.evidence.bounds import elbo, importance_weighted_bound, log_likelihood
from vizmodels.models import build_model
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.vae import VAE
from vizmodels.specs import DiscreteVAESpec, VAESpec

SIDE, AXES, VARIANCE = 3, 2, 1e-3
PIXELS = SIDE * SIDE


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Logit(nn.Module):
    """Undoes the sigmoid that a VAE's pixels go through, so that its decoder is linear."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.logit(x, eps=1e-6)


class LinearGaussian:
    """x = W z + b + noise: everything about it has a closed form."""

    def __init__(self) -> None:
        # Grey ± 0.2 at the most, so that the logit is never cut.
        self.w = 0.03 * torch.randn(PIXELS, AXES, generator=seeded(1), dtype=torch.float64)
        self.b = torch.full((PIXELS,), 0.5, dtype=torch.float64)
        precision = torch.eye(AXES, dtype=torch.float64) + self.w.T @ self.w / VARIANCE
        self.covariance = torch.linalg.inv(precision)

    def images(self, n: int) -> Tensor:
        z = torch.randn(n, AXES, generator=seeded(2), dtype=torch.float64)
        noise = torch.randn(n, PIXELS, generator=seeded(3), dtype=torch.float64)
        x = z @ self.w.T + self.b + math.sqrt(VARIANCE) * noise
        return x.float().view(n, 1, SIDE, SIDE)

    def evidence(self, x: Tensor) -> Tensor:
        covariance = self.w @ self.w.T + VARIANCE * torch.eye(PIXELS, dtype=torch.float64)
        marginal = torch.distributions.MultivariateNormal(self.b, covariance)
        return marginal.log_prob(x.flatten(1).double())

    def model(self, *, exact: bool) -> VAE:
        """With the exact posterior (its axes are made independent), or with one too wide."""
        _, u = torch.linalg.eigh(self.covariance)
        variances = (u.T @ self.covariance @ u).diagonal()
        w = self.w @ u  # z turned so that its posterior has a diagonal covariance
        mean = torch.diag(variances) @ w.T / VARIANCE
        decoder, encoder = nn.Linear(AXES, PIXELS), nn.Linear(PIXELS, 2 * AXES)
        with torch.no_grad():
            decoder.weight.copy_(w)
            decoder.bias.copy_(self.b)
            encoder.weight.zero_()
            encoder.weight[:AXES] = mean
            encoder.bias[:AXES] = -mean @ self.b
            encoder.bias[AXES:] = (variances if exact else 4 * variances).log()
        model = VAE(
            nn.Sequential(nn.Flatten(), encoder),
            nn.Sequential(decoder, nn.Unflatten(1, (1, SIDE, SIDE)), Logit()),
            kl_weight=2 * VARIANCE / PIXELS,
            likelihood="gaussian",
        )
        model.image_shape, model.latent_dim = (1, SIDE, SIDE), AXES
        return model


@pytest.fixture(scope="module")
def known() -> LinearGaussian:
    return LinearGaussian()


def test_with_the_exact_posterior_one_draw_gives_the_evidence(known: LinearGaussian) -> None:
    x = known.images(20)
    bound = importance_weighted_bound(known.model(exact=True), x, 1, seeded())
    torch.testing.assert_close(bound.double(), known.evidence(x), atol=2e-3, rtol=0)


def test_with_another_posterior_many_draws_come_close_to_the_evidence(
    known: LinearGaussian,
) -> None:
    x = known.images(20)
    bound = importance_weighted_bound(known.model(exact=False), x, 20_000, seeded())
    torch.testing.assert_close(bound.double(), known.evidence(x), atol=0.05, rtol=0)


def test_the_bound_grows_with_the_number_of_draws_and_stays_below(known: LinearGaussian) -> None:
    x = known.images(2000)
    model = known.model(exact=False)
    means = [importance_weighted_bound(model, x, k, seeded()).mean() for k in (1, 3, 10, 100)]
    assert means == sorted(means) and means[0] < means[-1] - 0.1
    assert means[-1] < known.evidence(x).mean() + 0.01


def test_the_bound_does_not_depend_on_the_parts_it_is_computed_in(
    known: LinearGaussian, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, model = known.images(5), known.model(exact=False)
    whole = importance_weighted_bound(model, x, 4000, seeded())
    monkeypatch.setattr(bounds, "MOST_DECODED", 900)  # 4,000 draws in five parts, image by image
    parts = importance_weighted_bound(model, x, 4000, seeded())
    torch.testing.assert_close(parts, whole, atol=0.1, rtol=0)  # other draws, the same mean


def test_the_elbo_is_the_evidence_less_the_distance_to_the_posterior(
    known: LinearGaussian,
) -> None:
    x = known.images(20)
    exact = elbo(known.model(exact=True), x, 2000, seeded())
    torch.testing.assert_close(exact.double(), known.evidence(x), atol=0.1, rtol=0)
    wide = elbo(known.model(exact=False), x, 2000, seeded())
    # KL(N(m, 4v) ‖ N(m, v)) = (4 − 1 − log 4) / 2 nats an axis
    gap = AXES * (3 - math.log(4)) / 2
    assert (exact - wide).mean().item() == pytest.approx(gap, abs=0.05)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_likelihood_is_that_of_torch_distributions(likelihood: str) -> None:
    spec = VAESpec(latent_dim=2, widths=(8,), likelihood=likelihood, kl_weight=0.01)
    model = build_model(spec, (1, 4, 4), seeded())
    assert isinstance(model, VAE)
    x = (torch.rand(3, 1, 4, 4, generator=seeded(1)) < 0.5).float()
    z = torch.randn(6, 2, generator=seeded(2))  # two latents an image
    pixels = model.decode(z).flatten(1)
    if likelihood == "bernoulli":
        each = torch.distributions.Bernoulli(pixels)
    else:
        each = torch.distributions.Normal(pixels, math.sqrt(0.01 * 16 / 2))
    expected = each.log_prob(x.flatten(1).repeat_interleave(2, dim=0)).sum(dim=1)
    torch.testing.assert_close(log_likelihood(model, x, z), expected)


def test_the_training_loss_of_a_bernoulli_vae_is_the_negative_elbo_per_pixel() -> None:
    spec = VAESpec(latent_dim=2, widths=(8,), likelihood="bernoulli", kl_weight=1 / 16)
    model = build_model(spec, (1, 4, 4), seeded())
    assert isinstance(model, VAE)
    from vizmodels.models.trainable import Batch

    x = (torch.rand(1, 1, 4, 4, generator=seeded(1)) < 0.5).float()
    many = x.expand(4000, -1, -1, -1)
    with torch.no_grad():
        loss = model.losses(Batch.of(many), seeded()).per_image
    bound = elbo(model, x, 4000, seeded(5))
    error = 5 * 16 * loss.std().item() / math.sqrt(2000)
    assert bound.item() == pytest.approx(-16 * loss.mean().item(), abs=error)


def test_the_elbo_of_a_discrete_vae_is_the_exact_sum_over_its_classes() -> None:
    spec = DiscreteVAESpec(
        n_variables=2, n_classes=3, estimator="enumeration", likelihood="bernoulli",
        kl_weight=1 / 16, widths=(8,),
    )  # fmt: skip
    model = build_model(spec, (1, 4, 4), seeded())
    assert isinstance(model, DiscreteVAE)
    from vizmodels.models.trainable import Batch

    x = (torch.rand(4, 1, 4, 4, generator=seeded(1)) < 0.5).float()
    with torch.no_grad():
        exact = -16 * model.losses(Batch.of(x), seeded()).per_image
    torch.testing.assert_close(elbo(model, x, 4000, seeded()), exact, atol=0.02, rtol=0)
