"""Noisy pictures through a model: what it repairs, and where the noise moves the latent."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.intervals import mean_interval
from vizmodels.models.autoencoder import Autoencoder, squared_error
from vizmodels.training.evaluation import as_float, encode_all
from vizmodels.training.step import add_noise

CURVE_WEIGHTS = tuple(np.linspace(0, 1, 11).round(2).tolist())
CURVE_IMAGES = 200
CURVE_SEED = 0


@dataclass(frozen=True)
class Denoised:
    """N pictures with noise of one weight, through a model.

    Attributes
    ----------
    clean, noisy, denoised : float32 (N, C, H, W) in [0, 1]
    z_clean, z_noisy : float32 (N, E), where the encoder places the first two
    z_again : float32 (N, E), where it places what it has decoded from `z_noisy`
    """

    clean: NDArray[np.float32]
    noisy: NDArray[np.float32]
    denoised: NDArray[np.float32]
    z_clean: NDArray[np.float32]
    z_noisy: NDArray[np.float32]
    z_again: NDArray[np.float32]

    def __post_init__(self) -> None:
        assert self.clean.shape == self.noisy.shape == self.denoised.shape
        assert self.z_clean.shape == self.z_noisy.shape == self.z_again.shape
        assert len(self.clean) == len(self.z_clean)

    @property
    def squared_error(self) -> NDArray[np.float32]:
        """Of each denoised picture to the clean one, per pixel, (N,)."""
        return np.square(self.denoised - self.clean).mean(axis=(1, 2, 3))


@dataclass(frozen=True)
class NoiseCurve:
    """Error to the clean picture at W noise weights, of each of N pictures.

    Attributes
    ----------
    weights : float32 (W,)
    denoised, noisy : float32 (W, N), squared error per pixel of the model's picture and of the
        noisy picture itself
    """

    weights: NDArray[np.float32]
    denoised: NDArray[np.float32]
    noisy: NDArray[np.float32]

    def __post_init__(self) -> None:
        assert self.weights.ndim == 1
        assert self.denoised.shape == self.noisy.shape and len(self.noisy) == len(self.weights)

    @property
    def mean(self) -> NDArray[np.float32]:
        """Over the pictures, at each weight."""
        return self.denoised.mean(axis=1)

    @property
    def half_width(self) -> NDArray[np.float32]:
        """Of the 95 % interval of that mean."""
        halves = [mean_interval(errors).half_width for errors in self.denoised]
        return np.array(halves, dtype=np.float32)


@torch.inference_mode()
def embed_all(model: Autoencoder, images: UInt8[Tensor, "N C H W"]) -> NDArray[np.float32]:
    """Where the encoder places clean images; float32 (N, E)."""
    return model.embed(encode_all(model, images)).float().numpy()


@torch.inference_mode()
def denoise(
    model: Autoencoder, images: UInt8[Tensor, "N C H W"], weight: float, seed: int = CURVE_SEED
) -> Denoised:
    """Pictures with noise of a weight, encoded, decoded from their codes, and encoded once more."""
    clean = as_float(images, model)
    noisy = add_noise(clean, weight, torch.Generator().manual_seed(seed))
    latents = model.encode(torch.cat([clean, noisy]))
    denoised = model.decode(model.to_code(latents[len(clean) :])).float()
    z_clean, z_noisy = model.embed(latents).float().chunk(2)
    z_again = model.embed(model.encode(denoised)).float()
    return Denoised(*(t.numpy() for t in (clean, noisy, denoised, z_clean, z_noisy, z_again)))


@torch.inference_mode()
def noise_curve(
    model: Autoencoder,
    images: UInt8[Tensor, "N C H W"],
    weights: tuple[float, ...] = CURVE_WEIGHTS,
    seed: int = CURVE_SEED,
) -> NoiseCurve:
    """Error to the clean pictures at each noise weight, with the model and without it."""
    clean = as_float(images, model)
    denoised: list[Tensor] = []
    noisy: list[Tensor] = []
    for weight in weights:
        x_in = add_noise(clean, weight, torch.Generator().manual_seed(seed))
        denoised.append(squared_error(clean, model.reconstruct(x_in).float()))
        noisy.append(squared_error(clean, x_in))
    return NoiseCurve(
        np.array(weights, dtype=np.float32),
        torch.stack(denoised).numpy(),
        torch.stack(noisy).numpy(),
    )
