"""The codes of a VQ-VAE one by one: how often each is used, where it lies, and what it draws."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.codes.code_sampling import code_colours
from vizmodels.analysis.maps.projection import principal_axes
from vizmodels.models.codes.quantizer import code_usage, squared_distances
from vizmodels.models.codes.vqvae import VQVAE

PLANE = 2


@dataclass(frozen=True)
class CodebookReport:
    """K codes over the M cells of N images.

    Attributes
    ----------
    counts : int64 (K,), cells that each code stands in
    entropy_bits, perplexity : of the codes' marginal distribution; perplexity = 2^entropy, the
        number of codes that, used equally often, would have this entropy
    coordinates : float32 (K, 2), the code vectors on their two principal axes
    explained : share of their variance along each
    colours : float32 (K, 3) in [0, 1], each code's on every figure
    codes : int64 (N, h, w), of the images themselves
    """

    counts: NDArray[np.int64]
    entropy_bits: float
    perplexity: float
    coordinates: NDArray[np.float32]
    explained: tuple[float, ...]
    colours: NDArray[np.float32]
    codes: NDArray[np.int64]

    def __post_init__(self) -> None:
        k = len(self.counts)
        assert self.coordinates.shape == (k, PLANE) and self.colours.shape == (k, 3)
        assert self.counts.sum() == self.codes.size

    @property
    def n_dead(self) -> int:
        """Codes that stand nowhere in these images."""
        return int((self.counts == 0).sum())

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of the cells that each code stands in, (K,)."""
        return self.counts / self.counts.sum()


def report_codebook(model: VQVAE, images: UInt8[Tensor, "N C H W"]) -> CodebookReport:
    """Usage, perplexity and the lie of the codes over these images."""
    with torch.inference_mode():
        codes = model.codes_of(images).cpu()
    usage = code_usage(codes, model.quantizer.codebook_size)
    vectors = model.quantizer.codebook.detach().cpu().numpy()
    mean, axes, explained = principal_axes(vectors, PLANE)
    return CodebookReport(
        usage.counts.numpy(),
        usage.entropy,
        usage.perplexity,
        ((vectors - mean) @ axes.T).astype(np.float32),
        explained,
        code_colours(model),
        codes.numpy(),
    )


@torch.inference_mode()
def picture_full_of(model: VQVAE, code: int) -> NDArray[np.float32]:
    """The picture (C, H, W) of a grid that holds one code everywhere."""
    grid = torch.full((1, model.latent_dim), float(code))
    return model.decode(grid)[0].float().cpu().numpy()


def code_patches(
    images: UInt8[np.ndarray, "N C H W"],
    codes: Int64[np.ndarray, "N h w"],
    code: int,
    n: int,
    seed: int,
    margin: int = 1,
) -> NDArray[np.uint8]:
    """Places of the images where a code stands, with `margin` cells around each.

    Parameters
    ----------
    images, codes : of the same N images
    code : whose places
    n : at most, drawn at random without repetition
    seed : of the draw
    margin : cells on each side; what lies beyond the picture's edge is black

    Returns
    -------
    uint8 array (P, C, (2·margin + 1)·H/h, (2·margin + 1)·W/w), P ≤ n
    """
    places = np.argwhere(codes == code)
    chosen = np.random.default_rng(seed).permutation(len(places))[:n]
    tall, wide = (images.shape[2] // codes.shape[1], images.shape[3] // codes.shape[2])
    above, left = margin * tall, margin * wide
    padded = np.pad(images, ((0, 0), (0, 0), (above, above), (left, left)))
    height, width = (2 * margin + 1) * tall, (2 * margin + 1) * wide
    # A cell begins at its row times the cell's height; the padding moves it by the margin.
    patches = [
        padded[image, :, row * tall :][:, :height, column * wide : column * wide + width]
        for image, row, column in places[chosen]
    ]
    shape = (0, images.shape[1], height, width)
    return np.stack(patches) if patches else np.zeros(shape, np.uint8)


@torch.inference_mode()
def distances_to_codes(
    model: VQVAE, image: UInt8[Tensor, "C H W"], row: int, column: int
) -> Float[NDArray[np.floating], " K"]:
    """‖z − e_k‖ of what the encoder gives for one cell of an image to every code, (K,)."""
    vectors = model.vectors(image[None].float().div(255))[0]
    vector = vectors[row * model.grid[1] + column]
    squared = squared_distances(vector[None], model.quantizer.codebook)[0]
    return squared.clamp_min(0).sqrt().cpu().numpy()
