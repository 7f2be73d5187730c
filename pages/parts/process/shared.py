"""The objects that every visitor of this process shares: the library, the atlas, the engine."""

import functools
from typing import TYPE_CHECKING

from pages.parts.process.cache import CACHE
from vizmodels.experiment import Experiment
from vizmodels.places import ASSETS, cache_folder, home_folder
from vizmodels.runs.library import RunLibrary

if TYPE_CHECKING:
    from vizmodels.analysis.maps.atlas import Atlas
    from vizmodels.jobs.sweeps import Sweeps
    from vizmodels.results.store import Results


@functools.cache
def library() -> RunLibrary:
    """The runs made here, with the shipped gallery beside them."""
    return RunLibrary(home_folder() / "runs", shipped=ASSETS / "runs")


@functools.cache
def sweeps() -> "Sweeps":
    """The sweeps started here, with the shipped one beside them."""
    from vizmodels.jobs import board  # here, since dask takes a second to import
    from vizmodels.jobs.sweeps import Sweeps

    folder, shipped = home_folder() / "sweeps", ASSETS / "sweeps"
    return Sweeps(library(), folder, shipped, board, _measured)


def _measured(experiment: Experiment) -> dict[str, float] | None:
    """What a run of a shipped sweep reaches."""
    from vizmodels.results.questions import training

    found = results().find(training(experiment))
    return None if found is None else found.terms()


@functools.cache
def atlas() -> "Atlas":
    """Latents and quick maps of the library's runs."""
    from vizmodels.analysis.maps.atlas import Atlas  # here, since torch takes seconds to import

    return Atlas(library(), CACHE)


@functools.cache
def results() -> "Results":
    """All that was measured here, with what comes with the app beside it."""
    from vizmodels.results.store import Results

    return Results(atlas(), cache_folder() / "results", ASSETS / "results", CACHE)
