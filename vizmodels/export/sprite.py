"""Many small pictures as a few large ones, so that thumbnails are a handful of requests."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# zlib level 1 writes 10,000 digits several times faster than the default, for a file a few
# per cent larger; the browser fetches it once.
FAST_COMPRESSION = 1

JPEG_QUALITY = 85  # of colour thumbnails: a fifth of the bytes of a PNG, no difference to be seen

COLUMNS = 50
SHEET_TILES = COLUMNS * COLUMNS
"""Tiles of one sheet. Half a megabyte of digits: little enough to fetch when one is looked at."""

EXACT_COLUMNS = 10
EXACT_TILES = EXACT_COLUMNS * EXACT_COLUMNS
"""Tiles of a sheet of exact colour pictures, which are fetched where their pixels count."""


def sprite_sheet(images: NDArray[np.uint8], columns: int = COLUMNS) -> bytes:
    """A PNG of all images as tiles, row by row from the top left; unused ones are black.

    Parameters
    ----------
    images : uint8 array (N, C, H, W), 1 ≤ N ≤ columns², C of 1 (grey) or 3 (RGB). Picture i is in
        row i // columns, column i % columns.
    columns : tiles of a row
    """
    buffer = io.BytesIO()
    _sheet(images, columns).save(buffer, "PNG", compress_level=FAST_COMPRESSION)
    return buffer.getvalue()


def thumbnail_sheet(images: NDArray[np.uint8]) -> bytes:
    """The same of colour pictures (N, 3, H, W) as a JPEG, which is smaller and not exact."""
    assert images.shape[1] == 3, images.shape
    buffer = io.BytesIO()
    _sheet(images, COLUMNS).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def _sheet(images: NDArray[np.uint8], columns: int) -> Image.Image:
    n, channels, height, width = images.shape
    assert images.dtype == np.uint8 and channels in (1, 3), (images.dtype, images.shape)
    assert 0 < n <= columns**2, n
    rows = -(-n // columns)
    tiles = np.zeros((rows * columns, channels, height, width), np.uint8)
    tiles[:n] = images
    tiles = tiles.reshape(rows, columns, channels, height, width).transpose(0, 3, 1, 4, 2)
    sheet = np.ascontiguousarray(tiles).reshape(rows * height, columns * width, channels)
    return Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet)
