"""Layers that PyTorch has no module for, each of which the browser computes too."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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
