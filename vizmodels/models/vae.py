"""The variational autoencoder with a diagonal Gaussian posterior."""

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
            term = LossTerm("reconstruction", SQUARED_ERROR, squared_error(x, torch.sigmoid(logits)))
        else:
            term = LossTerm("reconstruction", CROSS_ENTROPY, cross_entropy(x, logits))
        kl = kl_to_standard_normal(mu, log_var).sum(dim=1)
        return Loss((term, LossTerm("kl", "nats", kl, self.kl_weight)))
