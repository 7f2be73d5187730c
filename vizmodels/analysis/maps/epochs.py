"""A latent space after an earlier epoch, turned into the frame of the last one."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from vizmodels.analysis.maps.projection import Projection

Latents = Float32[NDArray[np.float32], "P D"]


@dataclass(frozen=True)
class EpochView:
    """P pictures as a model placed them after one epoch.

    Attributes
    ----------
    latents : float32 (P, D), as the encoder of that epoch gives them
    coordinates : float32 (P, 2), on the map of the last epoch
    mean, components : for a PCA map, coordinates = (latents − mean) · componentsᵀ; None for raw
    """

    latents: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    mean: NDArray[np.float32] | None = None
    components: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        assert len(self.latents) == len(self.coordinates)
        assert (self.mean is None) == (self.components is None)


def view_epoch(latents: Latents, last: Latents, projection: Projection) -> EpochView:
    """Latents of an earlier epoch on the map of the last one.

    Raw axes stay as they are: the decoder reads them, and turning them would hide how they came
    about. On a PCA map the earlier latents are first turned onto the last ones, since a latent
    space may turn freely between epochs without a picture changing.

    Parameters
    ----------
    latents, last : of the same pictures, after the epoch and after the last
    projection : of `last`, raw or PCA
    """
    if projection.kind == "raw":
        padded = np.pad(latents, ((0, 0), (0, max(0, 2 - latents.shape[1]))))[:, :2]
        return EpochView(latents, np.ascontiguousarray(padded, dtype=np.float32))
    assert projection.components is not None, projection.kind
    mean = latents.mean(axis=0)
    rotation = rotation_onto(last, latents)
    components = np.ascontiguousarray(projection.components @ rotation.T, dtype=np.float32)
    return EpochView(latents, (latents - mean) @ components.T, mean, components)


def rotation_onto(last: Latents, latents: Latents) -> NDArray[np.float32]:
    """The orthogonal R, (D, D), that minimises ‖(latents − mean) R − (last − mean)‖.

    References
    ----------
    Schönemann 1966, A generalized solution of the orthogonal Procrustes problem.
    """
    from scipy.linalg import orthogonal_procrustes  # here, since it takes a while to import

    one, other = (rows - rows.mean(axis=0, dtype=np.float64) for rows in (latents, last))
    rotation, _ = orthogonal_procrustes(one, other)
    return rotation.astype(np.float32)
