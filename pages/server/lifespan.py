"""What happens once when the server starts, and once when it stops.

The server's first seconds belong to its first visitor: nothing is computed before nobody waits.
"""

import contextlib
import gc
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from pages.server.attendance import attendance
from pages.server.quiet_log import leave_out_late_timers
from vizmodels.errors import LatentariumError
from vizmodels.places import ASSETS

if TYPE_CHECKING:
    from vizmodels.jobs import JobBoard

log = logging.getLogger(__name__)

SERVER_COMES_UP = 0.1  # seconds after this, if nothing else runs beside it
QUIET_BEFORE_IMPORTS = 15.0  # seconds without a visitor's message; a page sends its own within 5
QUIET_BEFORE_ENGINE = 60.0  # its workers take both of a laptop's cores for half a minute

POLL_SECONDS = 0.2
DRAWS_STROKES = """
import os
getattr(os, "nice", int)(10)  # Windows has none
from vizmodels.data import load_dataset
load_dataset("strokes")
"""


@contextlib.asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, object]]:
    """Say how the engine is opened, and prepare what pages need once nobody is waiting."""
    from vizmodels.jobs import close_board, offer_board

    leave_out_late_timers()
    offer_board(_open_and_start)
    stop = threading.Event()
    threading.Thread(target=_prepare, args=(stop,), name="prepare", daemon=True).start()
    yield {}
    stop.set()
    close_board()


def _open_and_start() -> "JobBoard":
    from pages.parts.process.shared import library
    from vizmodels.jobs import Limits, open_board
    from vizmodels.places import home_folder

    journal, limits = home_folder() / "jobs", Limits.from_environment()
    board = open_board(library(), journal=journal, limits=limits)
    board.start_in_background()
    return board


def _prepare(stop: threading.Event) -> None:
    """First what Home shows, then what other pages compute with, then the engine."""
    stop.wait(SERVER_COMES_UP)
    read_first_page()
    try:
        if attendance.wait_for_quiet(QUIET_BEFORE_IMPORTS, stop):
            _draw_strokes(stop)
        if attendance.wait_for_quiet(QUIET_BEFORE_IMPORTS, stop):
            _import_what_computes()
        if attendance.wait_for_quiet(QUIET_BEFORE_ENGINE, stop):
            from vizmodels.analysis.maps.projection import warm_up_projections
            from vizmodels.jobs import board

            # UMAP compiles for 20 s in the worker that makes maps; who asks first has it compiled.
            board().submit_call("compile-umap", warm_up_projections, title="UMAP is compiled")
    except LatentariumError:
        return  # a page that needs it says what is wrong
    except Exception:
        log.exception("what pages compute with could not be prepared")


def read_first_page() -> None:
    """While the first visitor's browser starts: the stage's modules, the pages' and the runs."""
    from pages.server.stage_files import pack_stage

    pack_stage()
    import numpy  # noqa: F401  # Streamlit asks it for the page's icon

    from pages.parts.process.shared import library
    from pages.parts.stage import stage  # noqa: F401  # what Home's page imports

    library().list()
    gc.collect()
    gc.freeze()  # what is loaded now stays: later collections need not look at it


def _draw_strokes(stop: threading.Event) -> None:
    """Have them drawn, once on a machine, by a process that takes what others leave of a core.

    The server, when it drew them itself, was at 1,084 MB at its peak, torch included.
    """
    with subprocess.Popen(
        [sys.executable, "-c", DRAWS_STROKES],
        cwd=ASSETS.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as drawing:
        while drawing.poll() is None:
            if stop.wait(POLL_SECONDS):
                drawing.kill()


def _import_what_computes() -> None:
    from pages.parts.process import computing

    computing.load()
    gc.collect()
    gc.freeze()
