import numpy as np
import torch
from numpy.testing import assert_allclose, assert_array_equal

from vizmodels.analysis.maps.neighbours import most_alike, nearest_neighbours, share_kept


def test_neighbours_are_the_nearest_rows_without_the_row_itself() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
    distance = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert_array_equal(nearest_neighbours(rows, 7), np.argsort(distance, axis=1)[:, :7])


def test_pictures_are_compared_as_numbers_not_as_bytes() -> None:
    rows = np.array([[0], [255], [250], [3]], dtype=np.uint8)
    assert nearest_neighbours(rows, 1).ravel().tolist() == [3, 2, 1, 0]


def test_a_turned_arrangement_keeps_every_neighbour_and_a_shuffled_one_few() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(300, 2))
    before = nearest_neighbours(rows)
    turned = rows @ np.array([[0.6, -0.8], [0.8, 0.6]])
    assert share_kept(before, nearest_neighbours(turned)).min() == 1
    shuffled = share_kept(before, nearest_neighbours(random.permutation(rows)))
    assert shuffled.mean() < 0.1


def test_the_share_counts_each_neighbour_that_stays() -> None:
    before = np.array([[1, 2, 3, 4], [0, 2, 3, 4]])
    after = np.array([[4, 9, 1, 8], [7, 8, 9, 6]])
    assert_allclose(share_kept(before, after), [0.5, 0])


def test_the_pictures_most_alike_come_with_their_squared_error_per_pixel() -> None:
    images = torch.zeros(4, 1, 2, 2, dtype=torch.uint8)
    images[1], images[2], images[3] = 51, 255, 102
    found, errors = most_alike(images, 0, 2)
    assert found.tolist() == [1, 3]
    assert_allclose(errors, [0.04, 0.16], rtol=1e-5)
