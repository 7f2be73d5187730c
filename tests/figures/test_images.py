import numpy as np
import pytest

from vizmodels.figures.images import enlarge, error_sheet, lay_out, stacked, tile_sheet

GREY = [128, 128, 128]


@pytest.mark.parametrize(
    ("n", "columns", "shape"),
    [(6, 3, (2 * 5 - 1, 3 * 6 - 1, 3)), (5, 3, (9, 17, 3)), (1, 1, (4, 5, 3)), (2, 4, (4, 23, 3))],
)
def test_a_sheet_has_a_gap_of_one_pixel_between_tiles(
    n: int, columns: int, shape: tuple[int, int, int]
) -> None:
    assert tile_sheet(np.zeros((n, 1, 4, 5), np.uint8), columns).shape == shape


@pytest.mark.parametrize("channels", [1, 3])
def test_each_picture_is_at_its_place_row_by_row(channels: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, channels, 4, 6), np.uint8)
    sheet = tile_sheet(pictures, 3)
    for at, picture in enumerate(pictures):
        top, left = at // 3 * 5, at % 3 * 7
        tile = sheet[top : top + 4, left : left + 6]
        for channel in range(3):
            np.testing.assert_array_equal(tile[..., channel], picture[channel % channels])


def test_gaps_and_unused_tiles_have_the_background() -> None:
    sheet = tile_sheet(np.full((3, 1, 2, 2), 255, np.uint8), 2)
    assert sheet[:, 2].tolist() == [GREY] * 5
    assert sheet[2].tolist() == [GREY] * 5
    assert (sheet[3:, 3:] == 128).all()
    red = tile_sheet(np.zeros((2, 1, 1, 1), np.uint8), 2, background=(200, 0, 0))
    assert red.tolist() == [[[0, 0, 0], [200, 0, 0], [0, 0, 0]]]


def test_floats_are_cut_to_pixels_and_rounded() -> None:
    values = np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 0.2 / 255, 0.8 / 255]).reshape(7, 1, 1, 1)
    sheet = tile_sheet(values, 7)
    assert sheet[0, ::2, 0].tolist() == [0, 0, 128, 255, 255, 0, 1]


def test_an_error_sheet_is_white_where_right_blue_too_dark_and_red_too_bright() -> None:
    error = np.array([0.0, -0.5, 0.5]).reshape(3, 1, 1, 1)
    sheet = error_sheet(error, 3)
    assert sheet[0, ::2].tolist() == [[255, 255, 255], [33, 102, 172], [178, 24, 43]]
    assert sheet[0, 1].tolist() == GREY


def test_an_error_sheet_averages_the_channels() -> None:
    error = np.array([0.3, -0.3, 0.0]).reshape(1, 3, 1, 1)
    assert error_sheet(error, 1).tolist() == [[[255, 255, 255]]]


def test_tiles_are_laid_out_unchanged() -> None:
    tiles = np.random.default_rng(0).integers(0, 256, (2, 2, 2, 3), np.uint8)
    sheet = lay_out(tiles, 1, (0, 0, 0))
    np.testing.assert_array_equal(sheet[:2], tiles[0])
    np.testing.assert_array_equal(sheet[3:], tiles[1])


def test_enlarging_makes_every_pixel_a_square() -> None:
    sheet = np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8)
    large = enlarge(sheet, 5)
    assert large.shape == (15, 20, 3)
    for row in range(15):
        for column in range(20):
            assert (large[row, column] == sheet[row // 5, column // 5]).all()


def test_sheets_are_stacked_with_a_gap() -> None:
    a, b = (np.full((n, 4, 3), n, np.uint8) for n in (2, 3))
    both = stacked([a, b])
    assert both.shape == (6, 4, 3)
    assert both[:, 0, 0].tolist() == [2, 2, 128, 3, 3, 3]
