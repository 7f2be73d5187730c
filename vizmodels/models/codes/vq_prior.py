"""A VQ-VAE with a learned prior over its codes: the model of a prior's run, whole by itself."""

from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from vizmodels.borders import generator_for
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.code_prior import NATS_PER_BIT, OnToken
from vizmodels.models.codes.pixelcnn import PixelCNN
from vizmodels.models.codes.quantizer import code_usage
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.loss import Loss, LossTerm
from vizmodels.models.trainable import Batch, Measure

NATS_PER_CODE = "nats per code"


@final
class VQPrior(Autoencoder):
    """Encodes and decodes as its VQ-VAE, which stays as it is, and samples by its PixelCNN."""

    def __init__(self, vqvae: VQVAE, prior: PixelCNN) -> None:
        super().__init__()
        self.vqvae, self.prior = vqvae.requires_grad_(False), prior

    def adopt(self, vqvae: VQVAE) -> None:
        """Take over a trained VQ-VAE's weights."""
        self.vqvae.load_state_dict(vqvae.state_dict())

    @property
    def embedding_dim(self) -> int:
        """Of the VQ-VAE."""
        return self.vqvae.embedding_dim

    def encode(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
        """The VQ-VAE's codes."""
        return self.vqvae.encode(images)

    def decode(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N C H W"]:
        """The VQ-VAE's pictures."""
        return self.vqvae.decode(latents)

    def embed(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N E"]:
        """The VQ-VAE's code vectors."""
        return self.vqvae.embed(latents)

    def decode_embedding(self, places: Float[Tensor, "N E"]) -> Float[Tensor, "N C H W"]:
        """The VQ-VAE's pictures of the nearest codes."""
        return self.vqvae.decode_embedding(places)

    def sample(
        self,
        n: int,
        generator: torch.Generator | None = None,
        *,
        temperature: float = 1.0,
        labels: Int64[Tensor, " N"] | Sequence[int] | None = None,
        on_token: OnToken | None = None,
    ) -> Float[Tensor, "N C H W"]:
        """Pictures of n grids of codes drawn from the prior, token by token.

        A prior that is told the class draws it at random where `labels` says none.
        """
        generator = generator or generator_for(self)
        codes = self.prior.sample_codes(
            n, generator, temperature=temperature, labels=labels, on_token=on_token
        )
        return self.decode(codes.flatten(1).float())

    def resident(self, images: UInt8[Tensor, "N C H W"]) -> Tensor:
        """The codes of the images, int64 (N, h, w): the VQ-VAE has no more to say."""
        return self.vqvae.codes_of(images)

    def losses(self, batch: Batch, generator: torch.Generator | None) -> Loss:
        """−log p(codes) per code, in nats."""
        nats = self.prior.nats_per_code(batch.x, batch.labels, generator)
        return Loss((LossTerm("code_nll", NATS_PER_CODE, nats),))

    @torch.no_grad()
    def measure(self, images: UInt8[Tensor, "N C H W"]) -> tuple[Measure, ...]:
        """Entropy of the codes' marginal distribution: what a prior without context would pay."""
        usage = code_usage(self.resident(images), self.prior.codebook_size)
        return (Measure("marginal_entropy", NATS_PER_CODE, usage.entropy * NATS_PER_BIT),)
