"""One axis at a time: what each does to a picture, and what it knows of the picture's causes."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.entropy import entropy_bits
from vizmodels.analysis.maps.projection import principal_axes
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.gaussian import kl_to_standard_normal
from vizmodels.models.vae import VAE
from vizmodels.training.evaluation import as_float

REACH = 2.5  # standard deviations of the encoded images on each side of their mean
N_STEPS = 9
KL_IMAGES = 1000  # over which the KL of each axis is averaged
FOLDS = 5  # of the images, each predicted from the others
RIDGE = 1e-9  # of an axis's variance; so that axes that say the same can be solved for


@dataclass(frozen=True)
class Traversals:
    """A axes of a model, each walked along while the others stay at one picture's latent.

    Attributes
    ----------
    names : of the axes, the one that carries most first
    worth : (A,), what they are ordered by
    worth_unit : what that counts
    pictures : float32 (A, S, C, H, W)
    """

    names: tuple[str, ...]
    worth: NDArray[np.float32]
    worth_unit: str
    pictures: NDArray[np.float32]

    def __post_init__(self) -> None:
        assert len(self.names) == len(self.worth) == len(self.pictures)
        assert self.pictures.ndim == 5


@torch.inference_mode()
def traverse(
    model: Autoencoder,
    image: UInt8[Tensor, "1 C H W"],
    latents: Float[NDArray[np.float32], "P E"],
    images: UInt8[Tensor, "N C H W"],
    most: int = 16,
) -> Traversals:
    """Walks along the axes that carry most, from 2.5 standard deviations below the mean to above.

    A VAE's axes are ordered by their KL, an autoencoder's by their variance. A discrete VAE's rows
    are its variables, each class in turn; those of a VQ-VAE, whose codes have no axes, the
    principal components of its code vectors.

    Parameters
    ----------
    model, image : where the other axes stay
    latents : of many images, (P, E), for mean and spread of each axis
    images : over which the KL is averaged
    most : axes at most
    """
    place = model.embed(model.encode(as_float(image, model))).float().numpy()[0]
    if isinstance(model, DiscreteVAE) and model.n_variables:
        return _walk_classes(model, place, latents, most)
    if isinstance(model, VQVAE):
        mean, axes, shares = principal_axes(latents, most)
        spread = np.sqrt(np.array(shares) * latents.var(axis=0).sum())
        walks = np.linspace(-REACH, REACH, N_STEPS)[None] * spread[:, None]
        own = (place - mean) @ axes.T
        moved = place + (walks - own[:, None])[:, :, None] * axes[:, None]
        names = tuple(f"PC{k + 1}" for k in range(len(axes)))
        worth = 100 * np.array(shares, np.float32)
        return Traversals(names, worth, "% of the variance", _decoded(model, moved))
    worth, unit = latents.var(axis=0), "variance"
    if isinstance(model, VAE):
        mu, log_var = model.posterior(as_float(images[:KL_IMAGES], model))
        worth, unit = kl_to_standard_normal(mu, log_var).mean(dim=0).numpy(), "nats of KL"
    order = np.argsort(-worth, kind="stable")[:most]
    mean, spread = latents.mean(axis=0), latents.std(axis=0)
    moved = np.broadcast_to(place, (len(order), N_STEPS, len(place))).copy()
    for row, axis in enumerate(order):
        moved[row, :, axis] = mean[axis] + np.linspace(-REACH, REACH, N_STEPS) * spread[axis]
    names = tuple(f"z{axis + 1}" for axis in order)
    return Traversals(names, worth[order].astype(np.float32), unit, _decoded(model, moved))


def r_squared(
    latents: Float[NDArray[np.floating], "P E"], factors: Float[NDArray[np.floating], "P F"]
) -> NDArray[np.float64]:
    """Share of each factor's variance that a straight line in each axis explains; (F, E).

    The squared correlation of the two, 0 to 1; 0 where the axis or the factor never varies.
    """
    z, f = (v - v.mean(axis=0, dtype=np.float64) for v in (latents, factors))
    scale = np.sqrt(np.outer((f * f).sum(axis=0), (z * z).sum(axis=0)))
    return np.square(np.divide(f.T @ z, scale, out=np.zeros_like(scale), where=scale > 0))


def r_squared_of_all(
    latents: Float[NDArray[np.floating], "P E"], factors: Float[NDArray[np.floating], "P F"]
) -> NDArray[np.float64]:
    """Share of each factor's variance that all E axes together explain linearly, held out; (F,).

    Each of five shares of the images, every fifth one, is predicted by least squares on the four
    others: with hundreds of axes the fit to its own images says little. At most 1; below 0 where
    the prediction is worse than the mean. 0 where the factor never varies.
    """
    z, f = (v - v.mean(axis=0, dtype=np.float64) for v in (latents, factors))
    deviation = z.std(axis=0)
    x = np.hstack([z / np.where(deviation > 0, deviation, 1), np.ones((len(z), 1))])
    gram, moments = x.T @ x, x.T @ f
    left = np.empty_like(f)
    for first in range(FOLDS):
        held, of_held = x[first::FOLDS], f[first::FOLDS]
        others = gram - held.T @ held
        others[np.diag_indices_from(others)] += RIDGE * len(x)
        weights = np.linalg.solve(others, moments - held.T @ of_held)
        left[first::FOLDS] = of_held - held @ weights
    total = np.square(f).sum(axis=0)
    return np.where(total > 0, 1 - np.square(left).sum(axis=0) / np.where(total > 0, total, 1), 0.0)


def _walk_classes(
    model: DiscreteVAE, place: NDArray[np.float32], latents: NDArray[np.float32], most: int
) -> Traversals:
    n, k = model.n_variables, model.n_classes
    used = latents[:, : n * k].reshape(len(latents), n, k).mean(axis=0)
    entropy = entropy_bits(used)
    order = np.argsort(-entropy, kind="stable")[:most]
    moved = np.broadcast_to(place, (len(order), k, len(place))).copy()
    for row, variable in enumerate(order):
        moved[row, :, variable * k : (variable + 1) * k] = np.eye(k)
    names = tuple(f"c{variable + 1}" for variable in order)
    worth = entropy[order].astype(np.float32)
    return Traversals(names, worth, "bits of use", _decoded(model, moved))


def _decoded(model: Autoencoder, moved: NDArray[np.floating]) -> NDArray[np.float32]:
    places = torch.from_numpy(moved.astype(np.float32)).flatten(0, 1)
    return model.decode_embedding(places).float().unflatten(0, moved.shape[:2]).numpy()
