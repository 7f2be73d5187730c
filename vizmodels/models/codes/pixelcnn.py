"""The gated PixelCNN: a prior over grids of codes that sees all cells before the one it draws."""

from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from vizmodels.models.codes.code_prior import CodePrior


@final
class PixelCNN(CodePrior):
    """The gated PixelCNN, without blind spot: a stack that looks up, and one that looks left.

    Parameters
    ----------
    codebook_size, grid : K and (h, w)
    channels, n_layers : of the gated layers
    n_classes : 0 for a prior that is not told the class
    dropout : share of the channels left out at each layer while training

    References
    ----------
    van den Oord et al. 2016, Conditional Image Generation with PixelCNN Decoders, section 2.
    """

    def __init__(
        self,
        codebook_size: int,
        grid: tuple[int, int],
        channels: int = 64,
        n_layers: int = 8,
        n_classes: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(codebook_size, grid)
        self.dropout, self.n_classes = dropout, n_classes
        self.embedding = nn.Embedding(codebook_size, channels)
        self.layers = nn.ModuleList(
            GatedLayer(channels, n_classes, is_first=at == 0) for at in range(n_layers)
        )
        self.head = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(channels, 2 * channels, 1),
            nn.ReLU(),
            nn.Conv2d(2 * channels, codebook_size, 1),
        )

    def logits(
        self,
        codes: Int64[Tensor, "N h w"],
        labels: Int64[Tensor, " N"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, "N K h w"]:
        """The network's; see `CodePrior.logits`."""
        assert labels is not None or not self.n_classes, "a prior that is told the class needs one"
        up = left = self.embedding(codes).permute(0, 3, 1, 2)
        told = labels if self.n_classes else None
        for layer in self.layers:
            if generator is not None and self.dropout:
                up, left = (_drop(x, self.dropout, generator) for x in (up, left))
            up, left = layer(up, left, told)
        return self.head(left)


class GatedLayer(nn.Module):
    """One layer of both stacks: y = tanh(a) · sigmoid(b), a and b halves of a convolution.

    The upper stack at a cell sees its own row and those above; it reaches the left one a row
    later. The left stack sees the cells to its left, and from the second layer on its own.
    """

    def __init__(self, channels: int, n_classes: int, is_first: bool) -> None:
        super().__init__()
        self.is_first = is_first
        self.vertical = nn.Conv2d(channels, 2 * channels, (2, 3))
        self.horizontal = nn.Conv2d(channels, 2 * channels, (1, 2))
        self.across = nn.Conv2d(2 * channels, 2 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        self.of_class = nn.Embedding(n_classes, 4 * channels) if n_classes else None

    def forward(self, up: Tensor, left: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor]:
        """Both stacks (N, W, h, w) -> both stacks."""
        vertical = self.vertical(F.pad(up, (1, 1, 1, 0)))
        below = F.pad(vertical, (0, 0, 1, 0))[:, :, :-1]  # what is above a cell, at the cell
        seen = F.pad(left, (2, 0, 0, 0))[:, :, :, :-1] if self.is_first else F.pad(left, (1, 0))
        horizontal = self.horizontal(seen) + self.across(below)
        if self.of_class is not None and labels is not None:
            of_vertical, of_horizontal = self.of_class(labels)[:, :, None, None].chunk(2, dim=1)
            vertical, horizontal = vertical + of_vertical, horizontal + of_horizontal
        out = self.out(_gate(horizontal))
        return _gate(vertical), out if self.is_first else left + out


def _gate(x: Tensor) -> Tensor:
    a, b = x.chunk(2, dim=1)
    return torch.tanh(a) * torch.sigmoid(b)


def _drop(x: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Whole channels (Tompson et al. 2015): a mask of every number took a third of the step."""
    draw = torch.rand(*x.shape[:2], 1, 1, generator=generator, device=x.device)
    return x * ((draw >= share) / (1 - share)).to(x.dtype)
