"""Densities over latents to draw from: the prior, and what is fitted to where images lie."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vizmodels.errors import ANOTHER_SET, need

MIXTURE_COMPONENTS = 10
"""As Ghosh et al. 2020 (From Variational to Deterministic Autoencoders) fit after training."""

MIXTURE_FLOOR = 1e-6  # added to variances, in units of the latents' own variance


@dataclass(frozen=True)
class Mixture:
    """A mixture of M Gaussians over D latent axes; of one, a Gaussian.

    Attributes
    ----------
    weights : float64 (M,), summing to 1
    means : float64 (M, D)
    roots : float64 (M, D, D), lower triangular, each covariance being L Lᵀ
    """

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    roots: NDArray[np.float64]

    def __post_init__(self) -> None:
        m, d = self.means.shape
        assert self.weights.shape == (m,) and self.roots.shape == (m, d, d)
        assert abs(float(self.weights.sum()) - 1) < 1e-6

    def sample(self, n: int, seed: int, temperature: float = 1.0) -> NDArray[np.float32]:
        """n draws, (n, D): μ + T L ε, the temperature T scaling each component's deviations."""
        rng = np.random.default_rng(seed)
        chosen = rng.choice(len(self.weights), size=n, p=self.weights / self.weights.sum())
        noise = rng.standard_normal((n, self.means.shape[1]))
        spread = np.einsum("nij,nj->ni", self.roots[chosen], noise)
        return (self.means[chosen] + temperature * spread).astype(np.float32)


def standard_normal(n_axes: int) -> Mixture:
    """N(0, I): the prior that a VAE is trained for and an autoencoder is not."""
    return Mixture(np.ones(1), np.zeros((1, n_axes)), np.eye(n_axes)[None])


def fitted_gaussian(latents: Float[np.ndarray, "N D"]) -> Mixture:
    """The Gaussian with the latents' mean and covariance.

    Raises
    ------
    TooFewImages : there are fewer than two latents
    """
    need("training pictures of a fitted Gaussian", len(latents), 2, ANOTHER_SET)
    wide = latents.astype(np.float64)
    covariance = np.atleast_2d(np.cov(wide, rowvar=False))
    return Mixture(np.ones(1), wide.mean(axis=0)[None], _roots(covariance[None]))


def fitted_mixture(
    latents: Float[np.ndarray, "N D"], n_components: int = MIXTURE_COMPONENTS, seed: int = 0
) -> Mixture:
    """A mixture with full covariances, fitted by expectation–maximisation from k-means.

    Latents are scaled to unit variance for the fit, so that its floor of the variances means the
    same whatever the size of the latents.

    Raises
    ------
    TooFewImages : there are fewer different latents than components
    """
    what = f"different latents of a mixture of {n_components}"
    need(what, len(np.unique(latents, axis=0)), n_components, ANOTHER_SET)
    from sklearn.mixture import GaussianMixture  # here, since it takes a second to import
    from threadpoolctl import threadpool_limits

    wide = latents.astype(np.float64)
    centre, scale = wide.mean(axis=0), np.maximum(wide.std(axis=0), np.finfo(np.float64).tiny)
    with threadpool_limits(1):  # more threads add up in any order: another mixture from one seed
        found = GaussianMixture(n_components, reg_covar=MIXTURE_FLOOR, random_state=seed)
        found.fit((wide - centre) / scale)
    roots = np.linalg.cholesky(np.asarray(found.covariances_)) * scale[:, None]
    weights = np.asarray(found.weights_, dtype=np.float64)
    return Mixture(weights, np.asarray(found.means_) * scale + centre, roots)


def _roots(covariances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower triangular L of L Lᵀ, of covariances that may be singular.

    The QR decomposition of any root gives it: S = V Λ Vᵀ, (V Λ^½)ᵀ = Q R, L = Rᵀ.
    """
    values, vectors = np.linalg.eigh(covariances)
    root = vectors * np.sqrt(values.clip(min=0))[:, None, :]
    return np.linalg.qr(root.transpose(0, 2, 1)).R.transpose(0, 2, 1)
