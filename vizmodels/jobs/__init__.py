"""Jobs: training and other long computations outside the web process.

The server says how its one board is opened, by `offer_board`; it is opened, and its engine started,
when a page first asks for it with `board`. Importing this module imports neither dask nor torch.
"""

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vizmodels.errors import EngineUnavailable

if TYPE_CHECKING:
    from vizmodels.jobs.engine import Health
    from vizmodels.jobs.job_board import JobBoard
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
    "is_open",
    "offer_board",
    "open_board",
]

_MODULES = {
    "Curve": "record",
    "Health": "engine",
    "JobBoard": "job_board",
    "JobProgress": "record",
    "Limits": "limits",
}

_lock = threading.RLock()
_open: "JobBoard | None" = None
_offer: "Callable[[], JobBoard] | None" = None


def __getattr__(name: str) -> object:
    """What needs dask is imported when it is first used, which takes a second."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def open_board(
    library: "RunLibrary",
    n_workers: int | None = None,
    *,
    journal: Path | None = None,
    limits: "Limits | None" = None,
    prepare: Callable[[], object] | None = None,
) -> "JobBoard":
    """The board of this process, made by the first call; its engine is still to be started.

    To be called where the server starts, never in a page: pages run again and again.
    """
    from vizmodels.jobs.job_board import JobBoard

    global _open
    with _lock:
        if _open is None:
            _open = JobBoard(library, n_workers, journal=journal, limits=limits, prepare=prepare)
        return _open


def offer_board(opener: "Callable[[], JobBoard]") -> None:
    """Have the board opened by the first who asks for it.

    Parameters
    ----------
    opener : calls `open_board` and starts the engine in the background
    """
    global _offer
    with _lock:
        _offer = opener


def is_open() -> bool:
    """Whether somebody has asked for the board yet."""
    return _open is not None


def board() -> "JobBoard":
    """The board of this process, opened now if need be; a second where dask is to be imported.

    Raises
    ------
    EngineUnavailable : none is open, and none is offered
    """
    found = _open
    if found is not None:
        return found
    with _lock:
        if _open is not None:
            return _open
        if _offer is not None:
            return _offer()
    raise EngineUnavailable(
        "The job board", "open", "none in this process", "Start the app by `make app`."
    )


def close_board() -> None:
    """Stop the engine of this process's board, if one is open; none is offered any more."""
    global _open, _offer
    with _lock:
        closing, _open, _offer = _open, None, None
    if closing is not None:
        closing.close()
