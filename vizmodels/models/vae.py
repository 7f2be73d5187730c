"""The variational autoencoder with a diagonal Gaussian posterior."""

from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vizmodels.models.gaussian import (
    kl_sampled,
    kl_to_standard_normal,
    reparameterise,
)
from vizmodels.models.loss import Loss, LossTerm, beyond_free_bits
from vizmodels.models.probabilistic import Likelihood, ProbabilisticAutoencoder
from vizmodels.models.trainable import Batch

KLEstimate = Literal["closed_form", "monte_carlo"]


@final
class VAE(ProbabilisticAutoencoder):
    """q(z|x) = N(mu, diag(sigma²)), p(z) = N(0, I), x_hat = sigmoid(decoder(z)).

    References
    ----------
    Kingma & Welling 2014, Auto-Encoding Variational Bayes, eq. 7.
    """

    def __init__(
        self,
        encoder: nn.Sequential,
        decoder: nn.Sequential,
        kl_weight: float,
        likelihood: Likelihood,
        kl_warm_up: int = 0,
        kl_estimate: KLEstimate = "closed_form",
        free_bits: float = 0.0,
    ) -> None:
        super().__init__(kl_weight, likelihood, kl_warm_up)
        self.encoder, self.decoder = encoder, decoder
        self.kl_estimate: KLEstimate = kl_estimate
        self.free_bits = free_bits

    def posterior(
        self, images: Float[Tensor, "N C H W"]
    ) -> tuple[Float[Tensor, "N D"], Float[Tensor, "N D"]]:
        """(mu, log_var) of q(z|x) for each image; log_var is log sigma²."""
        mu, log_var = self.encoder(images).float().chunk(2, dim=1)
        return mu, log_var

    def encode(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
        """The posterior mean mu."""
        return self.posterior(images)[0]

    def draw(
        self, images: Float[Tensor, "N C H W"], generator: torch.Generator
    ) -> Float[Tensor, "N D"]:
        """z = mu + sigma·ε."""
        return reparameterise(*self.posterior(images), generator)

    def decode(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N C H W"]:
        """The mean of p(x|z)."""
        return torch.sigmoid(self.decoder(latents))

    def losses(self, batch: Batch, generator: torch.Generator | None) -> Loss:
        """Reconstruction per pixel, and the KL to the prior in nats summed over axes.

        With free bits the whole KL is told but not charged, and a third term is, in training and
        evaluation alike: what is beyond them, see `beyond_free_bits`.
        """
        mu, log_var = self.posterior(batch.x_in)
        z = reparameterise(mu, log_var, generator)
        reconstruction = self.reconstruction(batch.x, self.decoder(z).float())
        is_sampled = self.kl_estimate == "monte_carlo" and generator is not None
        kl = kl_sampled(z, mu, log_var) if is_sampled else kl_to_standard_normal(mu, log_var)
        weight, share = self.kl_weight, self.charged_share(generator)
        if not self.free_bits:
            return Loss((reconstruction, LossTerm("kl", "nats", kl.sum(dim=1), weight, share)))
        told = LossTerm("kl", "nats", kl.sum(dim=1), 0.0)
        values = beyond_free_bits(kl, self.free_bits)
        beyond = LossTerm(
            "kl_beyond_free_bits", "nats", values, weight, share, kl.detach(), self.free_bits
        )
        return Loss((reconstruction, told, beyond))


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
