"""What happens once when the server starts, and once when it stops."""

import contextlib
import gc
import threading
import time
from collections.abc import AsyncIterator

from pages.parts.models.run_kinds import first_map_kind
from pages.parts.process.shared import atlas, library
from pages.server.artefacts import program, sprite
from pages.server.quiet_log import leave_out_late_timers
from vizmodels.analysis.maps.projection import warm_up_projections
from vizmodels.errors import LatentariumError
from vizmodels.places import home_folder
from vizmodels.runs.library import RunRecord

ENGINE_DELAY_SECONDS = 2.0
"""The first visitor's page comes first: starting workers takes both of a laptop's cores a while."""


@contextlib.asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, object]]:
    """Prepare the first map and then start the engine, both behind the server's back.

    The server answers at once; a page that needs either waits for it or says so.
    """
    leave_out_late_timers()
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield {}
    from vizmodels.jobs import close_board

    close_board()


def _warm_up() -> None:
    _prepare_first_map()
    time.sleep(ENGINE_DELAY_SECONDS)
    from vizmodels.jobs import Limits, open_board  # here, since dask takes a second to import

    journal, limits = home_folder() / "jobs", Limits.from_environment()
    board = open_board(library(), journal=journal, limits=limits, prepare=warm_up_projections)
    board.start_in_background()


def _prepare_first_map() -> None:
    """Read the first shipped run and what its map needs before the first visitor asks."""
    try:
        first = _first_run()
        if first is not None:
            dataset = first.experiment.dataset
            atlas().projection(first.id, first_map_kind(first))
            sprite(dataset, "some", atlas().points_key(dataset), 0)
            program(first.id, atlas().run_key(first.id))
    except LatentariumError:
        return  # the page that shows this run will say the same sentence
    finally:
        gc.collect()
        gc.freeze()  # what is loaded now stays: later collections need not look at it


def _first_run() -> RunRecord | None:
    """The run shown to a visitor who has chosen none."""
    from pages.parts.models.line_ups import default_run

    return default_run(library().list())
