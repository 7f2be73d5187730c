"""Pictures of the page Reconstruction."""

import numpy as np
from numpy.typing import NDArray

from vizmodels.analysis.pictures.reconstruction import Reconstructions
from vizmodels.figures.images import error_sheet, stacked, tile_sheet


def reconstruction_sheet(result: Reconstructions, columns: int, *, dark: bool) -> NDArray[np.uint8]:
    """Reconstructions, and below all of them their signed errors on a light or dark page."""
    errors = error_sheet(result.error, columns, dark=dark)
    return stacked([tile_sheet(result.pictures, columns), errors])
