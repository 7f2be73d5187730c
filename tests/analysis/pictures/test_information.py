"""Judges of what is kept: on data whose answer is known, and on small runs."""

import numpy as np
import pytest
import torch
from scipy.stats import t

from vizmodels.analysis.intervals import mean_interval
from vizmodels.analysis.pictures import information
from vizmodels.analysis.pictures.information import (
    FIGURES,
    information_in_originals,
    information_kept,
    linear_probe,
    lost_images,
    nearest_neighbours,
)
from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import Experiment, Training
from vizmodels.models.classifier import Classifier
from vizmodels.runs.run import Run, train
from vizmodels.specs import AutoencoderSpec, ClassifierSpec

RNG = np.random.default_rng(0)


def clusters(n: int, distance: float) -> tuple[np.ndarray, np.ndarray]:
    """Three unit Gaussians in four axes, their centres so far from each other."""
    labels = RNG.integers(0, 3, n)
    centres = distance / np.sqrt(2) * np.eye(3, 4)
    points = centres[labels] + RNG.standard_normal((n, 4))
    return points.astype(np.float32), labels.astype(np.int64)


@pytest.mark.parametrize("judge", [linear_probe, nearest_neighbours])
def test_classes_far_apart_are_read_and_classes_in_one_place_are_guessed(judge: object) -> None:
    assert callable(judge)
    train_set, test_set = clusters(1500, 12.0), clusters(1000, 12.0)
    assert judge(*train_set, *test_set) == 1.0
    train_set, test_set = clusters(1500, 0.0), clusters(1000, 0.0)
    assert judge(*train_set, *test_set) == pytest.approx(1 / 3, abs=0.06)


def test_neighbours_read_a_ring_that_no_line_can() -> None:
    def ring(n: int) -> tuple[np.ndarray, np.ndarray]:
        angle, labels = RNG.uniform(0, 2 * np.pi, n), RNG.integers(0, 2, n)
        radius = 1 + 2 * labels + 0.1 * RNG.standard_normal(n)
        points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return points.astype(np.float32), labels.astype(np.int64)

    inside, outside = ring(600), ring(400)
    assert nearest_neighbours(*inside, *outside) == 1.0
    assert linear_probe(*inside, *outside) < 0.7


def test_an_axis_that_never_changes_does_no_harm_to_the_probe() -> None:
    x, labels = clusters(300, 12.0)
    x[:, 3] = 5.0
    assert linear_probe(x, labels, x, labels) == 1.0


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_is_students(level: float) -> None:
    values = RNG.standard_normal(5)
    low, high = t.interval(level, 4, values.mean(), values.std(ddof=1) / np.sqrt(5))
    found = mean_interval(values, level)
    assert found.mean - found.half_width == pytest.approx(low)
    assert found.mean + found.half_width == pytest.approx(high)


def test_one_value_tells_no_interval() -> None:
    found = mean_interval(np.array([0.5]))
    assert found.mean == 0.5 and np.isnan(found.half_width)


def on_digits(spec: object, epochs: int, **training: object) -> Run:
    settings = Training(epochs=epochs, batch_size=64, **training)  # pyright: ignore[reportArgumentType]
    return train(Experiment(dataset="digits", model=spec, training=settings))  # pyright: ignore[reportArgumentType]


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(information, "SEEDS", (0, 1))
    monkeypatch.setattr(information, "TRAIN_IMAGES", 1000)
    monkeypatch.setattr(information, "TEST_IMAGES", 200)
    monkeypatch.setattr(information, "EPOCHS", 8)
    information._kept_judge.cache_clear()


@pytest.mark.usefixtures("_few")
def test_more_axes_keep_more_and_nothing_beats_the_originals_by_far() -> None:
    narrow, wide = (
        information_kept(on_digits(AutoencoderSpec(backbone="linear", latent_dim=n), 1,
                                   solver="closed_form").model, "digits")
        for n in (1, 32)
    )  # fmt: skip
    originals = information_in_originals("digits")
    assert narrow.n_test == wide.n_test == 200 and narrow.n_train == 1000
    for name in FIGURES:
        few, many, all_ = (getattr(k, name).mean() for k in (narrow, wide, originals))
        assert few < many - 0.2, name
        assert many < all_ + 0.1, name
    assert narrow.confusion.sum() == 400
    right = np.trace(wide.confusion) / wide.confusion.sum()
    assert right == pytest.approx(wide.on_reconstructions.mean())


def test_a_classifier_keeps_no_latents_to_be_judged() -> None:
    judge = on_digits(ClassifierSpec(widths=(8,), n_features=8), 1)
    with pytest.raises(InvalidExperiment, match="must be an autoencoder"):
        information_kept(judge.model, "digits")


def test_lost_are_those_that_only_the_original_shows() -> None:
    judge = on_digits(ClassifierSpec(widths=(8, 16), n_features=16), 10).model
    assert isinstance(judge, Classifier)
    from vizmodels.data import load_dataset

    test = load_dataset("digits").test
    assert test.labels is not None
    labels = test.labels[:100].numpy()
    originals = test.images[:100].float().div(255).numpy()
    nothing = lost_images(judge, originals, originals, labels)
    assert nothing.share == 0 and len(nothing.indices) == 0
    copies = originals.copy()
    copies[50:] = 0
    lost = lost_images(judge, originals, copies, labels)
    assert (lost.indices >= 50).all() and len(lost.indices) > 30
    votes = judge.classify(torch.from_numpy(copies)).argmax(dim=1).numpy()
    np.testing.assert_array_equal(lost.seen, votes[lost.indices])
