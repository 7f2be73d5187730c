"""Maps of a run's latents: quick ones computed when asked for, slow ones if they are there."""

from vizmodels.analysis.maps.kinds import SLOW_KINDS, Extent, ProjectionKind
from vizmodels.analysis.maps.projection import Projection
from vizmodels.results.questions import slow_map
from vizmodels.results.store import Results


def find_map(
    results: Results,
    run_id: str,
    kind: ProjectionKind,
    n_axes: int = 2,
    extent: Extent = "some",
) -> Projection | None:
    """A map of the run's latents; None while a slow one has not been measured yet.

    Raises
    ------
    UnknownRun, DamagedRun, DataUnavailable : of the run and its pictures
    """
    if kind in SLOW_KINDS:
        return results.find(slow_map(run_id, kind, n_axes, extent))
    return results.atlas.projection(run_id, kind, n_axes, extent)
