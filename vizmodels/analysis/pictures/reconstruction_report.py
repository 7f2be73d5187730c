"""How well a model reconstructs a whole set, and what its loss is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.pictures.reconstruction import reconstruct
from vizmodels.analysis.pictures.sharpness import detail_energy, detail_kept
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.trainable import Batch
from vizmodels.training.evaluation import EVALUATION_BATCH, as_float


@dataclass(frozen=True)
class ReconstructionReport:
    """How well a model reconstructs N pictures, without the pictures.

    Attributes
    ----------
    squared_error : float32 (N,), per pixel
    detail, detail_of_originals : float32 (N,), energy of the fine detail, see `detail_energy`
    """

    squared_error: NDArray[np.float32]
    detail: NDArray[np.float32]
    detail_of_originals: NDArray[np.float32]

    def __post_init__(self) -> None:
        assert self.squared_error.ndim == 1
        assert self.squared_error.shape == self.detail.shape == self.detail_of_originals.shape

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
    """Error and sharpness of each reconstruction, decoding posterior means."""
    rows: list[NDArray[np.float32]] = []
    for part in images.split(EVALUATION_BATCH):
        result = reconstruct(model, part)
        columns = (
            result.squared_error,
            detail_energy(result.pictures),
            detail_energy(result.originals),
        )
        rows.append(np.stack(columns).astype(np.float32))
    return ReconstructionReport(*np.concatenate(rows, axis=1))


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
