import numpy as np
import pytest

from vizmodels.analysis.evidence.subspaces import largest_principal_angle, principal_angles


def test_another_basis_of_the_same_subspace_has_no_angle_to_it() -> None:
    draw = np.random.default_rng(0)
    axes, mixing = draw.normal(size=(10, 3)), draw.normal(size=(3, 3))
    assert largest_principal_angle(axes, axes @ mixing) == pytest.approx(0, abs=1e-6)


def test_a_plane_tilted_about_a_line_keeps_that_line() -> None:
    tilt = np.radians(20)
    flat = np.array([[1.0, 0], [0, 1], [0, 0]])
    tilted = np.array([[1.0, 0], [0, np.cos(tilt)], [0, np.sin(tilt)]])
    np.testing.assert_allclose(principal_angles(flat, tilted), [0, 20], atol=1e-6)
    assert largest_principal_angle(flat, tilted) == pytest.approx(20)
