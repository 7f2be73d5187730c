"""Densities over latents: what is drawn has the moments that it should have."""

import numpy as np
import pytest

from vizmodels.analysis.latents.density import fitted_gaussian, fitted_mixture, standard_normal

RNG = np.random.default_rng(0)
MANY = 40_000


def test_a_standard_normal_is_one() -> None:
    drawn = standard_normal(3).sample(MANY, seed=0)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(drawn.T), np.eye(3), atol=0.04)


def test_a_fitted_gaussian_draws_with_the_mean_and_covariance_of_the_latents() -> None:
    mix = np.array([[2.0, 0.0], [1.5, 0.3]])
    latents = (RNG.standard_normal((5000, 2)) @ mix.T + [5, -1]).astype(np.float32)
    drawn = fitted_gaussian(latents).sample(MANY, seed=1)
    np.testing.assert_allclose(drawn.mean(axis=0), latents.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(latents.T), rtol=0.05)


def test_latents_on_a_line_are_drawn_on_that_line() -> None:
    along = RNG.standard_normal(1000)
    latents = np.stack([along, 2 * along], axis=1).astype(np.float32)
    drawn = fitted_gaussian(latents).sample(1000, seed=0)
    np.testing.assert_allclose(drawn[:, 1], 2 * drawn[:, 0], atol=1e-3)


def test_a_mixture_finds_two_clusters_and_draws_nothing_between_them() -> None:
    centres = np.array([[-10.0, 0.0], [10.0, 0.0]])
    which = RNG.random(4000) < 0.25
    latents = (centres[which.astype(int)] + RNG.standard_normal((4000, 2))).astype(np.float32)
    found = fitted_mixture(latents, n_components=2)
    np.testing.assert_allclose(np.sort(found.means[:, 0]), [-10, 10], atol=0.2)
    np.testing.assert_allclose(np.sort(found.weights), [0.25, 0.75], atol=0.02)
    drawn = found.sample(MANY, seed=0)
    assert (np.abs(drawn[:, 0]) > 5).all()
    assert (drawn[:, 0] > 0).mean() == pytest.approx(which.mean(), abs=0.02)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_the_temperature_scales_deviations_and_leaves_means(temperature: float) -> None:
    latents = (3 * RNG.standard_normal((2000, 2)) + 7).astype(np.float32)
    density = fitted_gaussian(latents)
    drawn = density.sample(MANY, seed=0, temperature=temperature)
    np.testing.assert_allclose(drawn.mean(axis=0), 7, atol=0.3)
    np.testing.assert_allclose(
        drawn.std(axis=0, dtype=np.float64), temperature * latents.std(axis=0), rtol=0.03
    )


def test_the_same_seed_draws_the_same() -> None:
    density = standard_normal(2)
    np.testing.assert_array_equal(density.sample(5, seed=3), density.sample(5, seed=3))
    assert (density.sample(5, seed=3) != density.sample(5, seed=4)).any()
