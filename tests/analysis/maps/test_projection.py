import functools
from typing import Literal

import numpy as np
import openTSNE
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from vizmodels.analysis.maps import projection as projections
from vizmodels.analysis.maps.projection import Projection, principal_axes, project
from vizmodels.data.bundled import digits
from vizmodels.errors import TooFewImages


def gaussian(n: int, dims: int, seed: int = 0) -> np.ndarray:
    """Points whose axes have clearly different variances and are turned against each other."""
    rng = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(rng.normal(size=(dims, dims)))
    scales = 3.0 * 0.6 ** np.arange(dims)
    points = rng.normal(size=(n, dims)) * scales @ turned + rng.normal(size=dims)
    return points.astype(np.float32)


@pytest.fixture(scope="module")
def digit_latents() -> np.ndarray:
    """200 digits on their ten leading principal components."""
    pixels = digits().train.images[:200].flatten(1).numpy() / 255
    return PCA(10).fit_transform(pixels).astype(np.float32)


@pytest.mark.parametrize("n_axes", [2, 3])
def test_raw_is_the_first_axes_unchanged(n_axes: int) -> None:
    latents = gaussian(50, 5)
    shown = project(latents, "raw", n_axes)
    np.testing.assert_array_equal(shown.coordinates, latents[:, :n_axes])
    assert shown.mean is None and shown.components is None and shown.explained == ()


@pytest.mark.parametrize(("dims", "n_axes"), [(1, 2), (1, 3), (2, 3)])
def test_raw_axes_that_are_missing_are_zero(dims: int, n_axes: int) -> None:
    latents = gaussian(50, dims)
    coordinates = project(latents, "raw", n_axes).coordinates
    np.testing.assert_array_equal(coordinates[:, :dims], latents)
    assert not coordinates[:, dims:].any()


@pytest.mark.parametrize("n_axes", [2, 3])
def test_pca_is_scikit_learns_up_to_the_signs(n_axes: int) -> None:
    latents = gaussian(300, 6)
    reference = PCA(n_axes, svd_solver="full").fit(latents.astype(np.float64))
    shown = project(latents, "pca", n_axes)
    assert shown.mean is not None and shown.components is not None
    signs = np.sign((shown.components * reference.components_).sum(axis=1))
    np.testing.assert_allclose(shown.components, signs[:, None] * reference.components_, atol=1e-5)
    np.testing.assert_allclose(shown.mean, reference.mean_, atol=1e-5)
    np.testing.assert_allclose(shown.explained, reference.explained_variance_ratio_, rtol=1e-5)
    expected = signs * reference.transform(latents.astype(np.float64))
    np.testing.assert_allclose(shown.coordinates, expected, atol=1e-4)


@pytest.mark.parametrize(("dims", "n_axes"), [(1, 2), (1, 3), (2, 2), (2, 3), (5, 2), (5, 3)])
def test_mean_and_components_reproduce_the_coordinates_of_pca(dims: int, n_axes: int) -> None:
    latents = gaussian(60, dims)
    shown = project(latents, "pca", n_axes)
    assert shown.mean is not None and shown.components is not None
    assert shown.components.shape == (n_axes, dims) and len(shown.explained) == n_axes
    expected = (latents - shown.mean) @ shown.components.T
    np.testing.assert_allclose(shown.coordinates, expected, atol=1e-5)


def test_principal_axes_are_orthonormal_with_their_largest_entry_positive() -> None:
    _, axes, _ = principal_axes(gaussian(300, 6), 3)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-6)
    assert (axes[np.arange(3), np.abs(axes).argmax(axis=1)] > 0).all()


def test_principal_axes_beyond_the_latent_ones_are_zero() -> None:
    _, axes, explained = principal_axes(gaussian(60, 2), 3)
    assert not axes[2].any() and axes[:2].any(axis=1).all()
    assert explained[2] == 0 and sum(explained) == pytest.approx(1)


def test_latents_that_are_all_the_same_have_a_map(recwarn: pytest.WarningsRecorder) -> None:
    collapsed = np.full((50, 4), 2.5, np.float32)
    shown = project(collapsed, "pca")
    assert not shown.coordinates.any()
    assert shown.explained == (0.0, 0.0)


def test_a_map_that_keeps_every_neighbour_is_trusted_fully() -> None:
    shown = project(gaussian(100, 2), "raw")
    assert shown.trust == 1 and shown.continuity == 1


def test_a_map_that_drops_axes_is_trusted_less() -> None:
    shuffled = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    shown = project(shuffled, "raw")
    assert shown.trust < 0.8 and shown.continuity < 0.9


def test_trust_and_continuity_are_venna_and_kaskis() -> None:
    latents = gaussian(200, 6)
    shown = project(latents, "raw")
    assert shown.trust == pytest.approx(trustworthiness(latents, latents[:, :2], n_neighbors=10))
    assert shown.continuity == pytest.approx(
        trustworthiness(latents[:, :2], latents, n_neighbors=10)
    )


def test_the_share_of_neighbours_kept_is_counted_and_says_among_how_many() -> None:
    latents = gaussian(60, 6)
    shown = project(latents, "raw")
    kept = []
    for i in range(60):
        near, on_map = (
            set(np.argsort(np.square(rows - rows[i]).sum(axis=1))[1:11])
            for rows in (latents, latents[:, :2])
        )
        kept.append(len(near & on_map) / 10)
    assert shown.neighbours_kept == pytest.approx(np.mean(kept))
    assert (shown.n_compared, shown.n_neighbours) == (60, 10)
    assert shown.neighbours_kept < shown.trust, "ranks forgive what a count does not"


@pytest.mark.parametrize(("n", "k"), [(1, 0), (2, 0), (3, 1), (5, 2)])
def test_a_few_points_are_compared_as_far_as_they_have_neighbours(n: int, k: int) -> None:
    shown = project(gaussian(n, 6), "pca")
    assert (shown.n_compared, shown.n_neighbours) == (n, k)
    told = (shown.trust, shown.continuity, shown.neighbours_kept)
    assert np.isnan(told).all() if k == 0 else np.isfinite(told).all()


@pytest.mark.parametrize("kind", ["umap", "tsne"])
@pytest.mark.parametrize("latents", [gaussian(15, 3), np.ones((40, 3), np.float32)])
def test_slow_maps_say_how_many_pictures_they_need(kind, latents: np.ndarray) -> None:
    with pytest.raises(TooFewImages, match=r"on a map must be .* Choose raw"):
        project(latents, kind)


def test_no_points_are_refused_in_a_sentence() -> None:
    with pytest.raises(TooFewImages, match="at least 1; got 0"):
        project(np.zeros((0, 3), np.float32), "pca")


def test_trust_of_many_points_is_that_of_a_regular_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "TRUST_POINTS", 100)
    latents = gaussian(250, 6)  # every third point
    part = project(latents[::3], "raw")
    assert project(latents, "raw").trust == part.trust


def test_the_fewest_points_allowed_have_every_map_but_the_slow() -> None:
    for kind in ("raw", "pca"):
        assert project(gaussian(16, 3), kind).coordinates.shape == (16, 2)


def test_tsne_is_faithful(digit_latents: np.ndarray) -> None:
    shown = project(digit_latents, "tsne", 3)
    assert shown.coordinates.shape == (200, 3)
    assert shown.trust > 0.95


@pytest.mark.parametrize("n_axes", [2, 3])
def test_tsne_is_the_same_for_the_same_seed(
    digit_latents: np.ndarray, monkeypatch: pytest.MonkeyPatch, n_axes: Literal[2, 3]
) -> None:
    # A tenth of the steps: FFT repulsion costs 15 s in full, however few the points.
    brief = functools.partial(openTSNE.TSNE, n_iter=50, early_exaggeration_iter=25)
    monkeypatch.setattr(openTSNE, "TSNE", brief)
    first, again = (project(digit_latents, "tsne", n_axes) for _ in range(2))
    assert first.coordinates.shape == (200, n_axes)
    assert first.trust > 0.9
    np.testing.assert_array_equal(first.coordinates, again.coordinates)


# umap-learn says so on import, and we do not use its neural network.
@pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")
def test_umap_is_faithful(digit_latents: np.ndarray) -> None:
    shown = project(digit_latents, "umap")  # the only one in all tests: numba compiles for 20 s
    assert shown.coordinates.shape == (200, 2)
    assert shown.trust > 0.9


def test_the_start_of_tsne_and_umap_is_pca_made_small(digit_latents: np.ndarray) -> None:
    start = projections._pca_start(digit_latents, 2)
    assert start[:, 0].std() == pytest.approx(1e-4)
    pca = project(digit_latents, "pca").coordinates
    ratio = start / pca
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=1e-3)


def test_a_projection_of_the_wrong_shape_or_type_cannot_be_made() -> None:
    with pytest.raises(AssertionError):
        Projection("raw", np.zeros((5, 4), np.float32), 1.0, 1.0, 1.0, 5, 2)
    with pytest.raises(AssertionError):
        Projection("pca", np.zeros((5, 2), np.float32), 1.0, 1.0, 1.0, 5, 2)
