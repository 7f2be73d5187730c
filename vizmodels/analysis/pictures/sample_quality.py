"""How good samples are: their Fréchet distance to test images, and how they spread over classes."""

import functools
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.entropy import entropy_bits
from vizmodels.analysis.pictures.frechet import frechet_distance, gaussian_of
from vizmodels.analysis.pictures.samplers import SamplerName, make_sampler
from vizmodels.data import load_dataset
from vizmodels.errors import ANOTHER_SET, InvalidExperiment, need
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.classifier import Classifier
from vizmodels.models.trainable import Trainable
from vizmodels.training.evaluation import EVALUATION_BATCH, as_float

MOST_SAMPLES = 2_000
"""Of each kind; fewer where the test set is smaller. The distance falls as they grow in number, so
the floor and every sampler have as many."""

Split = Literal["test", "train"]
SPLITS: tuple[Split, ...] = get_args(Split)

SEED = 1  # of the measured samples; the page's own begin at 0


@dataclass(frozen=True)
class SampleQuality:
    """n samples beside n test images, seen by a classifier with L classes.

    Attributes
    ----------
    n : samples, and test images
    frechet : squared Fréchet distance between their features
    floor : the same of n training images in place of the samples
    class_shares : (L,), share of the samples voted for each class
    test_shares : (L,), the same of the test images
    confidence : mean probability of the class voted for
    test_confidence : the same of the test images
    """

    n: int
    frechet: float
    floor: float
    class_shares: NDArray[np.float64]
    test_shares: NDArray[np.float64]
    confidence: float
    test_confidence: float

    def __post_init__(self) -> None:
        assert self.class_shares.shape == self.test_shares.shape and self.class_shares.ndim == 1
        assert self.frechet >= 0 and self.floor >= 0 and self.n > 1

    @property
    def entropy_bits(self) -> float:
        """Of the class shares, in bits; log2 L where all classes are drawn equally often."""
        return float(entropy_bits(self.class_shares))


@dataclass(frozen=True)
class _Seen:
    features: NDArray[np.float64]  # (N, F)
    votes: NDArray[np.int64]  # (N,)
    confidence: float


def sample_quality(
    model: Trainable, sampler: SamplerName, judge: Trainable, dataset: str, temperature: float = 1.0
) -> SampleQuality:
    """How good a model's samples are in the eyes of a classifier trained on the same images.

    Parameters
    ----------
    model : that decodes
    sampler : one of `sampler_names` of the model
    judge : a classifier of these images
    dataset : the images that both were trained on
    temperature : of the samples

    Raises
    ------
    InvalidExperiment : the judge is no classifier of these images, or the model does not decode
    TooFewImages : one split has a single picture, or too few for the sampler to be fitted to
    DataUnavailable, DamagedData : the images cannot be had

    Notes
    -----
    Seeded. Two seconds on two cores; a PixelCNN, which draws 2,000 grids token by token, a minute.
    """
    data = load_dataset(dataset)
    if not isinstance(judge, Classifier) or judge.n_classes != len(data.class_names):
        found, remedy = type(judge).__name__, "Train one on these images."
        raise InvalidExperiment("The judge of samples", f"a classifier of {dataset}", found, remedy)
    if not isinstance(model, Autoencoder):
        found, remedy = type(model).__name__, "Choose another run."
        raise InvalidExperiment("The model", "one that decodes", found, remedy)
    n = min(MOST_SAMPLES, len(data.test), len(data.train))
    need("pictures of each split", n, 2, ANOTHER_SET)
    test, train = (_see_split(judge, dataset, data.digest, split, n) for split in SPLITS)
    drawn = make_sampler(model, sampler, data.train.images).draw(n, SEED, temperature)
    samples = _see(judge, torch.from_numpy((drawn * 255).round().astype(np.uint8)))
    of_test = gaussian_of(test.features)
    return SampleQuality(
        n,
        frechet_distance(gaussian_of(samples.features), of_test),
        frechet_distance(gaussian_of(train.features), of_test),
        class_shares(samples.votes, judge.n_classes),
        class_shares(test.votes, judge.n_classes),
        samples.confidence,
        test.confidence,
    )


@functools.lru_cache(2 * len(SPLITS))
def _see_split(judge: Classifier, dataset: str, digest: str, split: Split, n: int) -> _Seen:
    """The first n images of a split; `digest` tells those of one name apart."""
    assert digest
    data = load_dataset(dataset)
    images = data.test.images if split == "test" else data.train.images
    return _see(judge, images[:n])


@torch.inference_mode()
def _see(judge: Classifier, images: UInt8[Tensor, "N C H W"]) -> _Seen:
    features, log_probs = [], []
    for part in images.split(EVALUATION_BATCH):
        x = as_float(part, judge)
        features.append(judge.features(x).double().cpu())
        log_probs.append(judge.classify(x).cpu())
    best = torch.cat(log_probs).max(dim=1)
    confidence = float(best.values.exp().mean())
    return _Seen(torch.cat(features).numpy(), best.indices.numpy(), confidence)


def class_shares(votes: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:
    """Share of the votes for each class, (L,)."""
    return np.bincount(votes, minlength=n_classes) / len(votes)
