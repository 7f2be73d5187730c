"""The aggregate posterior beside the prior: where all images lie, and where samples come from."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.pictures.samplers import CODED_IMAGES, FITTED_IMAGES, aggregate_latents
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.quantizer import code_usage
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.training.evaluation import encode_all

PLANE = 2


@dataclass(frozen=True)
class Aggregate:
    """Where N training images lie in a model's latent space.

    Attributes
    ----------
    latents : float32 (N, D), one draw of each image's posterior; D is 0 for codes and where all
        latents are categorical
    shares : (K,), how often each value of the discrete latents is used, of a categorical latent the
        mean of its chances; empty where there are none
    """

    latents: NDArray[np.float32]
    shares: NDArray[np.float64]

    def __post_init__(self) -> None:
        assert self.latents.ndim == 2 and self.shares.ndim == 1
        assert not len(self.shares) or abs(float(self.shares.sum()) - 1) < 1e-6

    @property
    def widest(self) -> tuple[int, int]:
        """The two axes on which the latents lie farthest from the prior's 0 ± 1, in order."""
        size = np.abs(np.log(np.maximum(np.square(self.latents).mean(axis=0), 1e-12)))
        first, second = np.sort(np.argsort(-size, kind="stable")[:PLANE]).tolist()
        return first, second


def aggregate_of(model: Autoencoder, images: UInt8[Tensor, "N C H W"]) -> Aggregate:
    """Latents of the first 10,000 of the images, or how often each value of theirs is used."""
    if isinstance(model, VQPrior | VQVAE):
        images = images[:CODED_IMAGES]
        vqvae = model.vqvae if isinstance(model, VQPrior) else model
        counts = code_usage(vqvae.codes_of(images), vqvae.quantizer.codebook_size).counts
        return Aggregate(np.zeros((len(images), 0), np.float32), _shares(counts.numpy()))
    images = images[:FITTED_IMAGES]
    latents = aggregate_latents(model, images)
    if not isinstance(model, DiscreteVAE):
        return Aggregate(latents, np.zeros(0))
    n_discrete = model.n_variables * model.n_classes
    chances = encode_all(model, images)[:, :n_discrete].numpy()
    return Aggregate(latents[:, n_discrete:], _shares(chances.sum(axis=0, dtype=np.float64)))


def _shares(totals: Float[np.ndarray, " K"] | NDArray[np.integer]) -> NDArray[np.float64]:
    wide = totals.astype(np.float64)
    return wide / wide.sum()
