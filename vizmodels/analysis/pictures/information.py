"""What a model keeps of the class: judges that read reconstructions and latents."""

import functools
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.data import load_dataset
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.errors import ANOTHER_SET, InvalidExperiment, need
from vizmodels.experiment import Experiment, Training
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.classifier import Classifier
from vizmodels.models.trainable import Trainable
from vizmodels.specs import ClassifierSpec
from vizmodels.training.device import choose_compute
from vizmodels.training.evaluation import EVALUATION_BATCH, as_float, encode_all, reconstruct_all
from vizmodels.training.loop import fit

SEEDS = (0, 1, 2)
TRAIN_IMAGES = 5_000  # at most, drawn anew for each seed
TEST_IMAGES = 2_000  # at most, the first of the test set
EPOCHS = 4
JUDGE = ClassifierSpec(widths=(16, 32), n_features=64)
NEIGHBOURS = 5
CHUNK = 1_000  # images that are judged at a time
PROBE_ITERATIONS = 50  # of L-BFGS; of pixels, twice as many get half a per cent fewer right

FIGURES = (
    "on_reconstructions",
    "from_reconstructions",
    "within_reconstructions",
    "linear_probe",
    "nearest_neighbours",
)


@dataclass(frozen=True)
class InformationKept:
    """Accuracies of S judges, each of another seed, on the same test images.

    Attributes
    ----------
    seeds : of the judges' weights and of the training images they were given
    n_train, n_test : images each judge was trained and tested on
    on_reconstructions : (S,), CNN trained on originals, tested on reconstructions
    from_reconstructions : (S,), CNN trained on reconstructions, tested on originals
    within_reconstructions : (S,), CNN trained and tested on reconstructions
    linear_probe, nearest_neighbours : (S,), logistic regression and k-NN on the codes that are
        decoded: posterior means, likeliest classes, code vectors
    confusion : int64 (L, L), true class by class that the judges trained on originals see in the
        reconstruction, all seeds together
    """

    seeds: tuple[int, ...]
    n_train: int
    n_test: int
    on_reconstructions: NDArray[np.float64]
    from_reconstructions: NDArray[np.float64]
    within_reconstructions: NDArray[np.float64]
    linear_probe: NDArray[np.float64]
    nearest_neighbours: NDArray[np.float64]
    confusion: NDArray[np.int64]

    def __post_init__(self) -> None:
        assert all(getattr(self, name).shape == (len(self.seeds),) for name in FIGURES)
        assert self.confusion.ndim == 2 and self.confusion.shape[0] == self.confusion.shape[1]
        assert self.confusion.sum() == self.n_test * len(self.seeds)


def information_kept(model: Trainable, dataset: str) -> InformationKept:
    """How well the class can be read from a model's reconstructions and latents.

    Parameters
    ----------
    model : that encodes and decodes
    dataset : labelled images, those it was trained on as a rule

    Raises
    ------
    InvalidExperiment : a classifier, or images without labels
    TooFewImages : fewer than five training pictures, or of one class
    DataUnavailable, DamagedData : the images cannot be had

    Notes
    -----
    Seeded: three judges of each kind, on 5,000 training images at most, the CNNs for 4 epochs.
    A quarter of a minute on two idle cores, for a VQ-VAE about twice that.

    References
    ----------
    Alain & Bengio 2016, Understanding intermediate layers using linear classifier probes.
    """
    if not isinstance(model, Autoencoder):
        found, remedy = type(model).__name__, "Choose another run."
        raise InvalidExperiment("The model", "an autoencoder", found, remedy)
    return _judge(load_dataset(dataset), model)


def information_in_originals(dataset: str) -> InformationKept:
    """The same figures of the pictures themselves: what there is to be kept.

    Their reconstructions are the originals, their latents the pixels.
    """
    return _judge(load_dataset(dataset), None)


def _judge(data: ImageSet, model: Autoencoder | None) -> InformationKept:
    test = data.test
    if test.labels is None or data.train.labels is None:
        raise InvalidExperiment(
            "The image set",
            "labelled, for a judge to be right or wrong",
            f"{data.name} without labels",
            "Choose another image set.",
        )
    _check_training_labels(data.train.labels.numpy())  # before CNNs are trained
    images, labels = test.images[:TEST_IMAGES], test.labels[:TEST_IMAGES]
    n_classes = len(data.class_names)
    seen, places = _through(model, images)
    rows: list[tuple[float, ...]] = []
    confusion = np.zeros((n_classes, n_classes), np.int64)
    for seed in SEEDS:
        chosen = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(seed))[
            :TRAIN_IMAGES
        ]
        train_images, train_labels = data.train.images[chosen], data.train.labels[chosen]
        of_originals = _judge_of_originals(data, seed)
        votes = votes_of(of_originals, seen)
        np.add.at(confusion, (labels.numpy(), votes), 1)
        seen_train, train_places = _through(model, train_images)
        of_reconstructions = (
            of_originals
            if model is None
            else train_judge(data, ImageSplit(seen_train, train_labels), seed)
        )
        rows.append(
            (
                _share_right(votes, labels),
                _share_right(votes_of(of_reconstructions, images), labels),
                _share_right(votes_of(of_reconstructions, seen), labels),
                linear_probe(train_places, train_labels.numpy(), places, labels.numpy()),
                nearest_neighbours(train_places, train_labels.numpy(), places, labels.numpy()),
            )
        )
    columns = [np.array(column, np.float64) for column in zip(*rows, strict=True)]
    figures = dict(zip(FIGURES, columns, strict=True))
    n_train = min(TRAIN_IMAGES, len(data.train))
    return InformationKept(SEEDS, n_train, len(images), **figures, confusion=confusion)


def _through(
    model: Autoencoder | None, images: UInt8[Tensor, "N C H W"]
) -> tuple[UInt8[Tensor, "N C H W"], Float[np.ndarray, "N E"]]:
    """Reconstructions as images, and the places of the codes that these are decoded from."""
    if model is None:
        return images, images.flatten(1).float().div(255).numpy()
    seen = (reconstruct_all(model, images) * 255).round().to(torch.uint8)
    return seen, model.embed(model.to_code(encode_all(model, images))).float().numpy()


def train_judge(data: ImageSet, train: ImageSplit, seed: int) -> Classifier:
    """A small CNN trained on these pictures of the image set: 4 epochs, one cycle."""
    training = Training(epochs=EPOCHS, batch_size=128, schedule="one_cycle", seed=seed)
    experiment = Experiment(dataset=data.name, model=JUDGE, training=training)
    test = data.test
    # Of the loop's own tests after each epoch nothing is read: a handful of images is enough.
    few = ImageSplit(test.images[:EPOCHS], None if test.labels is None else test.labels[:EPOCHS])
    images = ImageSet(data.name, data.image_shape, data.class_names, (), train, few)
    model = fit(experiment, images, choose_compute()).model
    assert isinstance(model, Classifier)
    return model


def _judge_of_originals(data: ImageSet, seed: int) -> Classifier:
    """The CNN trained on originals, which all runs on the same images share."""
    return _kept_judge(data.name, data.digest, seed)


@functools.lru_cache(2 * len(SEEDS))
def _kept_judge(dataset: str, digest: str, seed: int) -> Classifier:
    assert digest
    data = load_dataset(dataset)
    assert data.train.labels is not None
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(data.train), generator=generator)[:TRAIN_IMAGES]
    train = ImageSplit(data.train.images[chosen], data.train.labels[chosen])
    return train_judge(data, train, seed)


@torch.inference_mode()
def votes_of(judge: Classifier, images: UInt8[Tensor, "N C H W"]) -> NDArray[np.int64]:
    """The likeliest class of each image, (N,)."""
    parts = images.split(EVALUATION_BATCH)
    votes = [judge.classify(as_float(part, judge)).argmax(dim=1).cpu() for part in parts]
    return torch.cat(votes).numpy()


def _share_right(votes: NDArray[np.int64], labels: Int64[Tensor, " N"]) -> float:
    return float((votes == labels.numpy()).mean())


def _check_training_labels(labels: Int64[np.ndarray, " N"]) -> None:
    need("training pictures of a judge", len(labels), NEIGHBOURS, ANOTHER_SET)
    need("classes of a judge's training pictures", len(np.unique(labels)), 2, ANOTHER_SET)


def linear_probe(
    train: Float[np.ndarray, "N E"],
    train_labels: Int64[np.ndarray, " N"],
    test: Float[np.ndarray, "M E"],
    test_labels: Int64[np.ndarray, " M"],
) -> float:
    """Share of the test latents whose class a multinomial logistic regression gets right.

    Latents are standardised by the training ones; L2 weight of scikit-learn's default.

    Raises
    ------
    TooFewImages : the training latents are of one class
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    need("classes of a linear probe", len(np.unique(train_labels)), 2, ANOTHER_SET)
    scaled, test_scaled = _standardised(train, test)
    # Ten columns of products are too few for several threads, which would wait for each other.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early on purpose
        probe = LogisticRegression(max_iter=PROBE_ITERATIONS).fit(scaled, train_labels)
    return float(probe.score(test_scaled, test_labels))


def nearest_neighbours(
    train: Float[np.ndarray, "N E"],
    train_labels: Int64[np.ndarray, " N"],
    test: Float[np.ndarray, "M E"],
    test_labels: Int64[np.ndarray, " M"],
) -> float:
    """Share of the test latents whose five nearest training latents vote for their class.

    Raises
    ------
    TooFewImages : there are fewer than five training latents
    """
    need("training pictures of five nearest", len(train), NEIGHBOURS, ANOTHER_SET)
    from sklearn.neighbors import KNeighborsClassifier
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        votes = KNeighborsClassifier(NEIGHBOURS).fit(train, train_labels)
        return float(votes.score(test, test_labels))


def _standardised(
    train: Float[np.ndarray, "N E"], test: Float[np.ndarray, "M E"]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1)  # a constant axis stays one
    return (train - mean) / scale, (test - mean) / scale


@dataclass(frozen=True)
class Lost:
    """Images whose class a classifier reads from the original and no longer from the copy.

    Attributes
    ----------
    indices : int64 (P,), of the images, in their order
    seen : int64 (P,), class read from each copy
    share : of all images that are read right as originals
    """

    indices: NDArray[np.int64]
    seen: NDArray[np.int64]
    share: float


@torch.inference_mode()
def lost_images(
    judge: Classifier,
    originals: Float[np.ndarray, "N C H W"],
    copies: Float[np.ndarray, "N C H W"],
    labels: Int64[np.ndarray, " N"],
) -> Lost:
    """The images that a model loses in the eyes of one classifier."""
    of_original, of_copy = (
        torch.cat([judge.classify(part).cpu() for part in torch.from_numpy(x).split(CHUNK)])
        for x in (originals, copies)
    )
    truth = torch.from_numpy(labels)
    was_right = of_original.argmax(dim=1) == truth
    seen = of_copy.argmax(dim=1)
    lost = torch.nonzero(was_right & (seen != truth)).flatten()
    share = len(lost) / max(1, int(was_right.sum()))
    return Lost(lost.numpy(), seen[lost].numpy(), share)
