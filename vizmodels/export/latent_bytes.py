"""The latents of a map's pictures in the form that the browser fetches."""

import numpy as np
import torch
from numpy.typing import NDArray

from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.trainable import Trainable

CHUNK = 500  # pictures whose distances to all codes are in memory at a time


def latent_bytes(model: Trainable, places: NDArray[np.float32]) -> bytes:
    """What the browser makes (P, E) latents of: float32 as they are, or less where it will do.

    Code vectors of a VQ-VAE's 10,000 pictures on a 7×7 grid are 31 MB; their indices, uint16
    (P, h·w), 1 MB. The browser has the codebook in its layer program. Probabilities of twenty
    variables of ten classes are 8 MB; of a discrete VAE all is float16, half as much.

    Parameters
    ----------
    model : whose latents these are
    places : float32 (P, E), as `Autoencoder.embed` gives them
    """
    vqvae = model.vqvae if isinstance(model, VQPrior) else model
    if isinstance(model, DiscreteVAE):
        return places.astype("<f2").tobytes()
    if not isinstance(vqvae, VQVAE):
        return places.astype("<f4").tobytes()
    return code_grids(vqvae, places).astype("<u2").tobytes()


def code_grids(model: VQVAE, places: NDArray[np.float32]) -> NDArray[np.int64]:
    """Index of the code that each vector of (P, h·w·d) is: int64 (P, h·w)."""
    quantizer = model.quantizer
    vectors = torch.from_numpy(places).view(-1, quantizer.code_dim)
    parts = [quantizer.assign(part) for part in vectors.split(CHUNK * model.latent_dim)]
    return torch.cat(parts).view(-1, model.latent_dim).numpy()
