"""Many small pictures as one, so that a page of thumbnails is a single request."""

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# zlib level 1 writes 10,000 digits several times faster than the default, for a file a few
# per cent larger; the browser fetches it once.
FAST_COMPRESSION = 1


@dataclass(frozen=True)
class Sprite:
    """A sheet of tiles, row by row from the top left.

    Attributes
    ----------
    png : the encoded picture, grey or RGB
    columns : tiles in one row; picture i is in row i // columns, column i % columns
    """

    png: bytes
    columns: int


def sprite_sheet(images: NDArray[np.uint8]) -> Sprite:
    """All images as tiles of one nearly square sheet; unused tiles at the end are black.

    Parameters
    ----------
    images : uint8 array (N, C, H, W), N ≥ 1, C of 1 (grey) or 3 (RGB)
    """
    n, channels, height, width = images.shape
    assert images.dtype == np.uint8 and n and channels in (1, 3), (images.dtype, images.shape)
    columns = math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    tiles = np.zeros((rows * columns, channels, height, width), np.uint8)
    tiles[:n] = images
    tiles = tiles.reshape(rows, columns, channels, height, width).transpose(0, 3, 1, 4, 2)
    sheet = np.ascontiguousarray(tiles).reshape(rows * height, columns * width, channels)
    buffer = io.BytesIO()
    picture = Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet)
    picture.save(buffer, "PNG", compress_level=FAST_COMPRESSION)
    return Sprite(buffer.getvalue(), columns)
