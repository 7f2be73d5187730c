"""The pictures that a run's card shows, taken from its folder without loading the run."""

import io

from PIL import Image

from vizmodels.runs.reading import content_of, parsing
from vizmodels.runs.records import RunRecord

GAP = 1  # pixel between two tiles
GREY = 128  # of the gaps


def preview_strip(record: RunRecord, n: int) -> tuple[bytes, int]:
    """A PNG of the first n originals above what the run made of them, and its width in pixels.

    Raises
    ------
    UnreadableRun : the run's preview cannot be read
    """
    channels, height, width = record.image_shape
    mode, ground = ("L", GREY) if channels == 1 else ("RGB", (GREY,) * 3)
    content = content_of(record.folder, "preview.png")
    with parsing(record.folder), Image.open(io.BytesIO(content)) as picture:
        sheet = picture.convert(mode)
    shown = min(n, sheet.width // width)
    size = shown * (width + GAP) - GAP, 2 * (height + GAP) - GAP
    strip = Image.new(mode, size, ground)
    for row in range(2):
        for at in range(shown):
            box = (at * width, row * height, (at + 1) * width, (row + 1) * height)
            strip.paste(sheet.crop(box), (at * (width + GAP), row * (height + GAP)))
    buffer = io.BytesIO()
    strip.save(buffer, "PNG")
    return buffer.getvalue(), size[0]
