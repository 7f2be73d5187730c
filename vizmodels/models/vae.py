"""The variational autoencoder with a diagonal Gaussian posterior."""

from dataclasses import dataclass
from typing import Literal, final

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
from vizmodels.models.gaussian import kl_to_standard_normal, reparameterise
from vizmodels.models.loss import Loss, LossTerm


@final
class VAE(Autoencoder):
    """q(z|x) = N(mu, diag(sigma²)), p(z) = N(0, I), x_hat = sigmoid(decoder(z)).

    References
    ----------
    Kingma & Welling 2014, Auto-Encoding Variational Bayes, eq. 7.
    """

    kl_weight: Tensor

    def __init__(
        self,
        encoder: nn.Sequential,
        decoder: nn.Sequential,
        kl_weight: float,
        likelihood: Literal["gaussian", "bernoulli"],
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        # A tensor on the device, so that the weight can be moved while a captured step replays.
        self.register_buffer("kl_weight", torch.tensor(kl_weight), persistent=False)

    def posterior(
        self, images: Float[Tensor, "N C H W"]
    ) -> tuple[Float[Tensor, "N D"], Float[Tensor, "N D"]]:
        """(mu, log_var) of q(z|x) for each image; log_var is log sigma²."""
        mu, log_var = self.encoder(images).float().chunk(2, dim=1)
        return mu, log_var

    def encode(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
        """The posterior mean mu."""
        return self.posterior(images)[0]

    def decode(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N C H W"]:
        """The mean of p(x|z)."""
        return torch.sigmoid(self.decoder(latents))

    def losses(
        self,
        x: Float[Tensor, "N C H W"],
        x_in: Float[Tensor, "N C H W"],
        generator: torch.Generator | None,
    ) -> Loss:
        """Reconstruction per pixel, and the KL to the prior in nats summed over axes."""
        mu, log_var = self.posterior(x_in)
        logits = self.decoder(reparameterise(mu, log_var, generator)).float()
        if self.likelihood == "gaussian":
            unit, error = SQUARED_ERROR, squared_error(x, torch.sigmoid(logits))
        else:
            unit, error = CROSS_ENTROPY, cross_entropy(x, logits)
        kl = kl_to_standard_normal(mu, log_var).sum(dim=1)
        return Loss(
            (
                LossTerm("reconstruction", unit, error),
                LossTerm("kl", "nats", kl, self.kl_weight),
            )
        )


@dataclass(frozen=True)
class KLWeightReading:
    """What a KL weight beside a per-pixel reconstruction says about the model.

    Attributes
    ----------
    summed_weight : λ of the same loss with the reconstruction summed over pixels, ‖x − x̂‖² + λ KL
    decoder_variance : c of the Gaussian decoder N(x̂, cI) whose negative ELBO the loss is, up to
        scale; None for Bernoulli
    elbo_weight : the KL weight at which the loss is the negative ELBO per pixel; None for
        Gaussian, where every weight is an ELBO with its own c
    """

    summed_weight: float
    decoder_variance: float | None
    elbo_weight: float | None


def read_kl_weight(
    kl_weight: float, n_values: int, likelihood: Literal["gaussian", "bernoulli"]
) -> KLWeightReading:
    """What `kl_weight` is in the model, for pictures of `n_values` = pixels · channels.

    −log N(x; x̂, cI) = ‖x − x̂‖²/(2c) + const, so ‖x − x̂‖² + λ KL is 2c times the negative ELBO with
    c = λ/2. The Bernoulli likelihood has no scale: only kl_weight = 1/n_values is the ELBO.
    """
    summed = kl_weight * n_values
    if likelihood == "gaussian":
        return KLWeightReading(summed, summed / 2, None)
    return KLWeightReading(summed, None, 1 / n_values)
