"""Many small pictures as a few large ones, so that thumbnails are a handful of requests."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# zlib level 1 writes 10,000 digits several times faster than the default, for a file a few
# per cent larger; the browser fetches it once.
FAST_COMPRESSION = 1

COLUMNS = 50
SHEET_TILES = COLUMNS * COLUMNS
"""Tiles of one sheet. Half a megabyte of digits: little enough to fetch when one is looked at."""


def sprite_sheet(images: NDArray[np.uint8]) -> bytes:
    """A PNG of all images as tiles, row by row from the top left; unused ones are black.

    Parameters
    ----------
    images : uint8 array (N, C, H, W), 1 ≤ N ≤ 2,500, C of 1 (grey) or 3 (RGB). Picture i is in row
        i // 50, column i % 50.
    """
    n, channels, height, width = images.shape
    assert images.dtype == np.uint8 and channels in (1, 3), (images.dtype, images.shape)
    assert 0 < n <= SHEET_TILES, n
    rows = -(-n // COLUMNS)
    tiles = np.zeros((rows * COLUMNS, channels, height, width), np.uint8)
    tiles[:n] = images
    tiles = tiles.reshape(rows, COLUMNS, channels, height, width).transpose(0, 3, 1, 4, 2)
    sheet = np.ascontiguousarray(tiles).reshape(rows * height, COLUMNS * width, channels)
    buffer = io.BytesIO()
    picture = Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet)
    picture.save(buffer, "PNG", compress_level=FAST_COMPRESSION)
    return buffer.getvalue()
