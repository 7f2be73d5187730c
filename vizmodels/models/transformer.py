"""A small vision transformer on both sides of a bottleneck, as layers that can be exported.

A picture is cut into a grid of patches, each patch becomes a token, and every block lets each token
look at all others. The grid is 4×4 whatever the picture's size, so that two cores suffice.
"""

import math

from torch import nn

from vizmodels.models.layers import Attention, Permute, Positions, Residual, TopLeft
from vizmodels.specs import HEAD_WIDTH

GRID = 4  # patches along each side of a picture
EXPANSION = 2  # of the layer between the two of a block's feed-forward part

ImageShape = tuple[int, int, int]


def transformer_encoder(
    image_shape: ImageShape, n_outputs: int, widths: tuple[int, ...]
) -> nn.Sequential:
    """Layers from images (N, C, H, W) to (N, n_outputs)."""
    channels, (height, width) = image_shape[0], _patch(image_shape)
    tokens, values = GRID * GRID, channels * height * width
    return nn.Sequential(
        TopLeft(GRID * height, GRID * width),
        Permute((channels, GRID, height, GRID, width), (1, 3, 0, 2, 4)),
        nn.Flatten(start_dim=1),
        nn.Unflatten(1, (tokens, values)),
        nn.Linear(values, widths[0]),
        Positions(tokens, widths[0]),
        *_blocks(widths),
        nn.LayerNorm(widths[-1]),
        nn.Flatten(start_dim=1),
        nn.Linear(tokens * widths[-1], n_outputs),
    )


def transformer_decoder(
    image_shape: ImageShape, latent_dim: int, widths: tuple[int, ...]
) -> nn.Sequential:
    """Layers from latents (N, latent_dim) to pictures (N, C, H, W) before the output function."""
    channels, (height, width) = image_shape[0], _patch(image_shape)
    tokens, values = GRID * GRID, channels * height * width
    return nn.Sequential(
        nn.Linear(latent_dim, tokens * widths[-1]),
        nn.Unflatten(1, (tokens, widths[-1])),
        Positions(tokens, widths[-1]),
        *_blocks(widths),
        nn.LayerNorm(widths[0]),
        nn.Linear(widths[0], values),
        Permute((GRID, GRID, channels, height, width), (2, 0, 3, 1, 4)),
        nn.Flatten(start_dim=1),
        nn.Unflatten(1, (channels, GRID * height, GRID * width)),
        TopLeft(*image_shape[1:]),
    )


def _patch(image_shape: ImageShape) -> tuple[int, int]:
    return math.ceil(image_shape[1] / GRID), math.ceil(image_shape[2] / GRID)


def _blocks(widths: tuple[int, ...]) -> list[nn.Module]:
    """Pre-norm blocks, as in GPT-2: attention, then a feed-forward part, each a residual."""
    blocks: list[nn.Module] = []
    for width in widths:
        attention = (
            nn.LayerNorm(width),
            nn.Linear(width, 3 * width),
            Attention(width // HEAD_WIDTH),
            nn.Linear(width, width),
        )
        forward = (
            nn.LayerNorm(width),
            nn.Linear(width, EXPANSION * width),
            nn.GELU(),
            nn.Linear(EXPANSION * width, width),
        )
        blocks += [Residual(*attention), Residual(*forward)]
    return blocks
