"""The objects that every visitor of this process shares: the library, the atlas, the engine."""

import functools

from vizmodels.analysis.atlas import Atlas
from vizmodels.analysis.measured import Measurements
from vizmodels.places import ASSETS, cache_folder, home_folder
from vizmodels.runs.library import RunLibrary


@functools.cache
def library() -> RunLibrary:
    """The runs made here, with the shipped gallery beside them."""
    return RunLibrary(home_folder() / "runs", shipped=ASSETS / "runs")


@functools.cache
def atlas() -> Atlas:
    """Latents and maps of the library's runs."""
    return Atlas(library(), cache_folder() / "projections")


@functools.cache
def measurements() -> Measurements:
    """Figures of runs that took long to measure, with those of the shipped runs beside them."""
    return Measurements(cache_folder() / "measurements", shipped=ASSETS / "measurements")
