"""Where the browser finds the stage's own files and what the server makes of runs for it.

Every address carries a hash of what it names, and that of a network the format it is written in, so
a browser may keep the answer for ever.
"""

import functools
import hashlib

from vizmodels.export.latent_bytes import LATENT_FORMAT
from vizmodels.export.layer_program import PROGRAM_FORMAT
from vizmodels.places import ASSETS

STAGE_FOLDER = ASSETS / "stage"
PROGRAM_FILE, WEIGHTS_FILE = f"program-{PROGRAM_FORMAT}.json", f"weights-{PROGRAM_FORMAT}.bin"
LATENTS_FILE, CODES_FILE = f"latents-{LATENT_FORMAT}.bin", "codes.bin"


@functools.cache
def stage_address() -> str:
    """Where the stage is served; changes whenever one of its files does."""
    files = sorted(path for path in STAGE_FOLDER.rglob("*") if path.is_file())
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
    return f"stage/{digest}"
