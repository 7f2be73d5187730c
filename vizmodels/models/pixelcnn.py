"""Priors over grids of codes: uniform, marginal, and the gated PixelCNN."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

OnToken = Callable[[int, Tensor, Tensor], None]
"""Called after each token with its position, the codes so far, and what it was drawn from."""

NATS_PER_BIT = math.log(2)


class CodePrior(nn.Module, ABC):
    """p(c) = Π p(c_i | c_1 … c_{i−1}) over the cells of an h×w grid in reading order."""

    def __init__(self, codebook_size: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.codebook_size, self.grid = codebook_size, grid

    @abstractmethod
    def logits(
        self,
        codes: Int64[Tensor, "N h w"],
        labels: Int64[Tensor, " N"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, "N K h w"]:
        """Unnormalised log-probability of each code at each cell, given the cells before it.

        Parameters
        ----------
        codes : of all cells; a cell's logits depend on those before it alone
        labels : class of each grid, for a prior that is told it
        generator : of the dropout while training
        """

    def nats_per_code(
        self,
        codes: Int64[Tensor, "N h w"],
        labels: Int64[Tensor, " N"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, " N"]:
        """−log p(codes) of each grid, divided by its number of cells."""
        logits = self.logits(codes, labels, generator).float()
        return F.cross_entropy(logits, codes, reduction="none").mean(dim=(1, 2))

    @torch.no_grad()
    def sample_codes(
        self,
        n: int,
        generator: torch.Generator,
        *,
        temperature: float = 1.0,
        labels: Int64[Tensor, " N"] | None = None,
        on_token: OnToken | None = None,
    ) -> Int64[Tensor, "N h w"]:
        """n grids of codes, drawn token by token.

        Parameters
        ----------
        n : number of grids
        generator : of the draws, on the model's device
        temperature : the logits are divided by it; below 1 the likely becomes likelier
        labels : class of each grid, for a prior that is told it
        on_token : called after each token with (position, codes (N, h, w), chances (N, K))

        Notes
        -----
        One pass of the network a token: 49 for a 7×7 grid.
        """
        codes = torch.zeros(n, *self.grid, dtype=torch.int64, device=generator.device)
        width = self.grid[1]
        for position in range(self.grid[0] * width):
            row, column = divmod(position, width)
            # The rows below have no say in this one, so the network is spared them.
            seen = self.logits(codes[:, : row + 1], labels)[:, :, row, column].float()
            chances = F.softmax(seen / temperature, dim=1)
            drawn = torch.multinomial(chances, 1, generator=generator).squeeze(1)
            codes[:, row, column] = drawn
            if on_token is not None:
                on_token(position, codes, chances)
        return codes


@final
class UniformPrior(CodePrior):
    """Every code is as likely as every other, whatever stands before it."""

    def logits(
        self,
        codes: Int64[Tensor, "N h w"],
        labels: Int64[Tensor, " N"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, "N K h w"]:
        """Zeros."""
        n, height, width = codes.shape
        return torch.zeros(n, self.codebook_size, height, width, device=codes.device)


@final
class MarginalPrior(CodePrior):
    """Every cell is drawn by itself, each code as often as it stands in the training images.

    Parameters
    ----------
    counts : (K,), how often; one is added to each, so that no code is impossible
    """

    log_probs: Tensor

    def __init__(self, counts: Int64[Tensor, " K"], grid: tuple[int, int]) -> None:
        super().__init__(len(counts), grid)
        smoothed = counts.double() + 1
        self.register_buffer("log_probs", (smoothed / smoothed.sum()).log().float())

    def logits(
        self,
        codes: Int64[Tensor, "N h w"],
        labels: Int64[Tensor, " N"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, "N K h w"]:
        """The same log-probabilities at each cell."""
        n, height, width = codes.shape
        return self.log_probs[None, :, None, None].expand(n, -1, height, width)


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
