"""Ways to draw pictures from a trained model: its prior, and what is fitted to its latents."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.latents.density import (
    Mixture,
    fitted_gaussian,
    fitted_mixture,
    standard_normal,
)
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.code_prior import CodePrior, MarginalPrior, UniformPrior
from vizmodels.models.codes.quantizer import code_usage
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.probabilistic import ProbabilisticAutoencoder
from vizmodels.training.evaluation import EVALUATION_BATCH, as_float, encode_all

SamplerName = Literal["prior", "gaussian", "mixture", "uniform", "marginal", "pixelcnn"]

FITTED_IMAGES = 10_000  # training images, at most, to whose latents a density is fitted
CODED_IMAGES = 2_000  # whose codes are counted; 49 of each
AGGREGATE_SEED = 0  # of the one draw from each of their posteriors
DECODED_AT_ONCE = 500


class Sampler(ABC):
    """Draws pictures from a model."""

    @abstractmethod
    def draw(self, n: int, seed: int, temperature: float = 1.0) -> Float[np.ndarray, "n C H W"]:
        """n pictures in [0, 1], always the same ones of the same seed.

        Parameters
        ----------
        n : pictures
        seed : of the draws
        temperature : scales the standard deviation of Gaussian latents, and divides the logits of
            codes and classes; 1 draws as it was fitted or trained
        """


def sampler_names(model: Autoencoder) -> tuple[SamplerName, ...]:
    """What a model can be drawn from, the prior that comes with it first."""
    match model:
        case VQPrior():
            return ("uniform", "marginal", "pixelcnn")
        case VQVAE():
            return ("uniform", "marginal")
        case DiscreteVAE():
            return ("prior", "marginal")
        case _:
            return ("prior", "gaussian", "mixture")


def make_sampler(
    model: Autoencoder, name: SamplerName, images: UInt8[Tensor, "N C H W"]
) -> Sampler:
    """The sampler of that name.

    Parameters
    ----------
    model : to be drawn from
    name : one of `sampler_names(model)`
    images : training images, to whose latents `gaussian`, `mixture` and `marginal` are fitted; at
        most 10,000 are read, of codes 2,000
    """
    assert name in sampler_names(model), (name, type(model))
    match model:
        case VQPrior() | VQVAE():
            return CodeSampler(model, code_prior(model, name, images))
        case DiscreteVAE():
            return _ClassSampler.of(model, name, images)
        case _ if name == "prior":
            return LatentSampler(model, standard_normal(model.latent_dim))
        case _:
            latents = aggregate_latents(model, images[:FITTED_IMAGES])
            fit = fitted_gaussian if name == "gaussian" else fitted_mixture
            return LatentSampler(model, fit(latents))


def code_prior(
    model: VQVAE | VQPrior, name: SamplerName, images: UInt8[Tensor, "N C H W"] | None
) -> CodePrior:
    """A prior over the codes of a VQ-VAE: uniform, fitted to its training codes, or learned.

    `images` are training images, which `marginal` alone needs.
    """
    vqvae = model.vqvae if isinstance(model, VQPrior) else model
    size = vqvae.quantizer.codebook_size
    if name == "pixelcnn":
        assert isinstance(model, VQPrior)
        return model.prior
    if name == "uniform":
        return UniformPrior(size, vqvae.grid)
    assert images is not None, "the marginal is that of images"
    with torch.inference_mode():
        counts = code_usage(vqvae.codes_of(images[:CODED_IMAGES]), size).counts
    return MarginalPrior(counts.clone(), vqvae.grid).eval()


@torch.inference_mode()
def aggregate_latents(
    model: Autoencoder, images: UInt8[Tensor, "N C H W"], seed: int = AGGREGATE_SEED
) -> NDArray[np.float32]:
    """One draw of the aggregate posterior for each image, (N, D): z ~ q(z|x), or f(x) where there
    is no posterior. Of a discrete VAE's variables it is one class each, as a one-hot vector."""
    if not isinstance(model, ProbabilisticAutoencoder):
        return encode_all(model, images).numpy()
    generator = torch.Generator(next(model.parameters()).device).manual_seed(seed)
    parts = [
        model.draw(as_float(batch, model), generator).float().cpu()
        for batch in images.split(EVALUATION_BATCH)
    ]
    return torch.cat(parts).numpy()


@final
@dataclass(frozen=True)
class LatentSampler(Sampler):
    """Latents drawn from a density, decoded."""

    model: Autoencoder
    density: Mixture

    def draw(self, n: int, seed: int, temperature: float = 1.0) -> Float[np.ndarray, "n C H W"]:
        """n pictures; see `Sampler.draw`."""
        return decode_all(self.model, self.density.sample(n, seed, temperature))


@final
@dataclass(frozen=True)
class CodeSampler(Sampler):
    """Grids of codes drawn from a prior over them, decoded."""

    model: VQVAE | VQPrior
    prior: CodePrior

    @torch.inference_mode()
    def draw(self, n: int, seed: int, temperature: float = 1.0) -> Float[np.ndarray, "n C H W"]:
        """n pictures; see `Sampler.draw`."""
        generator = torch.Generator().manual_seed(seed)
        codes = self.prior.sample_codes(n, generator, temperature=temperature)
        return decode_all(self.model, codes.flatten(1).float().numpy())


@final
@dataclass(frozen=True)
class _ClassSampler(Sampler):
    """Each categorical variable by itself, and a Gaussian on the axes beside them."""

    model: DiscreteVAE
    log_probs: NDArray[np.float64]  # (variables, classes)
    axes: Mixture

    @classmethod
    def of(
        cls, model: DiscreteVAE, name: SamplerName, images: UInt8[Tensor, "N C H W"]
    ) -> "_ClassSampler":
        shape = (model.n_variables, model.n_classes)
        n_discrete = model.n_variables * model.n_classes
        n_axes = model.latent_dim - n_discrete
        if name == "prior":
            return cls(model, np.full(shape, -np.log(model.n_classes)), standard_normal(n_axes))
        images = images[:FITTED_IMAGES]
        chances = encode_all(model, images)[:, :n_discrete].double()
        shares = chances.mean(dim=0).reshape(shape).clip(min=1e-12).numpy()
        drawn = aggregate_latents(model, images)[:, n_discrete:]
        axes = fitted_gaussian(drawn) if n_axes else standard_normal(0)
        return cls(model, np.log(shares), axes)

    def draw(self, n: int, seed: int, temperature: float = 1.0) -> Float[np.ndarray, "n C H W"]:
        rng = np.random.default_rng(seed)
        # The largest of logits plus Gumbel noise is a draw from their softmax.
        noisy = self.log_probs / temperature + rng.gumbel(size=(n, *self.log_probs.shape))
        classes = np.eye(self.model.n_classes, dtype=np.float32)[noisy.argmax(axis=2)]
        axes = self.axes.sample(n, seed, temperature)
        return decode_all(self.model, np.concatenate([classes.reshape(n, -1), axes], axis=1))


@torch.inference_mode()
def decode_all(
    model: Autoencoder, latents: Float[np.ndarray, "N D"]
) -> Float[np.ndarray, "N C H W"]:
    """Pictures of many latents on the CPU, float32."""
    device = next(model.parameters()).device
    parts = torch.from_numpy(latents).split(DECODED_AT_ONCE)
    return torch.cat([model.decode(part.to(device)).float().cpu() for part in parts]).numpy()
