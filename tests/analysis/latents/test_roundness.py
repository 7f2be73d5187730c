import itertools

import numpy as np
import pytest

from vizmodels.analysis.latents.roundness import roundness, roundness_of

RNG = np.random.default_rng(0)


def unbiased_by_all_tuples(places: np.ndarray) -> float:
    """(PR − 1)/(E − 1) with each trace the mean over all four different images of what has it for
    its expectation, one tuple at a time."""
    squared_trace, trace_of_square = [], []
    for i, j, k, m in itertools.permutations(range(len(places)), 4):
        one, other = places[i] - places[j], places[k] - places[m]  # of covariance 2 Σ
        squared_trace.append(one @ one * (other @ other) / 4)
        trace_of_square.append((one @ other) ** 2 / 4)
    ratio = np.mean(squared_trace) / np.mean(trace_of_square)
    return (ratio - 1) / (places.shape[1] - 1)


@pytest.mark.parametrize("n_axes", [2, 5])
def test_roundness_is_that_of_unbiased_traces(n_axes: int) -> None:
    places = RNG.gamma(2.0, size=(8, n_axes)) * np.arange(1, n_axes + 1) + 3
    assert roundness_of(places) == pytest.approx(unbiased_by_all_tuples(places), rel=1e-9)


@pytest.mark.parametrize("n", [30, 100, 1000])
@pytest.mark.parametrize("n_axes", [2, 4, 16])
def test_a_ball_scores_one_within_its_interval_whatever_its_size(n: int, n_axes: int) -> None:
    labels, n_tries = np.repeat(np.arange(10), n), 40
    told = [roundness(RNG.normal(size=(10 * n, n_axes)), labels) for _ in range(n_tries)]
    missed = sum(abs(one.mean - 1) > one.half_width for one in told)
    assert missed <= 7, "a 95 % interval misses 2 of 40; more than 7 once in 3,000 times"
    assert np.mean([one.mean for one in told]) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("n", [30, 300, 3000])
def test_a_cluster_scores_the_same_whatever_the_number_of_images(n: int) -> None:
    deviations = np.array([1.0, 1.0, 0.3, 0.3])
    variances = deviations**2
    exact = (variances.sum() ** 2 / np.square(variances).sum() - 1) / 3
    labels = np.repeat(np.arange(10), n)
    means = [
        roundness(RNG.normal(size=(10 * n, 4)) * deviations, labels).mean
        for _ in range(max(3, 1000 // n))
    ]
    assert np.mean(means) == pytest.approx(exact, abs=0.02)


def test_a_needle_scores_nothing() -> None:
    assert roundness_of(RNG.normal(size=(500, 1)) * [[1.0, 2.0, 3.0]]) == pytest.approx(0, abs=1e-6)


def test_turning_and_scaling_change_nothing() -> None:
    places = RNG.normal(size=(60, 3)) * [1, 2, 3]
    rotation = np.linalg.qr(RNG.normal(size=(3, 3))).Q
    turned = 7 * places @ rotation + 5
    assert roundness_of(turned) == pytest.approx(roundness_of(places), rel=1e-6)


@pytest.mark.parametrize("labels", [np.arange(40), np.repeat(np.arange(20), 2)])
def test_classes_of_a_few_images_are_left_out(labels: np.ndarray) -> None:
    told = roundness(RNG.normal(size=(40, 3)), labels)
    assert np.isnan(told.mean) and np.isnan(told.half_width)


def test_one_class_has_a_mean_without_an_interval() -> None:
    told = roundness(RNG.normal(size=(400, 3)), np.zeros(400, np.int64))
    assert told.mean == pytest.approx(1, abs=0.1) and np.isnan(told.half_width)


@pytest.mark.parametrize("places", [np.ones((50, 3)), RNG.normal(size=(50, 1))])
def test_one_place_and_one_axis_have_no_roundness(places: np.ndarray) -> None:
    assert np.isnan(roundness_of(places))
