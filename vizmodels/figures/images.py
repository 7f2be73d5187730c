"""Pictures as sheets of tiles, enlarged by whole numbers and never smoothed."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vizmodels.figures.theme import signed_colours

GAP = 1  # pixels of the picture between two tiles, before enlarging


def tile_sheet(
    pictures: NDArray[np.floating] | NDArray[np.uint8],
    columns: int,
    background: tuple[int, int, int] = (128, 128, 128),
) -> NDArray[np.uint8]:
    """N pictures in rows of `columns`, one sheet.

    Parameters
    ----------
    pictures : (N, C, H, W), float in [0, 1] or uint8, C 1 or 3
    columns : tiles per row
    background : colour of the gaps

    Returns
    -------
    uint8 array (rows·(H + 1) − 1, columns·(W + 1) − 1, 3)
    """
    n, channels, height, width = pictures.shape
    scaled = pictures if pictures.dtype == np.uint8 else np.clip(pictures, 0, 1) * 255
    as_bytes = scaled.round().astype(np.uint8)
    tiles = np.broadcast_to(as_bytes, (n, 3, height, width)) if channels == 1 else as_bytes
    return lay_out(tiles.transpose(0, 2, 3, 1), columns, background)


def error_sheet(
    error: NDArray[np.floating], columns: int, bound: float = 0.5, *, dark: bool = False
) -> NDArray[np.uint8]:
    """Signed errors (N, C, H, W) as tiles: blue is too dark, red too bright.

    Where the picture is right they are white, or nearly black on a dark page. Channels are
    averaged; ±bound gets the full colour.
    """
    colours = signed_colours(error.mean(axis=1), bound, dark=dark)
    return lay_out(colours, columns, (128, 128, 128))


def lay_out(
    tiles: NDArray[np.uint8], columns: int, background: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """RGB tiles (N, H, W, 3) row by row on one sheet with gaps between them."""
    n, height, width, _ = tiles.shape
    rows = math.ceil(n / columns)
    sheet = np.empty((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), np.uint8)
    sheet[:] = background
    for at, tile in enumerate(tiles):
        top, left = at // columns * (height + GAP), at % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def stacked(
    sheets: Sequence[NDArray[np.uint8]], background: tuple[int, int, int] = (128, 128, 128)
) -> NDArray[np.uint8]:
    """RGB sheets of one width below each other, with a gap between them."""
    gap = np.full((GAP, sheets[0].shape[1], 3), background, np.uint8)
    rows = [row for sheet in sheets for row in (gap, sheet)]
    return np.concatenate(rows[1:])


def enlarge(sheet: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Every pixel as a square of factor × factor."""
    return sheet.repeat(factor, axis=0).repeat(factor, axis=1)
