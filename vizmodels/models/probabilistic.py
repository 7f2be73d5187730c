"""What models with a posterior, a prior and a likelihood have in common."""

from abc import ABC, abstractmethod
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vizmodels.models.autoencoder import (
    CROSS_ENTROPY,
    SQUARED_ERROR,
    Autoencoder,
    cross_entropy,
    squared_error,
)
from vizmodels.models.loss import LossTerm

Likelihood = Literal["gaussian", "bernoulli"]


class ProbabilisticAutoencoder(Autoencoder, ABC):
    """A likelihood, and a KL term whose weight can warm up and be moved while it trains.

    The weights are tensors on the device, so that they can be moved while a captured step replays.
    """

    decoder: nn.Sequential
    kl_weight: Tensor
    kl_share: Tensor

    def __init__(self, kl_weight: float, likelihood: Likelihood, kl_warm_up: int) -> None:
        super().__init__()
        self.likelihood: Likelihood = likelihood
        self.kl_warm_up = kl_warm_up
        self.register_buffer("kl_weight", torch.tensor(kl_weight), persistent=False)
        self.register_buffer("kl_share", torch.tensor(1.0), persistent=False)

    def set_epoch(self, epoch: float, n_epochs: int) -> None:
        """Let the KL weight grow linearly over the warm-up (Sønderby et al. 2016, Ladder VAE)."""
        if self.kl_warm_up:
            self.kl_share.fill_(min(1.0, epoch / self.kl_warm_up))

    def charged_share(self, generator: torch.Generator | None) -> Tensor | None:
        """Of the KL weight in a training step; None for all of it, as where the loss is
        evaluated."""
        return self.kl_share if self.kl_warm_up and generator is not None else None

    @abstractmethod
    def draw(
        self, images: Float[Tensor, "N C H W"], generator: torch.Generator
    ) -> Float[Tensor, "N D"]:
        """One draw of each image's posterior, such as the decoder is trained on: z ~ q(z|x)."""

    def reconstruction(
        self, x: Float[Tensor, "N C H W"], logits: Float[Tensor, "N C H W"]
    ) -> LossTerm:
        """−log p(x|z) per pixel, up to scale and constant: squared error, or cross-entropy."""
        if self.likelihood == "gaussian":
            error = squared_error(x, torch.sigmoid(logits))
            return LossTerm("reconstruction", SQUARED_ERROR, error)
        return LossTerm("reconstruction", CROSS_ENTROPY, cross_entropy(x, logits))
