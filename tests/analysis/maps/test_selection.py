import numpy as np
import pytest

from vizmodels.analysis.maps.selection import inside_polygon, read_polygon
from vizmodels.errors import LatentariumError


def test_a_box_holds_what_lies_between_its_corners() -> None:
    points = np.random.default_rng(0).uniform(-2, 2, (500, 2)).astype(np.float32)
    box = np.array([[-1, -0.5], [1.5, -0.5], [1.5, 1], [-1, 1]])
    expected = (points > [-1, -0.5]).all(axis=1) & (points < [1.5, 1]).all(axis=1)
    np.testing.assert_array_equal(inside_polygon(points, box), expected)


def test_what_a_hollow_shape_leaves_out_is_outside() -> None:
    letter_u = np.array([[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3.0]])
    points = np.array([[0.5, 2], [1.5, 2], [2.5, 2], [1.5, 0.5]], dtype=np.float32)
    assert inside_polygon(points, letter_u).tolist() == [True, False, True, True]


def test_the_direction_of_the_outline_does_not_matter() -> None:
    points = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    polygon = np.array([[0, 0], [2, 0.3], [1, 2]])
    np.testing.assert_array_equal(
        inside_polygon(points, polygon), inside_polygon(points, polygon[::-1])
    )


@pytest.mark.parametrize(
    "corners",
    [None, "a", [], [[0, 0], [1, 1]], [[0, 0, 0]] * 4, [[0, 0], [1, float("nan")], [1, 1]], [{}]],
)
def test_what_is_no_polygon_is_refused_with_a_sentence(corners: object) -> None:
    with pytest.raises(LatentariumError, match=r"^A selection must be 3 to 20,000 pairs"):
        read_polygon(corners)
