import pytest
import torch

from vizmodels.analysis.maps.points import map_points
from vizmodels.data.image_set import ImageSet, ImageSplit


def a_set(*, labels: bool = True, factors: bool = False) -> ImageSet:
    """Six training images of brightness 0..5 and four test images of brightness 100..103."""

    def split(first: int, n: int) -> ImageSplit:
        values = torch.arange(first, first + n)
        return ImageSplit(
            values.to(torch.uint8).view(n, 1, 1, 1).expand(n, 1, 2, 2),
            values if labels else None,
            values.float().view(n, 1) if factors else None,
        )

    names = tuple(map(str, range(104))) if labels else ()
    factor_names = ("brightness",) if factors else ()
    return ImageSet("grey", (1, 2, 2), names, factor_names, split(0, 6), split(100, 4))


@pytest.mark.parametrize(
    ("limit", "expected", "n_test"),
    [
        (100, [100, 101, 102, 103, 0, 1, 2, 3, 4, 5], 4),
        (10, [100, 101, 102, 103, 0, 1, 2, 3, 4, 5], 4),
        (6, [100, 101, 102, 103, 0, 1], 4),
        (4, [100, 101, 102, 103], 4),
        (3, [100, 101, 102], 3),
    ],
)
def test_test_pictures_come_first_and_training_pictures_fill_up(
    limit: int, expected: list[int], n_test: int
) -> None:
    points = map_points(a_set(), limit)
    assert points.pictures.images[:, 0, 0, 0].tolist() == expected
    assert points.n_test == n_test
    assert len(points) == len(expected)


def test_labels_and_factors_stay_with_their_pictures() -> None:
    points = map_points(a_set(factors=True), 6)
    brightness = points.pictures.images[:, 0, 0, 0].tolist()
    labels = points.labels()
    assert labels is not None and labels.tolist() == brightness
    assert points.pictures.factors is not None
    assert points.pictures.factors[:, 0].tolist() == brightness


def test_a_set_without_labels_has_none_on_its_map() -> None:
    points = map_points(a_set(labels=False))
    assert points.labels() is None and points.pictures.factors is None
