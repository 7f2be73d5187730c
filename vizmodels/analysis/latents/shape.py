"""How Gaussian a latent space is, and how round the clusters of its classes are."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.latents.posterior import sample_aggregate
from vizmodels.analysis.maps.projection import principal_axes
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.vae import VAE

DRAWS = 4000  # of a VAE's aggregate posterior
SEED = 0
AXES_COMPARED = 16
"""Clusters are looked at in so many leading principal components at most, so that the 784 numbers
of a VQ-VAE, in which a few hundred images of a class span no volume, can stand beside 16 axes."""

SILHOUETTE_POINTS = 2000  # all pairs of them are compared
BINS = np.linspace(-5, 5, 101)
"""Edges of the histograms; N(0, 1) has six in ten million beyond them."""


@dataclass(frozen=True)
class LatentShape:
    """The aggregate posterior of a model, axis by axis beside N(0, 1), and its classes' clusters.

    Attributes
    ----------
    mean, sd, skew, kurtosis : float32 (A,), of each axis; the kurtosis is the excess over a normal
        distribution's
    ks : float32 (A,), Kolmogorov–Smirnov distance to N(0, 1), 0 to 1
    kl : float32 (A,), nats, KL of the normal distribution with that mean and sd to N(0, 1)
    density : float32 (A, 100), histogram over `BINS` as a density; what lies beyond them is missing
    roundness : mean over the classes of the smallest over the largest eigenvalue of the class's
        covariance; 1 is a ball, NaN without classes
    silhouette : mean silhouette of the classes, −1 to 1; NaN without classes
    """

    mean: NDArray[np.float32]
    sd: NDArray[np.float32]
    skew: NDArray[np.float32]
    kurtosis: NDArray[np.float32]
    ks: NDArray[np.float32]
    kl: NDArray[np.float32]
    density: NDArray[np.float32]
    roundness: float
    silhouette: float

    def __post_init__(self) -> None:
        shape = self.mean.shape
        assert self.sd.shape == self.skew.shape == self.kurtosis.shape == shape
        assert self.ks.shape == self.kl.shape == shape and len(shape) == 1
        assert self.density.shape == (*shape, len(BINS) - 1)


def latent_shape(
    model: Autoencoder,
    latents: Float[NDArray[np.float32], "N E"],
    images: UInt8[Tensor, "N C H W"],
    labels: Int64[NDArray[np.int64], " N"] | None,
) -> LatentShape:
    """Shape of a model's latents over a set of images.

    Of a VAE, 4,000 draws of the aggregate posterior 1/N Σ q(z|x) are compared with the prior; every
    other model has no posterior, and its latents are compared as they are. Clusters are always
    those of the latents.

    Parameters
    ----------
    model, images : the images that were encoded
    latents : their posterior means, or code vectors
    labels : their classes, or None
    """
    z = latents
    if isinstance(model, VAE):
        z = sample_aggregate(model, images, DRAWS, torch.Generator().manual_seed(SEED)).numpy()
    statistics = axis_statistics(z)
    round_, silhouette = float("nan"), float("nan")
    if labels is not None and len(np.unique(labels)) > 1:
        mean, axes, _ = principal_axes(latents, min(AXES_COMPARED, latents.shape[1]))
        places = ((latents - mean) @ axes.T).astype(np.float32)
        round_, silhouette = roundness(places, labels), _silhouette(places, labels)
    return LatentShape(**statistics, roundness=round_, silhouette=silhouette)


def axis_statistics(
    z: Float[NDArray[np.floating], "N E"],
) -> dict[str, NDArray[np.float32]]:
    """The fields of `LatentShape` that are told axis by axis, under their names.

    The KL is ½ (σ² + m² − 1 − log σ²), from the mean m and the sd σ alone; an axis that never
    varies has the KL of σ = 1e-6.

    References
    ----------
    Massey 1951, The Kolmogorov–Smirnov test for goodness of fit.
    """
    from scipy.special import ndtr  # here, since it takes a while to import

    values = z.astype(np.float64)
    n = len(values)
    mean, sd = values.mean(axis=0), values.std(axis=0)
    safe = np.maximum(sd, 1e-6)
    standard = (values - mean) / safe
    skew, kurtosis = (standard**3).mean(axis=0), (standard**4).mean(axis=0) - 3
    chance = ndtr(np.sort(values, axis=0))
    rank = np.arange(n)[:, None]
    ks = np.maximum((rank + 1) / n - chance, chance - rank / n).max(axis=0)
    kl = 0.5 * (safe**2 + mean**2 - 1 - 2 * np.log(safe))
    width = BINS[1] - BINS[0]
    density = np.stack([np.histogram(axis, BINS)[0] / (n * width) for axis in values.T])
    told = {"mean": mean, "sd": sd, "skew": skew, "kurtosis": kurtosis, "ks": ks, "kl": kl}
    return {name: row.astype(np.float32) for name, row in {**told, "density": density}.items()}


def roundness(
    places: Float[NDArray[np.floating], "N E"], labels: Int64[NDArray[np.int64], " N"]
) -> float:
    """Mean over the classes of the smallest over the largest eigenvalue of their covariance.

    1 where every cluster is a ball, near 0 where it is a needle or a sheet; classes of no more
    images than axes are left out.
    """
    ratios: list[float] = []
    for k in np.unique(labels):
        members = places[labels == k].astype(np.float64)
        if len(members) > members.shape[1]:
            values = np.linalg.eigvalsh(np.atleast_2d(np.cov(members.T)))
            ratios.append(max(float(values[0]), 0.0) / max(float(values[-1]), 1e-12))
    return float(np.mean(ratios)) if ratios else float("nan")


def _silhouette(places: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Of the classes, over at most 2,000 places (Rousseeuw 1987)."""
    from sklearn.metrics import silhouette_score  # here, since it takes a while to import

    every = max(1, -(-len(places) // SILHOUETTE_POINTS))
    some = labels[::every]
    if not 1 < len(np.unique(some)) < len(some):
        return float("nan")
    return float(silhouette_score(places[::every], some))
