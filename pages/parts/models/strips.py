"""What a card shows of a run: a few test images, and below them what the run makes of them."""

import hashlib

from pages.parts.process.cache import CACHE
from pages.parts.process.shared import library
from vizmodels.errors import LatentariumError
from vizmodels.runs.preview import GAP, preview_strip
from vizmodels.runs.records import RunRecord

PICTURES_PER_STRIP = 8
ROWS = 2
VERSION_DIGITS = 8


def strip_address(record: RunRecord) -> str:
    """Where the browser finds the strip; another one once the run has been trained again."""
    return f"artefacts/strips/{_key(record)}.png"


def strip_size(record: RunRecord) -> tuple[int, int]:
    """Its width and height in pixels of the pictures."""
    _, height, width = record.image_shape
    return PICTURES_PER_STRIP * (width + GAP) - GAP, ROWS * (height + GAP) - GAP


def strip_png(key: str) -> bytes | None:
    """The strip at an address, or None if no run has it."""
    try:
        record = library().record(key.partition("-")[0])
        return _cut(record.id, key) if _key(record) == key else None
    except LatentariumError:  # no such run, or one whose pictures cannot be read
        return None


def _key(record: RunRecord) -> str:
    trained_at = str(record.environment.get("trained_at")).encode()
    return f"{record.id}-{hashlib.sha256(trained_at).hexdigest()[:VERSION_DIGITS]}"


@CACHE.cached
def _cut(run_id: str, key: str) -> bytes:
    """`key` only tells versions apart."""
    assert key
    return preview_strip(library().record(run_id), PICTURES_PER_STRIP)[0]
