"""A prior over codes at work: grids of codes drawn token by token, and what they look like."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.entropy import entropy_bits
from vizmodels.models.codes.code_prior import CodePrior
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE

Scalar = TypeVar("Scalar", bound=np.generic)

NOT_DRAWN = -1
"""Stands in a grid of codes where no token has been drawn yet."""

GREY = 0.5  # of the cells that are not drawn yet
DARKEST, BRIGHTEST = 0.15, 0.95  # of a code's colour, so that none is taken for paper or ink


@dataclass(frozen=True)
class TokenStep:
    """N grids of codes after one more token of each was drawn.

    Attributes
    ----------
    position : of the token in reading order, from 0
    codes : int64 array (N, h, w); NOT_DRAWN where no token has been drawn yet
    chances : float32 array (N, K), what the token of each grid was drawn from
    """

    position: int
    codes: NDArray[np.int64]
    chances: NDArray[np.float32]

    def __post_init__(self) -> None:
        assert self.codes.ndim == 3 and len(self.codes) == len(self.chances)
        assert 0 <= self.position < self.n_tokens

    @property
    def n_tokens(self) -> int:
        """Cells of one grid."""
        return self.codes.shape[1] * self.codes.shape[2]

    @property
    def drawn(self) -> NDArray[np.int64]:
        """The token of each grid, (N,)."""
        return self.codes.reshape(len(self.codes), -1)[:, self.position]

    @property
    def entropy_bits(self) -> NDArray[np.float64]:
        """Entropy of what each token was drawn from, in bits, (N,): 0 where it was certain."""
        return entropy_bits(self.chances)


@torch.inference_mode()
def sample_tokens(
    prior: CodePrior,
    n: int,
    seed: int,
    *,
    temperature: float = 1.0,
    label: int | None = None,
    on_token: Callable[[TokenStep], None] | None = None,
) -> TokenStep:
    """n grids of codes drawn from the prior; the last step, all before it through `on_token`.

    Parameters
    ----------
    prior : over the codes of a VQ-VAE
    n : number of grids
    seed : of the draws
    temperature : the logits are divided by it, > 0; below 1 the likely becomes likelier
    label : class of all grids, for a prior that is told it; None draws one for each
    on_token : called after each token; an exception that it raises ends the sampling

    Notes
    -----
    One pass of the network a token. A step has no pictures: `decode_codes` makes them, where
    they are wanted.
    """
    device = next((p.device for p in prior.parameters()), torch.device("cpu"))
    generator = torch.Generator(device).manual_seed(seed)
    last: list[TokenStep] = []

    def tell(position: int, codes: Tensor, chances: Tensor) -> None:
        shown = codes.cpu().numpy().copy()
        shown.reshape(n, -1)[:, position + 1 :] = NOT_DRAWN
        last[:] = [TokenStep(position, shown, chances.float().cpu().numpy())]
        if on_token is not None:
            on_token(last[0])

    labels = None if label is None else torch.full((n,), label, device=device)
    prior.sample_codes(n, generator, temperature=temperature, labels=labels, on_token=tell)
    return last[0]


@torch.inference_mode()
def decode_codes(model: VQVAE | VQPrior, codes: NDArray[np.int64]) -> NDArray[np.float32]:
    """Pictures (N, C, H, W) in [0, 1] of grids of codes, grey where none is drawn yet.

    Parameters
    ----------
    model : a VQ-VAE, with or without a prior
    codes : (N, h, w), with NOT_DRAWN allowed

    Notes
    -----
    The decoder sees code 0 in place of what is not drawn; a cell beside it may still change.
    """
    device = next(model.parameters()).device
    latents = torch.from_numpy(codes.clip(min=0)).flatten(1).float().to(device)
    pictures = model.decode(latents).float().cpu().numpy()
    is_drawn = _enlarged(codes != NOT_DRAWN, pictures.shape[2:])
    return np.where(is_drawn[:, None], pictures, np.float32(GREY))


def _enlarged(cells: NDArray[Scalar], sides: tuple[int, ...]) -> NDArray[Scalar]:
    """Cells (N, h, w, …) as large as the part of an H×W picture that each stands for."""
    rows, columns = (
        np.arange(side) * n // side for side, n in zip(sides, cells.shape[1:3], strict=True)
    )
    return cells[:, rows][:, :, columns]


def code_pictures(
    codes: NDArray[np.int64], colours: NDArray[np.float32], sides: tuple[int, ...]
) -> NDArray[np.float32]:
    """Grids of codes (N, h, w) as pictures (N, 3, H, W): each cell in its code's colour."""
    with_grey = np.vstack([colours, np.full((1, 3), GREY, np.float32)])  # NOT_DRAWN is the last
    return np.moveaxis(with_grey[_enlarged(codes, sides)], -1, 1)


@torch.inference_mode()
def code_colours(model: VQVAE | VQPrior) -> NDArray[np.float32]:
    """One colour per code, float32 (K, 3) in [0, 1]; codes that lie close have similar ones.

    Red, green and blue are the ranks of the code vectors along their three principal axes, so
    that the colours are spread evenly however the codes lie.
    """
    vqvae = model.vqvae if isinstance(model, VQPrior) else model
    codebook = vqvae.quantizer.codebook.double().cpu()
    centred = codebook - codebook.mean(dim=0)
    axes = torch.linalg.svd(centred, full_matrices=False).Vh[:3]
    scores = (centred @ axes.T).numpy()
    ranks = scores.argsort(axis=0).argsort(axis=0) / max(1, len(scores) - 1)
    ranks = np.pad(ranks, ((0, 0), (0, 3 - ranks.shape[1])), constant_values=0.5)
    return (DARKEST + (BRIGHTEST - DARKEST) * ranks).astype(np.float32)
