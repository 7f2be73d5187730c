import math

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from vizmodels.models.gaussian import (
    kl_sampled,
    kl_to_standard_normal,
    log_normal,
    reparameterise,
)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_kl_is_that_of_torch_distributions(generator: torch.Generator) -> None:
    mu = 3 * torch.randn(50, 4, generator=generator)
    log_var = 2 * torch.randn(50, 4, generator=generator)
    posterior = Normal(mu.double(), (0.5 * log_var.double()).exp())
    expected = kl_divergence(posterior, Normal(torch.tensor(0.0), torch.tensor(1.0)))
    torch.testing.assert_close(
        kl_to_standard_normal(mu, log_var), expected.float(), rtol=1e-5, atol=1e-6
    )


def test_the_sum_over_axes_is_the_kl_of_the_whole_diagonal_gaussian(
    generator: torch.Generator,
) -> None:
    mu = 3 * torch.randn(50, 4, generator=generator)
    log_var = 2 * torch.randn(50, 4, generator=generator)
    posterior = MultivariateNormal(mu.double(), torch.diag_embed(log_var.double().exp()))
    prior = MultivariateNormal(torch.zeros(4).double(), torch.eye(4).double())
    torch.testing.assert_close(
        kl_to_standard_normal(mu, log_var).sum(dim=1),
        kl_divergence(posterior, prior).float(),
        rtol=1e-5,
        atol=1e-6,
    )


def test_kl_of_one_gaussian_is_the_number_one_gets_by_hand() -> None:
    # mu = 2, sigma = 1/2: log 2 + (1/4 + 4)/2 - 1/2.
    kl = kl_to_standard_normal(torch.tensor([[2.0]]), torch.tensor([[math.log(0.25)]]))
    assert kl.item() == pytest.approx(math.log(2) + 2.125 - 0.5, rel=1e-6)


def test_kl_of_the_prior_itself_is_zero() -> None:
    assert not kl_to_standard_normal(torch.zeros(3, 2), torch.zeros(3, 2)).any()


def test_kl_keeps_its_digits_close_to_the_prior() -> None:
    # ½ (e^v − 1 − v) = v²/4 + O(v³); a plain exp(v) − 1 in float32 is off by 3e-8, a tenth of it.
    kl = kl_to_standard_normal(torch.zeros(1, 1), torch.full((1, 1), 1e-3))
    assert kl.item() == pytest.approx(1e-6 / 4, rel=2e-3)


@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 1.0), (2.0, 0.5), (-1.0, 3.0)])
def test_samples_have_the_mean_and_deviation_of_the_posterior(
    generator: torch.Generator, mu: float, sigma: float
) -> None:
    n = 200_000
    log_var = torch.full((n, 1), 2 * math.log(sigma))
    z = reparameterise(torch.full((n, 1), mu), log_var, generator)
    assert z.mean().item() == pytest.approx(mu, abs=5 * sigma / math.sqrt(n))
    assert z.std().item() == pytest.approx(sigma, rel=5 / math.sqrt(2 * n))


def test_without_a_generator_the_sample_is_the_posterior_mean() -> None:
    mu = torch.arange(6.0).view(2, 3)
    assert torch.equal(reparameterise(mu, torch.ones(2, 3), None), mu)


def test_the_same_seed_gives_the_same_samples_and_another_one_others() -> None:
    def draw(seed: int) -> Tensor:
        return reparameterise(
            torch.zeros(4, 2), torch.zeros(4, 2), torch.Generator().manual_seed(seed)
        )

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))


def test_the_sample_is_differentiable_in_mean_and_log_variance(generator: torch.Generator) -> None:
    mu = torch.randn(5, 2, generator=generator).requires_grad_()
    log_var = torch.randn(5, 2, generator=generator).requires_grad_()
    z = reparameterise(mu, log_var, generator)
    z.sum().backward()
    assert mu.grad is not None and log_var.grad is not None
    assert torch.equal(mu.grad, torch.ones(5, 2))
    # z = mu + exp(v/2)·ε, hence ∂z/∂v = ½ exp(v/2)·ε = ½ (z − mu).
    torch.testing.assert_close(log_var.grad, 0.5 * (z - mu).detach())


def test_the_log_density_is_that_of_torch_distributions(generator: torch.Generator) -> None:
    z, mu, log_var = (2 * torch.randn(50, 4, generator=generator) for _ in range(3))
    normal = Normal(mu.double(), (0.5 * log_var.double()).exp())
    expected = normal.log_prob(z.double()).float()
    torch.testing.assert_close(log_normal(z, mu, log_var), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 1.5), (2.0, 0.5), (-1.0, 3.0), (0.3, 0.01)])
def test_the_sampled_kl_is_the_closed_form_on_average(
    generator: torch.Generator, mu: float, sigma: float
) -> None:
    n = 100_000
    mean, log_var = torch.full((n, 1), mu), torch.full((n, 1), 2 * math.log(sigma))
    sampled = kl_sampled(reparameterise(mean, log_var, generator), mean, log_var).double()
    exact = kl_to_standard_normal(mean[:1], log_var[:1]).item()
    standard_error = (sampled.std() / math.sqrt(n)).item()
    assert standard_error > 0
    assert sampled.mean().item() == pytest.approx(exact, abs=4 * standard_error)


def test_the_sampled_kl_at_a_draw_from_the_prior_itself_is_zero(
    generator: torch.Generator,
) -> None:
    z = torch.randn(5, 2, generator=generator)
    assert not kl_sampled(z, torch.zeros(5, 2), torch.zeros(5, 2)).any()
