import numpy as np
from numpy.testing import assert_allclose

from vizmodels.analysis.maps.epochs import rotation_onto, view_epoch
from vizmodels.analysis.maps.projection import project


def latents(dim: int) -> np.ndarray:
    scale = np.linspace(3, 0.5, dim)
    return (np.random.default_rng(0).normal(size=(400, dim)) * scale).astype(np.float32)


def turn(dim: int) -> np.ndarray:
    q, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(dim, dim)))
    return q.astype(np.float32)


def test_raw_axes_stay_as_they_are() -> None:
    last, earlier = latents(2), latents(2) @ turn(2)
    view = view_epoch(earlier, last, project(last, "raw"))
    np.testing.assert_array_equal(view.coordinates, earlier)
    assert view.components is None


def test_a_latent_space_that_only_turned_and_shifted_stands_still_on_the_map() -> None:
    last = latents(6)
    earlier = last @ turn(6) + 5
    projection = project(last, "pca")
    view = view_epoch(earlier, last, projection)
    assert_allclose(view.coordinates, projection.coordinates, atol=1e-4)


def test_coordinates_are_the_latents_on_the_plane_that_is_told() -> None:
    last, earlier = latents(6), latents(6)[::-1].copy()
    view = view_epoch(earlier, last, project(last, "pca"))
    assert view.mean is not None and view.components is not None
    assert_allclose(view.coordinates, (earlier - view.mean) @ view.components.T, atol=1e-5)
    assert_allclose(view.components @ view.components.T, np.eye(2), atol=1e-5)


def test_the_rotation_is_orthogonal_and_undoes_a_turn() -> None:
    last, rotation = latents(4), turn(4)
    found = rotation_onto(last, last @ rotation)
    assert_allclose(found, rotation.T, atol=1e-5)
    assert_allclose(found @ found.T, np.eye(4), atol=1e-5)
