"""Where the browser finds the stage's own files and what the server makes of runs for it.

Every address carries a hash of what it names, and that of a network the format it is written in, so
a browser may keep the answer for ever.
"""

import functools
import hashlib

from vizmodels.places import ASSETS
from vizmodels.stage.files import CODES_FILE, LATENTS_FILE, PROGRAM_FILE, WEIGHTS_FILE

__all__ = [
    "CODES_FILE",
    "LATENTS_FILE",
    "PROGRAM_FILE",
    "STAGE_FOLDER",
    "WEIGHTS_FILE",
    "stage_address",
]

STAGE_FOLDER = ASSETS / "stage"


@functools.cache
def stage_address() -> str:
    """Where the stage is served; changes whenever one of its files does."""
    files = sorted(path for path in STAGE_FOLDER.rglob("*") if path.is_file())
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
    return f"stage/{digest}"
