import io

import numpy as np
import pytest
from PIL import Image

from vizmodels.export.sprite import COLUMNS, sprite_sheet


@pytest.mark.parametrize("channels", [1, 3])
def test_picture_i_is_tile_i_counted_row_by_row(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (111, channels, 5, 4), np.uint8)
    with Image.open(io.BytesIO(sprite_sheet(images))) as picture:
        assert picture.mode == ("L" if channels == 1 else "RGB")
        sheet = np.asarray(picture).reshape(picture.height, picture.width, channels)
    assert sheet.shape == (15, 4 * COLUMNS, channels)
    for i, image in enumerate(images):
        row, column = divmod(i, COLUMNS)
        tile = sheet[5 * row : 5 * row + 5, 4 * column : 4 * column + 4]
        np.testing.assert_array_equal(tile.transpose(2, 0, 1), image)
    assert not sheet[10:, 4 * 11 :].any(), "the unused tiles are black"
