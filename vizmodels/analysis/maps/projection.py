"""From D latent axes to a map: raw axes, PCA, UMAP and t-SNE."""

import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from vizmodels.analysis.maps.kinds import SLOW_KINDS, ProjectionKind
from vizmodels.analysis.maps.neighbours import nearest_neighbours, share_kept
from vizmodels.errors import TooFewImages, need

WIDE = 50
"""Axes up to which UMAP and t-SNE measure distances themselves. Of wider latents, such as the 784
numbers of a VQ-VAE's picture, the 50 leading principal components are taken, as van der Maaten &
Hinton 2008 do (section 4.2): the search for neighbours is several times as fast."""

MANY_POINTS = 20_000
"""Points from which UMAP uses every core and half its usual 200 epochs: 60,000 then take 20 s of
computing instead of 35 s. Threads that race make it another map each time, about as faithful."""
FEWER_EPOCHS = 100

TRUST_POINTS = 1500  # trustworthiness compares all pairs: 1,500 points take 0.2 s, 10,000 take 10 s
TRUST_NEIGHBOURS = 10

PERPLEXITY = 30  # openTSNE's own; each point's neighbours are three times as many
FEWEST_POINTS = 16  # for UMAP's 15 neighbours, and more than t-SNE's perplexity is told for
REMEDY = "Choose raw axes or PCA, or an image set with more pictures."

COMPILED_WITH = 4200
"""Points of the map that has UMAP compiled: up to 4,095 it finds neighbours by other functions."""

Latents = Float32[NDArray[np.float32], "P D"]


@dataclass(frozen=True)
class Projection:
    """P points on a map of 2 or 3 axes.

    Attributes
    ----------
    kind : how the map was made
    coordinates : float32 array (P, 2) or (P, 3)
    mean, components : for `pca`, coordinates = (z − mean) · componentsᵀ; float32 (D,), (2 or 3, D)
    explained : for `pca`, share of the latents' variance along each component
    trust, continuity : trustworthiness and continuity, 1 where no neighbour is false or missing. A
        neighbour on the map that is none in latent space costs the more the farther away it is
        there, by rank; so does, for the continuity, one that the map has lost. Random maps score
        about a half
    neighbours_kept : plain share of each point's nearest in latent space that are among its nearest
        on the map
    n_compared, n_neighbours : points among which these three were measured, and how many nearest
        ones of each; NaN with fewer than three points, of which none has a neighbour to lose
    """

    kind: ProjectionKind
    coordinates: NDArray[np.float32]
    trust: float
    continuity: float
    neighbours_kept: float
    n_compared: int
    n_neighbours: int
    mean: NDArray[np.float32] | None = None
    components: NDArray[np.float32] | None = None
    explained: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        n_axes = self.coordinates.shape[1]
        assert self.coordinates.dtype == np.float32 and n_axes in (2, 3), self.coordinates.shape
        assert (self.components is None) == (self.kind != "pca")
        assert self.components is None or self.components.shape[0] == n_axes

    def place(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where other latents (N, D) lie on a map of raw axes or of principal components."""
        assert self.kind in ("raw", "pca"), "UMAP and t-SNE place nothing they were not made from"
        n_axes = self.coordinates.shape[1]
        if self.mean is None or self.components is None:
            return _pad(latents[:, :n_axes], n_axes).astype(np.float32)
        return ((latents - self.mean) @ self.components.T).astype(np.float32)


def project(latents: Latents, kind: ProjectionKind, n_axes: int = 2, seed: int = 0) -> Projection:
    """Lay latents out on a map of 2 or 3 axes.

    Parameters
    ----------
    latents : float32 array (P, D); UMAP and t-SNE need 16 points
    kind : `raw` takes the first axes as they are (missing ones are 0); `pca`, `umap` and `tsne`
        are computed from all axes
    n_axes : 2 or 3
    seed : of UMAP and t-SNE; both start from the principal components. UMAP of 20,000 points or
        more takes none, and differs from one time to the next

    Returns
    -------
    Projection, with its trustworthiness, continuity and share of neighbours kept (10 neighbours,
    1,500 points at most).

    Raises
    ------
    TooFewImages : no points; for UMAP and t-SNE fewer than 16, or all in one place

    Notes
    -----
    For 10,000 points on 2 cores: PCA 10 ms, t-SNE about 40 s, UMAP about 15 s and in a fresh
    process 20 s more, which is numba compiling it.

    References
    ----------
    McInnes et al. 2018 (UMAP), van der Maaten & Hinton 2008 and Poličar et al. 2024 (t-SNE,
    openTSNE), Venna & Kaski 2001 (trustworthiness and continuity).
    """
    need("pictures on a map", len(latents), FEWEST_POINTS if kind in SLOW_KINDS else 1, REMEDY)
    if kind in SLOW_KINDS and not np.ptp(latents, axis=0).any():
        places = "in different places of the latent space"
        raise TooFewImages("The pictures on a map", places, "all in one", REMEDY)
    mean = components = None
    explained: tuple[float, ...] = ()
    match kind:
        case "raw":
            coordinates = _pad(latents[:, :n_axes], n_axes)
        case "pca":
            mean, components, explained = principal_axes(latents, n_axes)
            coordinates = (latents - mean) @ components.T
        case "umap":
            coordinates = _umap(latents, n_axes, seed)
        case "tsne":
            coordinates = _tsne(latents, n_axes, seed)
    coordinates = np.ascontiguousarray(coordinates, dtype=np.float32)
    is_rotation = kind in ("raw", "pca") and latents.shape[1] <= n_axes
    every = max(1, -(-len(latents) // TRUST_POINTS))
    z, xy = latents[::every], coordinates[::every]
    k = min(TRUST_NEIGHBOURS, (len(z) - 1) // 2)
    told = (1.0, 1.0, 1.0) if is_rotation else _faithfulness(z, xy, k)
    return Projection(kind, coordinates, *told, len(z), k, mean, components, explained)


def principal_axes(
    latents: Latents, n_axes: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[float, ...]]:
    """Mean (D,), leading unit eigenvectors of the covariance (n_axes, D), their variance shares.

    Each axis points so that its largest entry is positive; with fewer latent axes than map axes
    the missing rows are zero.
    """
    mean = latents.mean(axis=0, dtype=np.float64)
    centred = latents - mean
    values, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, ::-1][:, :n_axes].T
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    shares = values[::-1][:n_axes] / max(values.sum(), np.finfo(np.float64).tiny)
    components = _pad(axes.T, n_axes).T
    return (
        mean.astype(np.float32),
        np.ascontiguousarray(components, dtype=np.float32),
        tuple(np.pad(shares, (0, n_axes - len(shares))).tolist()),
    )


def _pad(columns: NDArray[np.floating], n_axes: int) -> NDArray[np.floating]:
    return np.pad(columns, ((0, 0), (0, n_axes - columns.shape[1])))


def _umap(latents: Latents, n_axes: int, seed: int) -> NDArray[np.floating]:
    from umap import UMAP  # here, since importing it compiles for 20 s

    start = _pca_start(latents, n_axes) * 1e5  # UMAP expects a start of about 10 units across
    settings: dict[str, Any] = {"n_components": n_axes, "init": start}
    if len(latents) >= MANY_POINTS:
        settings |= {"n_epochs": FEWER_EPOCHS, "n_jobs": -1}
    else:
        # A random_state makes umap-learn optimise on one thread: slower, but one map per seed.
        settings |= {"random_state": seed, "n_jobs": 1}
    return np.asarray(UMAP(**settings).fit_transform(_narrowed(latents)))


def _tsne(latents: Latents, n_axes: int, seed: int) -> NDArray[np.floating]:
    from openTSNE import TSNE

    start = _pca_start(latents, n_axes)
    # FFT-accelerated repulsion pays from 10,000 points on, and exists for two axes only.
    method = "auto" if n_axes == 2 else "bh"
    settings: dict[str, Any] = {"n_components": n_axes, "random_state": seed}
    # Of few points as many as openTSNE would fall back to, and say so on the terminal.
    settings["perplexity"] = min(PERPLEXITY, (len(latents) - 1) / 3)
    settings |= {"initialization": start, "negative_gradient_method": method}
    reducer = TSNE(n_jobs=-1, **settings)
    return np.asarray(reducer.fit(_narrowed(latents)))


def warm_up_projections() -> None:
    """Have UMAP compiled in a thread of its own, so that the first map need not wait for it.

    To be called once in each process that makes maps; returns at once. numba compiles for about
    20 s, during which the process can do other things.
    """
    threading.Thread(target=_compile, name="compile-umap", daemon=True).start()


def _compile() -> None:
    points = np.random.default_rng(0).normal(size=(COMPILED_WITH, 4)).astype(np.float32)
    _umap(points, 2, seed=0)


def _narrowed(latents: Latents) -> Latents:
    """Principal components in place of latents with more axes than neighbours are sought in."""
    if latents.shape[1] <= WIDE:
        return latents
    mean, components, _ = principal_axes(latents, WIDE)
    return ((latents - mean) @ components.T).astype(np.float32)


def _pca_start(latents: Latents, n_axes: int) -> NDArray[np.float64]:
    """Principal components scaled to a standard deviation of 1e-4: small, so that t-SNE's early
    gradients are not squashed (Kobak & Berens 2019)."""
    mean, components, _ = principal_axes(latents, n_axes)
    scores = ((latents - mean) @ components.T).astype(np.float64)
    return scores / max(scores[:, 0].std(), np.finfo(np.float64).tiny) * 1e-4


def _faithfulness(z: Latents, xy: NDArray[np.float32], k: int) -> tuple[float, float, float]:
    """Trustworthiness, continuity and the share of the k nearest that are kept."""
    if k == 0:
        return math.nan, math.nan, math.nan
    from sklearn.manifold import trustworthiness  # here, since it takes a second to import

    kept = share_kept(nearest_neighbours(z, k), nearest_neighbours(xy, k))
    return (
        float(trustworthiness(z, xy, n_neighbors=k)),
        float(trustworthiness(xy, z, n_neighbors=k)),
        float(kept.mean()),
    )
