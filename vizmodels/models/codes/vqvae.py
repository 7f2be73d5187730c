"""The VQ-VAE: a convolutional autoencoder whose latents are entries of a codebook."""

import math
from typing import Literal, final

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from vizmodels.borders import generator_for
from vizmodels.models.autoencoder import SQUARED_ERROR, Autoencoder, squared_error
from vizmodels.models.backbones import ImageShape
from vizmodels.models.codes.quantizer import Quantizer, code_usage, pass_through
from vizmodels.models.layers import Permute, Residual, Shift
from vizmodels.models.loss import Loss, LossTerm
from vizmodels.models.trainable import Batch, Measure

Initialisation = Literal["data", "kmeans", "random"]

START_IMAGES = 2000  # encoded to find the first codes
CHUNK = 2000  # images encoded at a time where no gradient is needed

SQUARED_DISTANCE = "squared distance per number of a vector"


@final
class VQVAE(Autoencoder):
    """z_e = f(x) on an h×w grid, each vector replaced by a code's, x_hat = sigmoid(g(z_q)).

    A latent is the flattened grid of codes, h·w indices in reading order; its embedding the code
    vectors they name, h·w·d numbers.

    References
    ----------
    van den Oord, Vinyals & Kavukcuoglu 2017, Neural Discrete Representation Learning, eq. 3.
    """

    def __init__(
        self,
        encoder: nn.Sequential,
        decoder: nn.Sequential,
        quantizer: Quantizer,
        grid: tuple[int, int],
        commitment_weight: float,
        initialisation: Initialisation,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.quantizer = encoder, decoder, quantizer
        self.grid = grid
        self.commitment_weight = commitment_weight
        self.initialisation: Initialisation = initialisation
        self._seen: tuple[Tensor, Tensor] | None = None

    @torch.no_grad()
    def keep_scale(self) -> None:
        """Raise first weights to a variance of 1/fan_in, so that no layer shrinks what it is given.

        PyTorch's default has a third of that; with it the codes start near one point, and the
        error after one epoch of CIFAR-10 is a sixth higher (LeCun et al. 1998, Efficient BackProp,
        section 4.6, has the rule).
        """
        for layer in (*self.encoder.modules(), *self.decoder.modules()):
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                layer.weight.mul_(math.sqrt(3))
                assert layer.bias is not None
                layer.bias.zero_()

    @property
    def embedding_dim(self) -> int:
        """h·w·d."""
        return self.latent_dim * self.quantizer.code_dim

    def vectors(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N cells d"]:
        """What the encoder gives for each cell of the grid, before it is quantised."""
        return self.encoder(images).float()

    def codes(self, images: Float[Tensor, "N C H W"]) -> Int64[Tensor, "N h w"]:
        """The nearest code of each cell."""
        return self.quantizer.assign(self.vectors(images).flatten(0, 1)).view(-1, *self.grid)

    def encode(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
        """Indices of the nearest codes, in reading order."""
        return self.codes(images).flatten(1).float()

    def embed(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N E"]:
        """The code vectors that indices name; an index out of range is moved to the nearest."""
        last = self.quantizer.codebook_size - 1
        return self.quantizer.codebook[latents.round().long().clamp(0, last)].flatten(1)

    def decode(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N C H W"]:
        """Pictures of grids of codes."""
        return self._decode_vectors(self.embed(latents))

    def decode_embedding(self, places: Float[Tensor, "N E"]) -> Float[Tensor, "N C H W"]:
        """Pictures of any vectors: each cell becomes the nearest code first."""
        vectors = places.reshape(-1, self.quantizer.code_dim)
        return self._decode_vectors(self.quantizer(vectors).vectors.view(places.shape))

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "N C H W"]:
        """Pictures of n grids whose codes are drawn uniformly: the prior it was trained with."""
        generator = generator or generator_for(self)
        codes = torch.randint(
            self.quantizer.codebook_size,
            (n, self.latent_dim),
            generator=generator,
            device=generator.device,
        )
        return self.decode(codes.to(self.quantizer.codebook.device).float())

    def losses(self, batch: Batch, generator: torch.Generator | None) -> Loss:
        """Reconstruction per pixel; the codebook's and the commitment's distance per number."""
        vectors = self.vectors(batch.x_in)
        flat = vectors.flatten(0, 1)
        quantised = self.quantizer(flat, generator)
        if generator is not None:
            self._seen = (flat.detach(), quantised.codes)
        decoded = pass_through(flat, quantised.vectors.detach()).view(vectors.shape)
        x_hat = torch.sigmoid(self.decoder(decoded.flatten(1)).float())
        codes = quantised.vectors.view(vectors.shape)
        terms = [LossTerm("reconstruction", SQUARED_ERROR, squared_error(batch.x, x_hat))]
        if self.quantizer.update == "gradient":
            distance = (codes - vectors.detach()).square().mean(dim=(1, 2))
            terms.append(LossTerm("codebook", SQUARED_DISTANCE, distance, 1.0))
        commitment = (vectors - codes.detach()).square().mean(dim=(1, 2))
        terms.append(LossTerm("commitment", SQUARED_DISTANCE, commitment, self.commitment_weight))
        return Loss(tuple(terms))

    @torch.no_grad()
    def start(self, images: UInt8[Tensor, "N C H W"], generator: torch.Generator) -> None:
        """Set the first codes from encoded images, or small and random (van den Oord et al.)."""
        k, d = self.quantizer.codebook.shape
        device = self.quantizer.codebook.device
        if self.initialisation == "random":
            start = (2 * torch.rand(k, d, generator=generator, device=device) - 1) / k
        else:
            order = torch.randperm(len(images), generator=generator, device=generator.device)
            x = images[order[:START_IMAGES]].float().div_(255)
            flat = self.vectors(x).flatten(0, 1)
            start = _draw(flat, k, generator)
            if self.initialisation == "kmeans" and len(flat) > k:
                start = _kmeans(flat, start).to(device)
        self.quantizer.start_at(start)

    def after_step(self, generator: torch.Generator) -> None:
        """Move the codes after the vectors that the step saw."""
        assert self._seen is not None
        self.quantizer.learn(*self._seen, generator)

    @torch.no_grad()
    def measure(self, images: UInt8[Tensor, "N C H W"]) -> tuple[Measure, ...]:
        """Share of the codes used anywhere in these images, and the perplexity of the codes."""
        usage = code_usage(self.codes_of(images), self.quantizer.codebook_size)
        return (
            Measure("usage", "share of the codes", usage.share_used),
            Measure("perplexity", "codes", usage.perplexity),
        )

    @torch.no_grad()
    def codes_of(self, images: UInt8[Tensor, "N C H W"]) -> Int64[Tensor, "N h w"]:
        """The codes of many images, encoded in parts; on the model's device."""
        device = self.quantizer.codebook.device
        parts = images.split(CHUNK)
        return torch.cat([self.codes(part.to(device).float().div_(255)) for part in parts])

    def _decode_vectors(self, vectors: Tensor) -> Tensor:
        return torch.sigmoid(self.decoder(vectors))


def vq_networks(
    image_shape: ImageShape, channels: int, code_dim: int, n_residual: int, n_halvings: int
) -> tuple[nn.Sequential, nn.Sequential]:
    """Encoder from images to (N, h·w, d), decoder from (N, h·w·d) to pictures before the sigmoid.

    Strided 4×4 convolutions, a 3×3 one, residual blocks and a 1×1 one, mirrored.

    References
    ----------
    van den Oord et al. 2017, section 4.1; narrower than theirs.
    """
    n_colours, *sides = image_shape
    halves = [channels] * n_halvings
    halves[0] = max(channels // 2, 1)  # the first stage has the most pixels
    # Centred pixels: a quarter less error after as many steps (CIFAR-10, one epoch).
    encoder: list[nn.Module] = [Shift(-0.5)]
    n_in, lost = n_colours, []
    for n_out in halves:
        encoder += [nn.Conv2d(n_in, n_out, 4, 2, 1), nn.ReLU(inplace=True)]
        lost.append((sides[0] % 2, sides[1] % 2))
        n_in, sides = n_out, [side // 2 for side in sides]
    height, width = sides
    encoder += [
        nn.Conv2d(n_in, channels, 3, padding=1),
        *_residual_blocks(channels, n_residual),
        nn.ReLU(),
        nn.Conv2d(channels, code_dim, 1),
        Permute((code_dim, height * width), (1, 0)),
    ]
    decoder: list[nn.Module] = [
        Permute((height * width, code_dim), (1, 0)),
        nn.Flatten(start_dim=1),
        nn.Unflatten(1, (code_dim, height, width)),
        nn.Conv2d(code_dim, channels, 3, padding=1),
        *_residual_blocks(channels, n_residual),
        nn.ReLU(),
    ]
    n_in = channels
    for n_out, odd in zip([*reversed(halves[:-1]), n_colours], reversed(lost), strict=True):
        up = nn.ConvTranspose2d(n_in, n_out, 4, 2, 1, output_padding=odd)
        decoder += [up, nn.ReLU(inplace=True)]
        n_in = n_out
    return nn.Sequential(*encoder), nn.Sequential(*decoder[:-1])


def _residual_blocks(channels: int, n_blocks: int) -> list[nn.Module]:
    return [
        Residual(
            nn.ReLU(),  # not in place: the input is added again
            nn.Conv2d(channels, channels // 2, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels // 2, channels, 1),
        )
        for _ in range(n_blocks)
    ]


def _draw(vectors: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """k of the vectors, without repetition as far as there are as many."""
    order = torch.randperm(len(vectors), generator=generator, device=vectors.device)
    return vectors[order[torch.arange(k, device=vectors.device) % len(vectors)]]


def _kmeans(vectors: Tensor, start: Tensor) -> Tensor:
    from sklearn.cluster import KMeans  # here, since it takes a second to import
    from threadpoolctl import threadpool_limits

    found = KMeans(len(start), init=start.cpu().numpy(), n_init=1, max_iter=20)  # pyright: ignore[reportArgumentType]  # scikit-learn takes an array and a number here
    with threadpool_limits(1):  # more threads add up in any order: other centres from one seed
        found.fit(vectors.cpu().numpy())
    return torch.from_numpy(found.cluster_centers_).float()
