"""How well a model reconstructs a whole set, and what its loss is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.pictures.reconstruction import Reconstructions, reconstruct
from vizmodels.analysis.pictures.sharpness import detail_energy, detail_kept
from vizmodels.models.autoencoder import Autoencoder, squared_error
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.probabilistic import ProbabilisticAutoencoder
from vizmodels.models.trainable import Batch
from vizmodels.training.evaluation import DRAW_SEED, EVALUATION_BATCH, as_float


@dataclass(frozen=True)
class ReconstructionReport:
    """How well a model reconstructs N pictures, without the pictures.

    Attributes
    ----------
    squared_error : float32 (N,), per pixel, of the code decoded: the posterior mean, the likeliest
        classes, the nearest code vectors
    drawn_error : float32 (N,), the same of one draw of each posterior, z ~ q(z|x), which is what
        the KL pays for; of a model without a posterior, of the code
    relaxed_error : float32 (N,), the same of what the encoder gives, a discrete VAE's class
        probabilities; of every other model, of the code
    detail, detail_of_originals : float32 (N,), energy of the fine detail, see `detail_energy`
    """

    squared_error: NDArray[np.float32]
    drawn_error: NDArray[np.float32]
    relaxed_error: NDArray[np.float32]
    detail: NDArray[np.float32]
    detail_of_originals: NDArray[np.float32]

    def __post_init__(self) -> None:
        assert self.squared_error.ndim == 1
        shape = self.squared_error.shape
        assert self.drawn_error.shape == self.relaxed_error.shape == shape
        assert self.detail.shape == self.detail_of_originals.shape == shape

    @property
    def detail_kept(self) -> float:
        """Detail of the reconstructions over that of the originals."""
        return detail_kept(self.detail, self.detail_of_originals)


@dataclass(frozen=True)
class LossParts:
    """What each term adds to a model's loss.

    Attributes
    ----------
    names : of the terms; the reconstruction first
    parts : mean over the test set of weight · term; they add up to the loss
    unit : of all parts, that of the reconstruction
    """

    names: tuple[str, ...]
    parts: tuple[float, ...]
    unit: str

    def __post_init__(self) -> None:
        assert len(self.names) == len(self.parts) > 0

    @property
    def loss(self) -> float:
        """Their sum."""
        return sum(self.parts)


def report_reconstructions(
    model: Autoencoder, images: UInt8[Tensor, "N C H W"]
) -> ReconstructionReport:
    """Error and sharpness of each reconstruction.

    Notes
    -----
    Always the same draws of the posteriors.
    """
    generator = torch.Generator(next(model.parameters()).device).manual_seed(DRAW_SEED)
    rows: list[NDArray[np.float32]] = []
    for part in images.split(EVALUATION_BATCH):
        result = reconstruct(model, part)
        columns = (
            result.squared_error,
            _drawn_error(model, part, generator, result),
            _relaxed_error(model, part, result),
            detail_energy(result.pictures),
            detail_energy(result.originals),
        )
        rows.append(np.stack(columns).astype(np.float32))
    return ReconstructionReport(*np.concatenate(rows, axis=1))


@torch.inference_mode()
def _drawn_error(
    model: Autoencoder, images: Tensor, generator: torch.Generator, of_code: Reconstructions
) -> NDArray[np.float32]:
    if not isinstance(model, ProbabilisticAutoencoder):
        return of_code.squared_error
    x = as_float(images, model)
    return squared_error(x, model.decode(model.draw(x, generator)).float()).cpu().numpy()


@torch.inference_mode()
def _relaxed_error(
    model: Autoencoder, images: Tensor, of_code: Reconstructions
) -> NDArray[np.float32]:
    if not isinstance(model, DiscreteVAE):
        return of_code.squared_error
    x = as_float(images, model)
    return squared_error(x, model.decode(model.encode(x)).float()).cpu().numpy()


def loss_parts(
    model: Autoencoder, image: UInt8[Tensor, "1 C H W"], evaluation: Mapping[str, float]
) -> LossParts:
    """The loss of a whole test set taken apart: each term's mean times its weight.

    Parameters
    ----------
    model : asked for the names and weights of its terms
    image : any; a loss needs one to have terms
    evaluation : name of each term -> mean over the test set; of a run
    """
    terms = model.losses(Batch.of(as_float(image, model)), None).terms
    return LossParts(
        tuple(term.name for term in terms),
        tuple(float(term.weight) * evaluation[term.name] for term in terms),
        terms[0].unit,
    )
