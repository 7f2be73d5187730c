"""A small vision transformer on both sides of a bottleneck, as layers that can be exported.

A picture is cut into a grid of patches, each patch becomes a token, and every block lets each token
look at all others. The grid is 4×4 whatever the picture's size, so that two cores suffice.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vizmodels.specs import HEAD_WIDTH

GRID = 4  # patches along each side of a picture
EXPANSION = 2  # of the layer between the two of a block's feed-forward part

ImageShape = tuple[int, int, int]


class TopLeft(nn.Module):
    """The top left (H, W) of each picture; what lies beyond its edge is black."""

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height, self.width = height, width

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, C, H, W)."""
        return F.pad(x, (0, self.width - x.shape[3], 0, self.height - x.shape[2]))


class Permute(nn.Module):
    """Values read as `shape`, their axes put into another order; batch axis apart."""

    def __init__(self, shape: tuple[int, ...], order: tuple[int, ...]) -> None:
        super().__init__()
        self.shape, self.order = shape, order

    def forward(self, x: Tensor) -> Tensor:
        """(N, …) -> (N, …), as many values."""
        return x.reshape(-1, *self.shape).permute(0, *(axis + 1 for axis in self.order))


class Positions(nn.Module):
    """A learned vector added to each token, which says where it stands."""

    def __init__(self, n_tokens: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_tokens, width))

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, W) -> (N, T, W)."""
        return x + self.weight


class Shift(nn.Module):
    """The same number added to every value."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, x: Tensor) -> Tensor:
        """The shape of x."""
        return x + self.by


class Attention(nn.Module):
    """Every token's mean of all tokens' values, weighted by how its query meets their keys.

    References
    ----------
    Vaswani et al. 2017, Attention Is All You Need, eq. 1.
    """

    def __init__(self, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads

    def forward(self, x: Tensor) -> Tensor:
        """Queries, keys and values (N, T, 3·W) -> (N, T, W)."""
        n, n_tokens, tripled = x.shape
        q, k, v = x.reshape(n, n_tokens, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        # Written out: for 16 tokens PyTorch's fused attention takes five times as long on a CPU.
        weights = torch.softmax((q @ k.transpose(2, 3)) / math.sqrt(q.shape[3]), dim=3)
        heads = weights.to(v.dtype) @ v
        return heads.transpose(1, 2).reshape(n, n_tokens, tripled // 3)


class Residual(nn.Module):
    """x + f(x)."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """The shape of x."""
        return x + self.layers(x)


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
