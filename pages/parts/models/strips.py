"""What a card shows of a run: a few test images, and below them what the run makes of them."""

import hashlib
import io

from PIL import Image

from pages.parts.process.cache import CACHE
from pages.parts.process.shared import library
from vizmodels.errors import LatentariumError
from vizmodels.runs.library import RunRecord

PICTURES_PER_STRIP = 8
ROWS = 2
VERSION_DIGITS = 8


def strip_address(record: RunRecord) -> str:
    """Where the browser finds the strip; another one once the run has been trained again."""
    return f"artefacts/strips/{_key(record)}.png"


def strip_size(record: RunRecord) -> tuple[int, int]:
    """Its width and height in pixels of the pictures."""
    _, height, width = record.image_shape
    return PICTURES_PER_STRIP * width, ROWS * height


def strip_png(key: str) -> bytes | None:
    """The strip at an address, or None if no run has it."""
    try:
        record = library().record(key.partition("-")[0])
    except LatentariumError:
        return None
    return _strip(record, key) if _key(record) == key else None


def _key(record: RunRecord) -> str:
    trained_at = str(record.environment.get("trained_at")).encode()
    return f"{record.id}-{hashlib.sha256(trained_at).hexdigest()[:VERSION_DIGITS]}"


@CACHE.cached
def _cut(folder: str, size: tuple[int, int], key: str) -> bytes | None:
    """Cut from the run's own sheet of pictures; `key` only tells versions apart."""
    assert key
    try:
        with Image.open(f"{folder}/preview.png") as sheet:
            packed = io.BytesIO()
            sheet.crop((0, 0, *size)).save(packed, format="PNG", optimize=True)
    except OSError:  # no such file, or none that is a picture: the card goes without
        return None
    return packed.getvalue()


def _strip(record: RunRecord, key: str) -> bytes | None:
    return _cut(str(record.folder), strip_size(record), key)
