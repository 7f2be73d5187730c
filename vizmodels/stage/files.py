"""Names of the files of a run that a browser fetches; each carries the format it is written in."""

from vizmodels.export.formats import LATENT_FORMAT, PROGRAM_FORMAT

PROGRAM_FILE, WEIGHTS_FILE = f"program-{PROGRAM_FORMAT}.json", f"weights-{PROGRAM_FORMAT}.bin"
LATENTS_FILE, CODES_FILE = f"latents-{LATENT_FORMAT}.bin", "codes.bin"
