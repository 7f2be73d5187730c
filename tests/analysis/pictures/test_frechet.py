"""The Fréchet distance against closed forms and against scipy's matrix square root."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from vizmodels.analysis.pictures.frechet import Gaussian, frechet_distance, gaussian_of

RNG = np.random.default_rng(0)


def random_gaussian(n_axes: int) -> Gaussian:
    root = RNG.standard_normal((n_axes, n_axes))
    return Gaussian(RNG.standard_normal(n_axes), root @ root.T)


def test_of_equal_gaussians_it_is_nothing() -> None:
    one = random_gaussian(5)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-9)


def test_a_shift_alone_counts_as_its_squared_length() -> None:
    one = random_gaussian(3)
    shift = np.array([1.0, -2.0, 2.0])
    assert frechet_distance(one, Gaussian(one.mean + shift, one.covariance)) == pytest.approx(9)


def test_in_one_axis_it_is_the_squared_differences_of_mean_and_deviation() -> None:
    one, other = (Gaussian(np.array([m]), np.array([[s**2]])) for m, s in ((1.0, 2.0), (4.0, 0.5)))
    assert frechet_distance(one, other) == pytest.approx((1 - 4) ** 2 + (2 - 0.5) ** 2)


def test_with_diagonal_covariances_it_is_the_sum_over_axes() -> None:
    deviations = np.array([0.1, 1.0, 3.0]), np.array([2.0, 0.5, 3.0])
    one, other = (Gaussian(np.zeros(3), np.diag(s**2)) for s in deviations)
    assert frechet_distance(one, other) == pytest.approx(
        np.square(deviations[0] - deviations[1]).sum()
    )


def test_it_is_scipys_formula_and_does_not_care_for_order() -> None:
    one, other = random_gaussian(6), random_gaussian(6)
    root = np.real(sqrtm(one.covariance @ other.covariance))
    expected = np.square(one.mean - other.mean).sum() + np.trace(
        one.covariance + other.covariance - 2 * root
    )
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(other, one) == pytest.approx(expected, rel=1e-8)


def test_singular_covariances_do_no_harm() -> None:
    flat = Gaussian(np.zeros(2), np.diag([4.0, 0.0]))
    point = Gaussian(np.zeros(2), np.zeros((2, 2)))
    assert frechet_distance(flat, point) == pytest.approx(4)
    assert frechet_distance(point, flat) == pytest.approx(4)


def test_the_gaussian_of_points_has_their_mean_and_unbiased_covariance() -> None:
    points = RNG.standard_normal((50, 3)).astype(np.float32)
    found = gaussian_of(points)
    np.testing.assert_allclose(found.mean, points.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found.covariance, np.cov(points.T), atol=1e-6)
