"""Priors over grids of codes: what all have, and the two that need no network."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from vizmodels.borders import as_labels, check_temperature
from vizmodels.models.codes.draw import draw_categories

OnToken = Callable[[int, Tensor, Tensor], None]
"""Called after each token with its position, the codes so far, and what it was drawn from."""

NATS_PER_BIT = math.log(2)


class CodePrior(nn.Module, ABC):
    """p(c) = Π p(c_i | c_1 … c_{i−1}) over the cells of an h×w grid in reading order."""

    n_classes = 0
    """That it is told one of; 0 for a prior that is not told the class."""

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
        labels: Int64[Tensor, " N"] | Sequence[int] | None = None,
        on_token: OnToken | None = None,
    ) -> Int64[Tensor, "N h w"]:
        """n grids of codes, drawn token by token.

        Parameters
        ----------
        n : number of grids
        generator : of the draws, on the model's device
        temperature : the logits are divided by it; below 1 the likely becomes likelier, at 0
            the likeliest is drawn
        labels : class of each grid, for a prior that is told it; None draws it at random
        on_token : called after each token with (position, codes (N, h, w), chances (N, K))

        Notes
        -----
        One pass of the network a token: 49 for a 7×7 grid.
        """
        check_temperature(temperature)
        if labels is not None:
            labels = as_labels(labels, n, self.n_classes).to(generator.device)
        elif self.n_classes:
            labels = torch.randint(
                self.n_classes, (n,), generator=generator, device=generator.device
            )
        codes = torch.zeros(n, *self.grid, dtype=torch.int64, device=generator.device)
        width = self.grid[1]
        for position in range(self.grid[0] * width):
            row, column = divmod(position, width)
            # The rows below have no say in this one, so the network is spared them.
            seen = self.logits(codes[:, : row + 1], labels)[:, :, row, column].float()
            if temperature:
                chances = F.softmax(seen / temperature, dim=1)
            else:
                chances = F.one_hot(seen.argmax(dim=1), self.codebook_size).float()
            codes[:, row, column] = draw_categories(chances, generator)
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
