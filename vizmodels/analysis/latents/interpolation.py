"""What lies between two images: paths through latent space, and how good they are."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.errors import ANOTHER_SET, need
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.classifier import Classifier
from vizmodels.training.evaluation import as_float

PathKind = Literal["straight", "spherical", "blend"]
PATH_KINDS: tuple[PathKind, ...] = get_args(PathKind)

N_FRAMES = 11
PARALLEL = 1e-6  # radians between two latents below which a great circle is a line, or undefined

N_PAIRS = 60  # over which the paths of a model are scored


@dataclass(frozen=True)
class PathScores:
    """M paths of each kind between the same pairs of images.

    Attributes
    ----------
    evenness : float32 (3, M), in the order of `PATH_KINDS`: the longest step between neighbouring
        frames over the mean step; 1 is an even pace, n − 1 is one jump
    least_confidence : float32 (3, M), of the classifier, at the path's least certain frame; NaN
        without a classifier
    """

    evenness: NDArray[np.float32]
    least_confidence: NDArray[np.float32]

    def __post_init__(self) -> None:
        assert self.evenness.shape == self.least_confidence.shape
        assert self.evenness.shape[0] == len(PATH_KINDS)


def straight_path(
    start: Float[NDArray[np.floating], " E"], end: Float[NDArray[np.floating], " E"], n: int
) -> NDArray[np.float32]:
    """(1 − t) start + t end at n even steps of t from 0 to 1; float32 (n, E)."""
    t = np.linspace(0, 1, n)[:, None]
    return ((1 - t) * start + t * end).astype(np.float32)


def spherical_path(
    start: Float[NDArray[np.floating], " E"], end: Float[NDArray[np.floating], " E"], n: int
) -> NDArray[np.float32]:
    """The great circle between two directions, the length going evenly from one to the other.

    sin((1 − t)θ)/sin θ · u + sin(tθ)/sin θ · v for the unit vectors u, v at an angle θ, times
    (1 − t)‖start‖ + t‖end‖; float32 (n, E). Under N(0, I) in many axes latents lie near a sphere,
    which the straight path leaves towards the origin. Where the two point the same way, or
    exactly apart, no circle is the shortest and it is the straight path.

    References
    ----------
    Shoemake 1985, Animating rotation with quaternion curves; White 2016, Sampling Generative
    Networks, section 2.1.
    """
    lengths = float(np.linalg.norm(start)), float(np.linalg.norm(end))
    if min(lengths) == 0:
        return straight_path(start, end, n)
    u, v = start.astype(np.float64) / lengths[0], end.astype(np.float64) / lengths[1]
    angle = float(np.arccos(np.clip(u @ v, -1, 1)))
    if min(angle, np.pi - angle) < PARALLEL:
        return straight_path(start, end, n)
    t = np.linspace(0, 1, n)[:, None]
    turned = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)
    return (turned * ((1 - t) * lengths[0] + t * lengths[1])).astype(np.float32)


def steps(frames: Float[NDArray[np.floating], "n C H W"]) -> NDArray[np.float32]:
    """Distance between neighbouring frames, root mean square over pixels; (n − 1,)."""
    return np.sqrt(np.square(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))).astype(np.float32)


def evenness(steps: Float[NDArray[np.floating], " S"]) -> float:
    """The longest step over the mean step: 1 is an even pace, S is one jump and standstill."""
    mean = float(steps.mean())
    return float(steps.max()) / mean if mean > 0 else 1.0


@torch.inference_mode()
def confidence(
    classifier: Classifier, pictures: Float[NDArray[np.floating], "n C H W"]
) -> NDArray[np.float32]:
    """Probability of the classifier's likeliest class for each picture, (n,).

    A picture that looks like none of the classes gets little of it; a high one is no proof.

    References
    ----------
    Hendrycks & Gimpel 2017, A Baseline for Detecting Misclassified and Out-of-Distribution
    Examples (maximum softmax probability).
    """
    log_probs = classifier.classify(torch.from_numpy(pictures.astype(np.float32)))
    return log_probs.exp().amax(dim=1).numpy()


@torch.inference_mode()
def interpolate(
    model: Autoencoder, pair: UInt8[Tensor, "2 C H W"], kind: PathKind, n: int = N_FRAMES
) -> NDArray[np.float32]:
    """Frames of the path of a kind between two images; float32 (n, C, H, W).

    A VQ-VAE's path runs through the space of its code vectors, each frame taking the nearest codes.
    `blend` fades the pixels of one image into the other's and asks no model.
    """
    return _frames(model, pair[:1], pair[1:], kind, n)[0]


def pairs_of_classes(
    labels: NDArray[np.int64] | None, n_test: int, n_pairs: int, seed: int = 0
) -> NDArray[np.int64]:
    """Two rows (2, n_pairs) of places of test images, each pair of different classes.

    Parameters
    ----------
    labels : of all pictures, the test images first, or None: the pairs are then any two images
    n_test : test images
    n_pairs : fewer are given where drawing four times as many finds no more that differ
    seed : of the draw
    """
    first, second = np.random.default_rng(seed).integers(n_test, size=(2, 4 * n_pairs))
    fits = first != second if labels is None else labels[first] != labels[second]
    return np.stack([first, second])[:, np.flatnonzero(fits)[:n_pairs]]


def score_paths(
    model: Autoencoder, pairs: UInt8[Tensor, "2 M C H W"], classifier: Classifier | None
) -> PathScores:
    """Scores of the paths between M pairs of images, of every kind.

    Raises
    ------
    TooFewImages : there is no pair
    """
    need("pairs of test pictures of different classes", pairs.shape[1], 1, ANOTHER_SET)
    images, partners = pairs
    even = np.empty((len(PATH_KINDS), len(images)), np.float32)
    least = np.full_like(even, np.nan)
    for row, kind in enumerate(PATH_KINDS):
        frames = _frames(model, images, partners, kind, N_FRAMES)
        even[row] = [evenness(steps(path)) for path in frames]
        if classifier is not None:
            sure = confidence(classifier, frames.reshape(-1, *frames.shape[2:]))
            least[row] = sure.reshape(len(images), N_FRAMES).min(axis=1)
    return PathScores(even, least)


@torch.inference_mode()
def _frames(
    model: Autoencoder, starts: Tensor, ends: Tensor, kind: PathKind, n: int
) -> NDArray[np.float32]:
    """Frames of the paths between many pairs, (M, n, C, H, W), decoded together."""
    x = as_float(torch.cat([starts, ends]), model)
    places = x.flatten(1) if kind == "blend" else model.embed(model.encode(x)).float()
    first, second = places.numpy().reshape(2, len(starts), -1)
    path = spherical_path if kind == "spherical" else straight_path
    ways = np.concatenate([path(u, v, n) for u, v in zip(first, second, strict=True)])
    if kind == "blend":
        return ways.reshape(len(starts), n, *starts.shape[1:])
    pictures = model.decode_embedding(torch.from_numpy(ways)).float()
    return pictures.unflatten(0, (len(starts), n)).numpy()
