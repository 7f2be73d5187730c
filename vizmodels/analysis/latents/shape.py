"""How Gaussian a latent space is, and how round the clusters of its classes are."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.intervals import Interval
from vizmodels.analysis.latents.posterior import n_class_axes, sample_aggregate
from vizmodels.analysis.latents.roundness import roundness
from vizmodels.analysis.maps.projection import principal_axes
from vizmodels.analysis.pictures.samplers import aggregate_latents
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.probabilistic import ProbabilisticAutoencoder

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

    A stands for the axes that have a place to be: none of a discrete VAE's variables, which take
    one value of a few.

    Attributes
    ----------
    mean, sd, skew, kurtosis : float32 (A,), of each axis; the kurtosis is the excess over a normal
        distribution's
    ks : float32 (A,), Kolmogorov–Smirnov distance to N(0, 1), 0 to 1
    kl : float32 (A,), nats, KL of the normal distribution with that mean and sd to N(0, 1)
    density : float32 (A, 100), histogram over `BINS` as a density; what lies beyond them is missing
    roundness : mean over the classes of `roundness_of` the draws; 1 is a ball, 0 a needle, NaN
        without classes or on one axis
    roundness_half_width : of its 95 % interval over the classes; NaN of fewer than two
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
    roundness_half_width: float
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

    Of a model with a posterior, 4,000 draws of the aggregate posterior 1/N Σ q(z|x) are compared
    with the prior; the latents of every other are compared as they are. Roundness is that of one
    draw of each image's posterior: the means of axes that carry nothing all lie near 0 and would
    make a disc of every cluster. The silhouette is that of the latents, as a map shows them.

    Parameters
    ----------
    model, images : the images that were encoded
    latents : their posterior means, or code vectors
    labels : their classes, or None
    """
    places, z = latents, latents
    if isinstance(model, ProbabilisticAutoencoder):
        places = aggregate_latents(model, images, SEED)
        n_discrete = n_class_axes(model)
        z = sample_aggregate(model, images, DRAWS, torch.Generator().manual_seed(SEED)).numpy()
        z = z[:, n_discrete:]
    round_, silhouette = Interval(float("nan"), float("nan")), float("nan")
    if labels is not None:
        round_ = roundness(_leading(places), labels)
        silhouette = _silhouette(_leading(latents), labels)
    return LatentShape(
        **axis_statistics(z),
        roundness=round_.mean,
        roundness_half_width=round_.half_width,
        silhouette=silhouette,
    )


def _leading(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Their leading principal components; all of them where there are few, only turned."""
    mean, axes, _ = principal_axes(places, min(AXES_COMPARED, places.shape[1]))
    return ((places - mean) @ axes.T).astype(np.float32)


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
    counts = [np.histogram(axis, BINS)[0] for axis in values.T]
    density = np.reshape(counts, (values.shape[1], len(BINS) - 1)) / (n * width)
    told = {"mean": mean, "sd": sd, "skew": skew, "kurtosis": kurtosis, "ks": ks, "kl": kl}
    return {name: row.astype(np.float32) for name, row in {**told, "density": density}.items()}


def _silhouette(places: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Of the classes, over at most 2,000 places (Rousseeuw 1987); NaN of one class alone."""
    from sklearn.metrics import silhouette_score  # here, since it takes a while to import

    every = max(1, -(-len(places) // SILHOUETTE_POINTS))
    some = labels[::every]
    if not 1 < len(np.unique(some)) < len(some):
        return float("nan")
    return float(silhouette_score(places[::every], some))
