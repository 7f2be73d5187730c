"""What each latent axis of a VAE carries: its KL, its activity, and all images' posteriors."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.gaussian import kl_to_standard_normal
from vizmodels.models.probabilistic import ProbabilisticAutoencoder
from vizmodels.models.trainable import Trainable
from vizmodels.models.vae import VAE
from vizmodels.training.evaluation import EVALUATION_BATCH, as_float

ACTIVE_ABOVE = 0.01
"""Variance of the posterior mean over the images from which an axis counts as active (Burda et al.
2016, section 5.2)."""


@dataclass(frozen=True)
class AxisReport:
    """The D axes of a VAE over N images.

    Attributes
    ----------
    kl : float32 (D,), mean KL of the posterior to the prior, nats
    mean_variance : float32 (D,), variance over the images of the posterior mean
    posterior_variance : float32 (D,), mean over the images of the posterior's variance
    """

    kl: NDArray[np.float32]
    mean_variance: NDArray[np.float32]
    posterior_variance: NDArray[np.float32]

    def __post_init__(self) -> None:
        assert self.kl.ndim == 1
        assert self.kl.shape == self.mean_variance.shape == self.posterior_variance.shape

    @property
    def is_active(self) -> NDArray[np.bool_]:
        """Which axes carry anything: those whose posterior mean varies by more than 0.01."""
        return self.mean_variance > ACTIVE_ABOVE

    @property
    def n_active(self) -> int:
        """Active units."""
        return int(self.is_active.sum())


@torch.inference_mode()
def posteriors(
    model: VAE, images: UInt8[Tensor, "N C H W"]
) -> tuple[Float[Tensor, "N D"], Float[Tensor, "N D"]]:
    """(mu, log_var) of all images on the CPU."""
    parts = [model.posterior(as_float(part, model)) for part in images.split(EVALUATION_BATCH)]
    mu, log_var = (torch.cat([part[i].cpu() for part in parts]) for i in range(2))
    return mu, log_var


def report_axes(model: VAE, images: UInt8[Tensor, "N C H W"]) -> AxisReport:
    """KL, activity and width of the posterior on each axis over the images.

    References
    ----------
    Burda, Grosse & Salakhutdinov 2016, Importance Weighted Autoencoders, section 5.2.
    """
    mu, log_var = posteriors(model, images)
    return AxisReport(
        kl_to_standard_normal(mu, log_var).mean(dim=0).numpy(),
        mu.var(dim=0, correction=0).numpy(),
        log_var.exp().mean(dim=0).numpy(),
    )


@torch.inference_mode()
def mean_variances(
    model: Trainable, images: UInt8[Tensor, "N C H W"]
) -> NDArray[np.float32] | None:
    """Mean over the images of the posterior's variance on each axis, (E,); of a discrete VAE 0 on
    the axes of its classes; None of a model without a Gaussian posterior."""
    if isinstance(model, VAE):
        return report_axes(model, images).posterior_variance
    if not isinstance(model, DiscreteVAE):
        return None
    _, _, log_var = model.posterior(as_float(images, model))
    of_classes = torch.zeros(n_class_axes(model))
    return torch.cat([of_classes, log_var.exp().mean(dim=0).cpu()]).numpy()


def n_class_axes(model: Autoencoder) -> int:
    """How many of the first axes of a model's latents are chances of classes."""
    return model.n_variables * model.n_classes if isinstance(model, DiscreteVAE) else 0


@torch.inference_mode()
def sample_aggregate(
    model: ProbabilisticAutoencoder,
    images: UInt8[Tensor, "N C H W"],
    n: int,
    generator: torch.Generator,
) -> Float[Tensor, "n D"]:
    """n draws of the aggregate posterior: an image at random, then its posterior.

    Parameters
    ----------
    generator : of the draws, on the model's device
    """
    device = next(model.parameters()).device
    chosen = torch.randint(len(images), (n,), generator=generator, device=device).cpu()
    parts = images[chosen].split(EVALUATION_BATCH)
    return torch.cat([model.draw(as_float(part, model), generator).cpu() for part in parts])
