"""The objects that every visitor of this process shares: the library, the atlas, the engine."""

import functools
from typing import TYPE_CHECKING

from pages.parts.process.cache import CACHE
from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.places import ASSETS, cache_folder, home_folder
from vizmodels.results.measured import Measurements
from vizmodels.results.reports import Reports
from vizmodels.runs.library import RunLibrary

if TYPE_CHECKING:
    from vizmodels.jobs.sweeps import Sweeps


@functools.cache
def library() -> RunLibrary:
    """The runs made here, with the shipped gallery beside them."""
    return RunLibrary(home_folder() / "runs", shipped=ASSETS / "runs")


@functools.cache
def sweeps() -> "Sweeps":
    """The sweeps started here, with the shipped one beside them."""
    from vizmodels.jobs import board  # here, since dask takes a second to import
    from vizmodels.jobs.sweeps import Sweeps

    return Sweeps(library(), home_folder() / "sweeps", ASSETS / "sweeps", board)


@functools.cache
def atlas() -> Atlas:
    """Latents and maps of the library's runs."""
    return Atlas(library(), cache_folder() / "projections", CACHE)


@functools.cache
def reports() -> Reports:
    """What has been measured of the library's runs."""
    return Reports(atlas(), cache_folder() / "reports", ASSETS / "reports")


@functools.cache
def measurements() -> Measurements:
    """Figures of runs that took long to measure, with those of the shipped runs beside them."""
    return Measurements(cache_folder() / "measurements", shipped=ASSETS / "measurements")
