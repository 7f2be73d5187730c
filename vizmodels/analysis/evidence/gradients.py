"""Gradient estimators side by side: many draws of each, at one point."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vizmodels.models.categorical import score_surrogate
from vizmodels.models.discrete_vae import DiscreteVAE, Estimator
from vizmodels.models.gaussian import log_normal, reparameterise
from vizmodels.models.vae import VAE


@dataclass(frozen=True)
class GradientDraws:
    """Draws of a gradient estimator.

    Attributes
    ----------
    draws : float32 (S, P), S draws of the P coordinates
    """

    draws: Float[Tensor, "S P"]

    @property
    def mean(self) -> Float[Tensor, " P"]:
        """Of each coordinate."""
        return self.draws.mean(dim=0)

    @property
    def standard_error(self) -> Float[Tensor, " P"]:
        """Of that mean."""
        return self.draws.std(dim=0) / len(self.draws) ** 0.5

    @property
    def variance(self) -> float:
        """Of one draw, summed over the coordinates."""
        return float(self.draws.var(dim=0).sum())


def class_gradient_draws(
    model: DiscreteVAE,
    x: Float[Tensor, "1 C H W"],
    estimator: Estimator,
    n_draws: int,
    generator: torch.Generator,
) -> GradientDraws:
    """Draws of the gradient of one image's expected reconstruction in its n·k class logits.

    Parameters
    ----------
    model : without Gaussian axes; one that enumerates if the estimator is `enumeration`, whose
        draws are all the same
    x : one image
    estimator : whose gradient; with a baseline, every draw's is the mean cost of the others
    """
    log_q, mu, _ = model.posterior(x)
    logits = log_q.detach().expand(n_draws, -1, -1).clone().requires_grad_()
    kept, model.estimator = model.estimator, estimator
    try:
        term = model.expected_reconstruction(
            x.expand(n_draws, -1, -1, -1),
            logits.log_softmax(dim=2),
            mu.expand(n_draws, -1),
            generator,
        )
    finally:
        model.estimator = kept
    (gradient,) = torch.autograd.grad(term.values.sum(), logits)
    return GradientDraws(gradient.flatten(1))


def gaussian_gradient_draws(
    model: VAE,
    x: Float[Tensor, "1 C H W"],
    n_draws: int,
    generator: torch.Generator,
    *,
    pathwise: bool,
    baseline: bool = False,
) -> GradientDraws:
    """Draws of the gradient of one image's expected reconstruction in its posterior mean mu.

    Parameters
    ----------
    pathwise : z = mu + sigma·ε and the chain rule (Kingma & Welling 2014), or the score function
        cost · ∇ log q(z|x) (Williams 1992)
    baseline : whether the score function's cost is taken relative to the other draws' mean
    """
    posterior_mu, posterior_log_var = (v.detach() for v in model.posterior(x))
    mu = posterior_mu.expand(n_draws, -1).clone().requires_grad_()
    log_var = posterior_log_var.expand(n_draws, -1)
    z = reparameterise(mu, log_var, generator)
    z = z if pathwise else z.detach()
    term = model.reconstruction(x.expand(n_draws, -1, -1, -1), model.decoder(z).float())
    cost = term.values
    if not pathwise:
        log_q = log_normal(z, mu, log_var).sum(dim=1)
        cost = score_surrogate(cost, log_q, baseline=baseline)
    (gradient,) = torch.autograd.grad(cost.sum(), mu)
    return GradientDraws(gradient)
