"""The interface of every model, and the plain autoencoder."""

import functools
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Literal, final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vizmodels.borders import as_images, as_latents, generator_for
from vizmodels.models.backbones import ImageShape
from vizmodels.models.loss import Loss, LossTerm
from vizmodels.models.trainable import Batch, Trainable

Output = Literal["sigmoid", "clamp"]
"""How a decoder's last layer becomes pixels: squashed, or (a linear model's) cut to [0, 1]."""

SQUARED_ERROR = "squared error per pixel"
CROSS_ENTROPY = "nats per pixel"


class Autoencoder(Trainable):
    """An encoder and a decoder with a bottleneck of D axes between them.

    Images are float32 (N, C, H, W) in [0, 1], latents float32 (N, D), at every border. Where
    latents are names rather than places, as the codes of a VQ-VAE, `embed` gives the place (N, E)
    in which distances mean something; elsewhere it changes nothing.
    """

    latent_dim: int

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "encode" in vars(cls):
            setattr(cls, "encode", _checked_images(cls.encode))  # noqa: B010
        if "decode" in vars(cls):
            setattr(cls, "decode", _checked_latents(cls.decode))  # noqa: B010

    def __getattr__(self, name: str) -> Any:
        """Shapes of a model that was put together by hand are found by its decoder."""
        if name == "latent_dim":
            linear = (m for m in self.decoder.modules() if isinstance(m, nn.Linear))
            self.latent_dim = next(linear).in_features
            return self.latent_dim
        if name == "image_shape":
            self.image_shape = _shape_made_by(self.decoder, self.latent_dim)
            return self.image_shape
        return super().__getattr__(name)

    @property
    def embedding_dim(self) -> int:
        """Axes of the space in which distances between latents mean something, E."""
        return self.latent_dim

    @abstractmethod
    def encode(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
        """Latents of images; the posterior mean where the model has a posterior."""

    @abstractmethod
    def decode(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N C H W"]:
        """Pictures of latents, in [0, 1]."""

    def to_code(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N D"]:
        """The code that stands for latents, whose bits are counted: of probabilities the likeliest
        class; elsewhere the latents themselves."""
        return latents

    def reconstruct(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """The pictures that the codes of images decode to, in [0, 1]."""
        return self.decode(self.to_code(self.encode(images)))

    def embed(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N E"]:
        """Where latents lie: themselves, or the code vectors they name."""
        return latents

    def decode_embedding(self, places: Float[Tensor, "N E"]) -> Float[Tensor, "N C H W"]:
        """Pictures of any places, in [0, 1]; for a VQ-VAE, of the nearest codes."""
        return self.decode(places)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "N C H W"]:
        """Pictures of n draws z ~ N(0, I), each time others where no generator is given.

        That is the prior a VAE is trained for. A plain autoencoder is trained for none, so its
        samples show what becomes of latents that no image was ever encoded to.
        """
        device = next(self.parameters()).device
        generator = generator or generator_for(self)
        z = torch.randn(n, self.latent_dim, generator=generator, device=generator.device)
        return self.decode(z.to(device))


Coder = Callable[[Any, Tensor], Tensor]


def _checked_images(encode: Coder) -> Coder:
    @functools.wraps(encode)
    def checked(self: Autoencoder, images: Tensor) -> Tensor:
        return encode(self, as_images(images, self.image_shape, look=not self.training))

    return checked


def _checked_latents(decode: Coder) -> Coder:
    @functools.wraps(decode)
    def checked(self: Autoencoder, latents: Tensor) -> Tensor:
        return decode(self, as_latents(latents, self.latent_dim))

    return checked


@torch.no_grad()
def _shape_made_by(decoder: nn.Module, latent_dim: int) -> ImageShape:
    weight, was_training = next(decoder.parameters()), decoder.training
    decoder.eval()  # so that no running mean is moved
    shape = decoder(torch.zeros(1, latent_dim, dtype=weight.dtype, device=weight.device)).shape[1:]
    decoder.train(was_training)
    channels, height, width = shape
    return channels, height, width


@final
class PlainAutoencoder(Autoencoder):
    """z = f(x), x_hat = g(z), trained on the squared error alone."""

    def __init__(self, encoder: nn.Sequential, decoder: nn.Sequential, output: Output) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.output: Output = output

    def encode(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
        """z = f(x)."""
        return self.encoder(images)

    def decode(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N C H W"]:
        """x_hat = g(z), made pixels by the output function."""
        return to_pixels(self.decoder(latents), self.output)

    def losses(self, batch: Batch, generator: torch.Generator | None) -> Loss:
        """The squared error per pixel; `generator` is not used."""
        raw = self.decoder(self.encoder(batch.x_in)).float()
        # A linear model is fitted before the cut to [0, 1]: that is what PCA minimises.
        x_hat = torch.sigmoid(raw) if self.output == "sigmoid" else raw
        return Loss((LossTerm("reconstruction", SQUARED_ERROR, squared_error(batch.x, x_hat)),))


def to_pixels(raw: Tensor, output: Output) -> Tensor:
    """Pixels in [0, 1] from what a decoder's last layer gives."""
    return torch.sigmoid(raw) if output == "sigmoid" else raw.clamp(0, 1)


def squared_error(
    x: Float[Tensor, "N C H W"], x_hat: Float[Tensor, "N C H W"]
) -> Float[Tensor, " N"]:
    """Squared error of each image, averaged over pixels and channels."""
    return F.mse_loss(x_hat, x, reduction="none").flatten(1).mean(dim=1)


def cross_entropy(
    x: Float[Tensor, "N C H W"], logits: Float[Tensor, "N C H W"]
) -> Float[Tensor, " N"]:
    """Cross-entropy of each image in nats, averaged over pixels and channels."""
    nats = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return nats.flatten(1).mean(dim=1)
