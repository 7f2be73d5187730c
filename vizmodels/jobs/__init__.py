"""Jobs: training and other long computations outside the web process.

The server's start opens the one board of the process; pages ask for it with `board`.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from vizmodels.errors import EngineUnavailable
from vizmodels.jobs.board import JobBoard
from vizmodels.jobs.engine import Health
from vizmodels.jobs.limits import Limits
from vizmodels.jobs.record import Curve, JobProgress
from vizmodels.runs.library import RunLibrary

__all__ = [
    "Curve",
    "Health",
    "JobBoard",
    "JobProgress",
    "Limits",
    "board",
    "close_board",
    "open_board",
]

_lock = threading.Lock()
_open: JobBoard | None = None


def open_board(
    library: RunLibrary,
    n_workers: int | None = None,
    *,
    journal: Path | None = None,
    limits: Limits | None = None,
    prepare: Callable[[], object] | None = None,
) -> JobBoard:
    """The board of this process, made by the first call; its engine is still to be started.

    To be called where the server starts, never in a page: pages run again and again.
    """
    global _open
    with _lock:
        if _open is None:
            _open = JobBoard(library, n_workers, journal=journal, limits=limits, prepare=prepare)
        return _open


def board() -> JobBoard:
    """The open board of this process. Raises EngineUnavailable if there is none."""
    if _open is None:
        raise EngineUnavailable(
            "The job board", "open", "none in this process", "Start the app by `make app`."
        )
    return _open


def close_board() -> None:
    """Stop the engine of this process's board, if one is open."""
    global _open
    with _lock:
        closing, _open = _open, None
    if closing is not None:
        closing.close()
