"""The codebook of a VQ-VAE: assignment, straight-through, and how codes move, start and revive."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from vizmodels.models.codes.draw import draw_categories

Assignment = Literal["nearest", "distance_weighted"]
CodebookUpdate = Literal["ema", "gradient"]

SMOOTHING = 1e-5
"""Laplace smoothing of the counts (van den Oord et al. 2017, appendix A.1; Sonnet's value)."""

DEAD_SHARE = 0.03
"""Of the average code's count, below which a code counts as dead. With 512 codes and 16,384 vectors
a step that comes to one vector a step, the threshold of Dhariwal et al. 2020, Jukebox."""


CACHED_VECTORS = 1024  # whose distances to 512 codes are 2 MB


@dataclass(frozen=True)
class Quantised:
    """What a quantizer makes of M vectors.

    Attributes
    ----------
    codes : int64 (M,), index of each vector's code
    vectors : float32 (M, d), those codes' vectors
    """

    codes: Int64[Tensor, " M"]
    vectors: Float[Tensor, "M d"]


class Quantizer(nn.Module):
    """K code vectors of d numbers.

    Parameters
    ----------
    codebook_size, code_dim : K and d
    assignment : the nearest code, or one drawn with the chance that an isotropic Gaussian around
        each code, as wide as the quantisation error, made the vector
    update : `ema` lets codes follow moving averages, `gradient` leaves them to the optimiser
    decay : of the moving averages, per step
    reset_dead_codes : whether a code that is no longer used moves to an encoded vector
    """

    codebook: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(
        self,
        codebook_size: int,
        code_dim: int,
        assignment: Assignment = "nearest",
        update: CodebookUpdate = "ema",
        decay: float = 0.99,
        reset_dead_codes: bool = True,
    ) -> None:
        super().__init__()
        self.assignment: Assignment = assignment
        self.update: CodebookUpdate = update
        self.decay, self.reset_dead_codes = decay, reset_dead_codes
        start = torch.zeros(codebook_size, code_dim)
        if update == "gradient":
            self.codebook = nn.Parameter(start)
        else:
            self.register_buffer("codebook", start)
        # Moving averages of how many vectors each code stood for, and of their sum. They serve
        # training alone, so a stored run does without them.
        self.register_buffer("counts", torch.zeros(codebook_size), persistent=False)
        self.register_buffer("sums", torch.zeros(codebook_size, code_dim), persistent=False)

    @property
    def codebook_size(self) -> int:
        """K."""
        return self.codebook.shape[0]

    @property
    def code_dim(self) -> int:
        """d."""
        return self.codebook.shape[1]

    @torch.no_grad()
    def assign(
        self, vectors: Float[Tensor, "M d"], generator: torch.Generator | None = None
    ) -> Int64[Tensor, " M"]:
        """The code of each vector; the nearest unless a generator is given to draw with."""
        if generator is None or self.assignment == "nearest":
            return nearest_codes(vectors, self.codebook)
        distances = squared_distances(vectors, self.codebook)
        nearest = distances.min(dim=1, keepdim=True).values
        variance = (nearest.mean() / self.code_dim).clamp_min(torch.finfo(nearest.dtype).tiny)
        chances = F.softmax((nearest - distances) / (2 * variance), dim=1)
        return draw_categories(chances, generator)

    def forward(
        self, vectors: Float[Tensor, "M d"], generator: torch.Generator | None = None
    ) -> Quantised:
        """Codes of the vectors, and the codes' vectors, through which the codebook has gradient."""
        codes = self.assign(vectors, generator)
        return Quantised(codes, F.embedding(codes, self.codebook))

    @torch.no_grad()
    def start_at(self, codebook: Float[Tensor, "K d"]) -> None:
        """Set the codes, each with a fair share of one vector's weight in the averages."""
        self.codebook.copy_(codebook)
        self.counts.fill_(1.0)
        self.sums.copy_(codebook)

    @torch.no_grad()
    def learn(
        self,
        vectors: Float[Tensor, "M d"],
        codes: Int64[Tensor, " M"],
        generator: torch.Generator,
    ) -> None:
        """One step of the moving averages, and of the codes that follow them.

        N ← γ N + (1 − γ) n and m ← γ m + (1 − γ) Σ z for each code; e = m / N, with Laplace
        smoothing of N. Then each dead code moves to a vector of this step, drawn at random.

        References
        ----------
        van den Oord et al. 2017, Neural Discrete Representation Learning, appendix A.1.
        """
        ones = torch.ones(len(codes), 1, device=codes.device)
        used = _sums_by_code(ones, codes, self.codebook_size).squeeze(1)
        self.counts.mul_(self.decay).add_(used, alpha=1 - self.decay)
        if self.update == "ema":
            total = _sums_by_code(vectors.float(), codes, self.codebook_size)
            self.sums.mul_(self.decay).add_(total, alpha=1 - self.decay)
            n = self.counts.sum()
            smoothed = (self.counts + SMOOTHING) / (n + len(self.counts) * SMOOTHING) * n
            self.codebook.copy_(self.sums / smoothed[:, None])
        if self.reset_dead_codes:
            self._revive(vectors, generator)

    def _revive(self, vectors: Tensor, generator: torch.Generator) -> None:
        fair_share = len(vectors) / self.codebook_size
        # Of what the averages have seen so far, which starts at one vector a code and grows to the
        # fair share of a step; measured by that, nearly all first codes would die at once.
        is_dead = self.counts < DEAD_SHARE * self.counts.mean()
        draw = torch.randint(
            len(vectors), (self.codebook_size,), generator=generator, device=vectors.device
        )
        replacement = vectors[draw].float()
        # A revived code starts with a fair share, so that it has some steps to find its vectors.
        self.codebook.copy_(torch.where(is_dead[:, None], replacement, self.codebook))
        self.sums.copy_(torch.where(is_dead[:, None], replacement * fair_share, self.sums))
        self.counts.copy_(torch.where(is_dead, fair_share, self.counts))


def _sums_by_code(
    vectors: Float[Tensor, "M d"], codes: Int64[Tensor, " M"], codebook_size: int
) -> Float[Tensor, "K d"]:
    """Sum of the vectors of each code, the same at each call on CUDA too.

    There `index_add_` adds in the order in which threads happen to arrive, so that the same seed
    gave other codes each time; a product with the codes as one-hot rows does not.
    """
    if codes.device.type == "cuda":
        return F.one_hot(codes, codebook_size).to(vectors.dtype).T @ vectors
    sums = torch.zeros(codebook_size, vectors.shape[1], device=codes.device)
    return sums.index_add_(0, codes, vectors)


def squared_distances(
    vectors: Float[Tensor, "M d"], codebook: Float[Tensor, "K d"]
) -> Float[Tensor, "M K"]:
    """‖z − e‖² of every vector to every code, in float32 whatever the autocast."""
    with torch.autocast(vectors.device.type, enabled=False):
        z, e = vectors.float(), codebook.float()
        return z.square().sum(dim=1, keepdim=True) - 2 * (z @ e.T) + e.square().sum(dim=1)


def nearest_codes(
    vectors: Float[Tensor, "M d"], codebook: Float[Tensor, "K d"]
) -> Int64[Tensor, " M"]:
    """Index of the code nearest to each vector, in float32 whatever the autocast.

    ‖z − e‖² and ½‖e‖² − z·e have the same smallest place. A processor takes the vectors in parts
    that stay in its cache, and `min` where `argmin` takes twice as long: 10 ms instead of 49 for
    16,384 vectors of 16 numbers and 512 codes.
    """
    with torch.autocast(vectors.device.type, enabled=False):
        codes = codebook.float()
        half, transposed = 0.5 * codes.square().sum(dim=1), codes.T.contiguous()
        parts = vectors.float().split(len(vectors) if vectors.is_cuda else CACHED_VECTORS)
        nearest = [torch.addmm(half, z, transposed, alpha=-1).min(dim=1).indices for z in parts]
        return torch.cat(nearest)


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, vectors: Tensor, quantised: Tensor) -> Tensor:
        return quantised.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]  # torch names no arguments
        return gradient, None


def pass_through(
    vectors: Float[Tensor, "M d"], quantised: Float[Tensor, "M d"]
) -> Float[Tensor, "M d"]:
    """The quantised vectors, exactly; their gradient goes to `vectors` as it is.

    References
    ----------
    van den Oord et al. 2017, section 3.2.
    """
    result = _StraightThrough.apply(vectors, quantised)
    assert isinstance(result, Tensor)
    return result


@dataclass(frozen=True)
class CodeUsage:
    """How often each code stands in a set of code grids.

    Attributes
    ----------
    counts : int64 (K,)
    """

    counts: Int64[Tensor, " K"]

    @property
    def share_used(self) -> float:
        """Share of the codes that stand anywhere."""
        return float((self.counts > 0).double().mean())

    @property
    def entropy(self) -> float:
        """Of the marginal distribution of codes, in bits."""
        p = self.counts.double() / self.counts.sum()
        return float(torch.special.entr(p).sum() / math.log(2))

    @property
    def perplexity(self) -> float:
        """2^entropy: how many codes, used equally often, would have this entropy."""
        return 2**self.entropy


def code_usage(codes: Int64[Tensor, "..."], codebook_size: int) -> CodeUsage:
    """Usage over all the codes given."""
    return CodeUsage(torch.bincount(codes.flatten().cpu(), minlength=codebook_size))
