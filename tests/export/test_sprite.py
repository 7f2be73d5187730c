import io

import numpy as np
import pytest
from PIL import Image

from vizmodels.export.sprite import COLUMNS, sprite_sheet, thumbnail_sheet


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


def test_colour_thumbnails_are_nearly_the_pictures_in_a_fraction_of_the_bytes() -> None:
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:32, :32] / 31
    ramp = np.stack([rows, columns, 1 - rows])[None] * rng.uniform(0.3, 1, (120, 3, 1, 1))
    images = (255 * np.clip(ramp + 0.03 * rng.normal(size=ramp.shape), 0, 1)).astype(np.uint8)
    jpeg = thumbnail_sheet(images)
    with Image.open(io.BytesIO(jpeg)) as picture:
        sheet = np.asarray(picture).astype(float)
    assert sheet.shape == (3 * 32, 32 * COLUMNS, 3)
    for i in (0, 49, 50, 119):
        row, column = divmod(i, COLUMNS)
        tile = sheet[32 * row :, 32 * column :][:32, :32].transpose(2, 0, 1)
        assert np.sqrt(np.square(tile - images[i]).mean()) < 8
    assert len(jpeg) < len(sprite_sheet(images)) / 3
