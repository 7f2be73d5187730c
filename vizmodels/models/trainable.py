"""What the training loop asks of every model: losses, and where it needs them, hooks."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from vizmodels.models.backbones import ImageShape
from vizmodels.models.loss import Loss


@dataclass(frozen=True)
class Batch:
    """What one step sees of N images.

    Attributes
    ----------
    x : what is to be reconstructed, float32 (N, C, H, W) in [0, 1]; for a prior over codes the
        codes, int64 (N, H, W)
    x_in : what the encoder sees; differs from x when training to remove noise
    labels : int64 (N,), class of each image, or None
    """

    x: Tensor
    x_in: Tensor
    labels: Tensor | None = None

    @classmethod
    def of(cls, x: Tensor, labels: Tensor | None = None) -> "Batch":
        """Clean images."""
        return cls(x, x, labels)


@dataclass(frozen=True)
class Measure:
    """A figure of a whole set of images that is no mean over images, such as the perplexity."""

    name: str
    unit: str
    value: float


class Trainable(nn.Module, ABC):
    """A model that the training loop can fit."""

    image_shape: ImageShape

    @abstractmethod
    def losses(self, batch: Batch, generator: torch.Generator | None) -> Loss:
        """Every term of the loss, per image.

        Parameters
        ----------
        batch : the images
        generator : source of everything random; None evaluates: no draw, no dropout, the posterior
            mean and the likeliest classes decoded, and the whole KL weight charged
        """

    def resident(self, images: UInt8[Tensor, "N C H W"]) -> Tensor:
        """What a step reads of each image, computed once: the images, or what comes of them."""
        return images

    def start(self, images: UInt8[Tensor, "N C H W"], generator: torch.Generator) -> None:
        """Set what depends on the data, such as a codebook, before the first step."""

    def set_epoch(self, epoch: float, n_epochs: int) -> None:
        """Move what follows a schedule; called before each step with the epochs done so far."""

    def after_step(self, generator: torch.Generator) -> None:
        """Update what no gradient updates, after the optimiser's step."""

    def measure(self, images: UInt8[Tensor, "N C H W"]) -> tuple[Measure, ...]:
        """Figures of a whole set that are no means over its images; none by default."""
        return ()
