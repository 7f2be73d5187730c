"""What a model keeps of pictures, and what it loses."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.models.autoencoder import Autoencoder, squared_error
from vizmodels.training.evaluation import EVALUATION_BATCH, as_float, reconstruct_all


@dataclass(frozen=True)
class Reconstructions:
    """Pictures beside what a model makes of them.

    Attributes
    ----------
    originals, pictures : float32 arrays (N, C, H, W) in [0, 1]
    """

    originals: NDArray[np.float32]
    pictures: NDArray[np.float32]

    def __post_init__(self) -> None:
        assert self.originals.shape == self.pictures.shape and self.originals.ndim == 4

    @property
    def error(self) -> NDArray[np.float32]:
        """Reconstruction minus original, per pixel, in [−1, 1]."""
        return self.pictures - self.originals

    @property
    def squared_error(self) -> NDArray[np.float32]:
        """Squared error of each picture, averaged over pixels and channels; (N,)."""
        return np.square(self.error).mean(axis=(1, 2, 3))


def reconstruct(model: Autoencoder, images: UInt8[Tensor, "N C H W"]) -> Reconstructions:
    """Reconstructions of images from their codes, see `Autoencoder.to_code`."""
    return Reconstructions(
        (images.numpy() / np.float32(255)).astype(np.float32),
        reconstruct_all(model, images).numpy(),
    )


@torch.inference_mode()
def squared_errors(model: Autoencoder, images: UInt8[Tensor, "N C H W"]) -> NDArray[np.float32]:
    """Squared error per pixel of each image's reconstruction from its code, (N,); keeps none of the
    pictures."""
    parts: list[NDArray[np.float32]] = []
    for batch in images.split(EVALUATION_BATCH):
        x = as_float(batch, model)
        parts.append(squared_error(x, model.reconstruct(x).float()).cpu().numpy())
    return np.concatenate(parts)
