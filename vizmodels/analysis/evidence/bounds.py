"""What a model says of images it has not seen: the ELBO, and the importance-weighted bound."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vizmodels.models.categorical import draw_one_hot, kl_to_uniform
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.gaussian import kl_to_standard_normal, log_normal, reparameterise
from vizmodels.models.vae import VAE

MOST_DECODED = 50_000
"""Latents decoded at a time; 784 logits of each are 160 MB. Bounds the memory, not the result."""


@torch.inference_mode()
def importance_weighted_bound(
    model: VAE, x: Float[Tensor, "N C H W"], n_samples: int, generator: torch.Generator
) -> Float[Tensor, " N"]:
    """log (1/k Σ p(x, z_i) / q(z_i | x)) of each image, z_i ~ q: at most log p(x) on the whole.

    With k = 1 it is the ELBO at one draw; it grows with k and meets log p(x) as k → ∞.

    Parameters
    ----------
    model : VAE; with Bernoulli likelihood p(x|z) is that of its pixels, with Gaussian likelihood
        N(x̂, c I) with the variance c that its KL weight means
    x : images; black and white, 0 or 1, for figures that can be compared with published ones
    n_samples : k, the draws per image
    generator : of the draws, on the model's device

    Returns
    -------
    float32 tensor (N,), on the model's device

    References
    ----------
    Burda, Grosse & Salakhutdinov 2016, Importance Weighted Autoencoders, eq. 8.

    Notes
    -----
    Random. `n_samples` decodings an image, in parts of a bounded size.
    """
    parts: list[Tensor] = []
    per_part = max(1, MOST_DECODED // n_samples)
    for images in x.split(per_part):
        mu, log_var = model.posterior(images)
        total = torch.full((len(images),), -math.inf, device=images.device)
        for at in range(0, n_samples, MOST_DECODED):
            k = min(MOST_DECODED, n_samples - at)
            wide_mu, wide_log_var = (v.repeat_interleave(k, dim=0) for v in (mu, log_var))
            z = reparameterise(wide_mu, wide_log_var, generator)
            log_weight = log_joint(model, images, z) - log_normal(z, wide_mu, wide_log_var).sum(1)
            total = torch.logaddexp(total, log_weight.view(len(images), k).logsumexp(dim=1))
        parts.append(total - math.log(n_samples))
    return torch.cat(parts)


def log_joint(
    model: VAE, x: Float[Tensor, "N C H W"], z: Float[Tensor, "M D"]
) -> Float[Tensor, " M"]:
    """log p(x|z) + log p(z) in nats, the M latents N by N equal shares belonging to the images."""
    zero = torch.zeros_like(z)
    return log_likelihood(model, x, z) + log_normal(z, zero, zero).sum(dim=1)


def log_likelihood(
    model: VAE | DiscreteVAE, x: Float[Tensor, "N C H W"], z: Float[Tensor, "M D"]
) -> Float[Tensor, " M"]:
    """log p(x|z) in nats, M/N consecutive latents for each image.

    Bernoulli: Σ x log p + (1 − x) log(1 − p). Gaussian: log N(x; x̂, cI) with c = kl_weight · D / 2,
    the variance for which the training loss is the negative ELBO; see `read_kl_weight`.
    """
    flat = x.flatten(1)
    n, n_pixels = flat.shape
    logits = model.decoder(z).float().view(n, -1, n_pixels)
    if model.likelihood == "bernoulli":
        x_times_logit = torch.einsum("np,nkp->nk", flat, logits)
        return (x_times_logit - F.softplus(logits).sum(dim=2)).flatten()
    variance = float(model.kl_weight) * n_pixels / 2
    errors = (torch.sigmoid(logits) - flat[:, None]).square().sum(dim=2)
    log_scale = 0.5 * n_pixels * math.log(2 * math.pi * variance)
    return (-errors / (2 * variance) - log_scale).flatten()


@torch.inference_mode()
def elbo(
    model: VAE | DiscreteVAE,
    x: Float[Tensor, "N C H W"],
    n_samples: int,
    generator: torch.Generator,
) -> Float[Tensor, " N"]:
    """E_q log p(x|z) − KL(q ‖ p) of each image in nats, the mean over draws z ~ q.

    Classes are drawn, not relaxed: it is the bound of the model that is trained for, whatever
    estimator trained it.

    Parameters
    ----------
    model, x : as for `importance_weighted_bound`
    n_samples : draws per image, one after another
    generator : of the draws, on the model's device

    References
    ----------
    Kingma & Welling 2014, eq. 3; Jang, Gu & Poole 2017, section 4.2.
    """
    totals: list[Tensor] = []
    for images in x.split(MOST_DECODED):
        if isinstance(model, DiscreteVAE):
            log_q, mu, log_var = model.posterior(images)
            kl = kl_to_uniform(log_q).sum(dim=1)
        else:
            mu, log_var = model.posterior(images)
            log_q, kl = None, torch.zeros(len(images), device=images.device)
        kl = kl + kl_to_standard_normal(mu, log_var).sum(dim=1)
        fit = torch.zeros_like(kl)
        for _ in range(n_samples):
            z = reparameterise(mu, log_var, generator)
            if log_q is not None:
                z = torch.cat([draw_one_hot(log_q, generator).flatten(1), z], dim=1)
            fit += log_likelihood(model, images, z)
        totals.append(fit / n_samples - kl)
    return torch.cat(totals)
