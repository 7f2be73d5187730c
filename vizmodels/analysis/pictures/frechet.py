"""The Fréchet distance: how far two sets of features lie apart, each taken as one Gaussian."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vizmodels.errors import ANOTHER_SET, need


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian in F axes.

    Attributes
    ----------
    mean : float64 (F,)
    covariance : float64 (F, F), symmetric; may be singular
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]

    def __post_init__(self) -> None:
        n_axes = len(self.mean)
        assert self.mean.shape == (n_axes,) and self.covariance.shape == (n_axes, n_axes)


def gaussian_of(points: Float[np.ndarray, "N F"]) -> Gaussian:
    """The Gaussian with the points' mean and covariance (N − 1 in the denominator).

    Raises
    ------
    TooFewImages : there are fewer than two points
    """
    need("pictures of a Fréchet distance", len(points), 2, ANOTHER_SET)
    wide = points.astype(np.float64)
    return Gaussian(wide.mean(axis=0), np.atleast_2d(np.cov(wide, rowvar=False)))


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """‖m − m'‖² + tr(S + S' − 2 (S S')^½), the squared Fréchet (2-Wasserstein) distance.

    The trace of (S S')^½ is that of (S^½ S' S^½)^½, whose matrices are symmetric: its eigenvalues
    need no complex numbers, and covariances that are singular do no harm.

    References
    ----------
    Dowson & Landau 1982; Heusel et al. 2017, whose FID it is on the features of Inception-v3.
    """
    values, vectors = np.linalg.eigh(one.covariance)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    cross = np.linalg.eigvalsh(root @ other.covariance @ root).clip(min=0)
    traces = np.trace(one.covariance) + np.trace(other.covariance) - 2 * np.sqrt(cross).sum()
    # Rounding can leave equal Gaussians a hair below zero.
    return max(0.0, float(np.square(one.mean - other.mean).sum() + traces))
