"""Diagonal Gaussians: the VAE's posterior and its distance from the standard normal prior."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def reparameterise(
    mu: Float[Tensor, "N D"], log_var: Float[Tensor, "N D"], generator: torch.Generator | None
) -> Float[Tensor, "N D"]:
    """Draw z = mu + sigma·ε with ε ~ N(0, I), differentiable in mu and log_var.

    Parameters
    ----------
    mu, log_var : float tensors (N, D); log_var is log sigma², natural logarithm
    generator : source of ε; None returns mu, the posterior mean

    References
    ----------
    Kingma & Welling 2014, Auto-Encoding Variational Bayes, eq. 10.
    """
    if generator is None:
        return mu
    noise = torch.randn(mu.shape, generator=generator, device=mu.device, dtype=mu.dtype)
    return torch.addcmul(mu, torch.exp(0.5 * log_var), noise)


def kl_to_standard_normal(
    mu: Float[Tensor, "N D"], log_var: Float[Tensor, "N D"]
) -> Float[Tensor, "N D"]:
    """KL(N(mu, sigma²) ‖ N(0, 1)) of each image and axis, in nats.

    ½ (mu² + sigma² − 1 − log sigma²), the scalar log(σp/σq) + (σq² + (μp − μq)²)/(2σp²) − ½ with
    σp = 1 and μp = 0; a diagonal Gaussian's KL is the sum over axes.

    References
    ----------
    Kingma & Welling 2014, appendix B.
    """
    return 0.5 * (mu.square() + torch.expm1(log_var) - log_var)


def log_normal(
    z: Float[Tensor, "*N D"], mu: Float[Tensor, "*N D"], log_var: Float[Tensor, "*N D"]
) -> Float[Tensor, "*N D"]:
    """log N(z; mu, sigma²) of each axis, in nats."""
    return -0.5 * (math.log(2 * math.pi) + log_var + (z - mu).square() * torch.exp(-log_var))


def kl_sampled(
    z: Float[Tensor, "N D"], mu: Float[Tensor, "N D"], log_var: Float[Tensor, "N D"]
) -> Float[Tensor, "N D"]:
    """log q(z|x) − log p(z) of each image and axis at a draw z ~ q: its mean is the KL, in nats.

    References
    ----------
    Kingma & Welling 2014, eq. 6, the estimator that needs no closed form.
    """
    zero = torch.zeros_like(mu)
    return log_normal(z, mu, log_var) - log_normal(z, zero, zero)
