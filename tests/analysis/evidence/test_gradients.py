"""Gradient estimators against the exact gradient and against each other."""

import pytest
import torch

from vizmodels.analysis.evidence.gradients import class_gradient_draws, gaussian_gradient_draws
from vizmodels.models import build_model
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.vae import VAE
from vizmodels.specs import DiscreteVAESpec, VAESpec

N_DRAWS = 20_000


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return (torch.rand(1, 1, 4, 4, generator=seeded(1)) < 0.5).float()


@pytest.fixture(scope="module")
def discrete() -> DiscreteVAE:
    spec = DiscreteVAESpec(
        n_variables=2, n_classes=3, estimator="enumeration", likelihood="bernoulli", widths=(16,)
    )
    model = build_model(spec, (1, 4, 4), seeded())
    assert isinstance(model, DiscreteVAE)
    with torch.no_grad():  # pictures that differ from class to class
        model.decoder[0].weight.mul_(5)
        model.decoder[2].weight.mul_(5)
    return model


@pytest.fixture(scope="module")
def gaussian() -> VAE:
    model = build_model(VAESpec(latent_dim=3, widths=(16,)), (1, 4, 4), seeded())
    assert isinstance(model, VAE)
    return model


@pytest.mark.parametrize("estimator", ["score_function", "score_function_baseline"])
def test_the_mean_of_the_score_function_is_the_exact_gradient(
    discrete: DiscreteVAE, x: torch.Tensor, estimator: str
) -> None:
    exact = class_gradient_draws(discrete, x, "enumeration", 1, seeded()).mean
    drawn = class_gradient_draws(discrete, x, estimator, N_DRAWS, seeded())
    assert exact.abs().max() > 10 * drawn.standard_error.max(), "nothing to tell apart"
    assert bool(((drawn.mean - exact).abs() <= 3 * drawn.standard_error).all())


def test_the_exact_gradient_is_the_same_at_every_draw(
    discrete: DiscreteVAE, x: torch.Tensor
) -> None:
    assert class_gradient_draws(discrete, x, "enumeration", 5, seeded()).variance < 1e-12


def test_straight_through_is_biased(discrete: DiscreteVAE, x: torch.Tensor) -> None:
    exact = class_gradient_draws(discrete, x, "enumeration", 1, seeded()).mean
    drawn = class_gradient_draws(discrete, x, "straight_through", N_DRAWS, seeded())
    assert bool(((drawn.mean - exact).abs() > 6 * drawn.standard_error).any())


def test_a_baseline_lowers_the_variance(discrete: DiscreteVAE, x: torch.Tensor) -> None:
    without, with_one = (
        class_gradient_draws(discrete, x, estimator, 2000, seeded()).variance
        for estimator in ("score_function", "score_function_baseline")
    )
    assert with_one < 0.5 * without


def test_looking_at_an_estimator_leaves_the_models_own(
    discrete: DiscreteVAE, x: torch.Tensor
) -> None:
    class_gradient_draws(discrete, x, "gumbel", 2, seeded())
    assert discrete.estimator == "enumeration"


def test_pathwise_and_score_function_estimate_one_gradient(gaussian: VAE, x: torch.Tensor) -> None:
    pathwise = gaussian_gradient_draws(gaussian, x, N_DRAWS, seeded(), pathwise=True)
    score = gaussian_gradient_draws(gaussian, x, N_DRAWS, seeded(2), pathwise=False, baseline=True)
    error = (pathwise.standard_error.square() + score.standard_error.square()).sqrt()
    assert bool(((pathwise.mean - score.mean).abs() <= 4 * error).all())
    assert pathwise.variance < 0.2 * score.variance


def test_the_pathwise_gradient_is_that_of_finite_differences(
    gaussian: VAE, x: torch.Tensor
) -> None:
    """The same noise on both sides, so that the difference has no noise of its own."""
    mu, log_var = gaussian.posterior(x)
    step, n = 1e-2, 4000

    def cost(shift: torch.Tensor) -> torch.Tensor:
        noise = torch.randn(n, 3, generator=seeded())
        z = mu + shift + torch.exp(0.5 * log_var) * noise
        logits = gaussian.decoder(z)
        return gaussian.reconstruction(x.expand(n, -1, -1, -1), logits).values.double().mean()

    with torch.no_grad():
        axes = torch.eye(3) * step
        numeric = torch.stack([(cost(a) - cost(-a)) / (2 * step) for a in axes])
    drawn = gaussian_gradient_draws(gaussian, x, n, seeded(), pathwise=True)
    torch.testing.assert_close(drawn.mean.double(), numeric, rtol=0.02, atol=1e-6)
