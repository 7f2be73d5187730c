"""Sweeps as one thing: put up, watched, cancelled and completed together."""

import contextlib
import logging
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from vizmodels.errors import LatentariumError, UnknownRun
from vizmodels.experiment import ID_LENGTH
from vizmodels.jobs.board import JobBoard
from vizmodels.jobs.record import JobProgress
from vizmodels.sweep import Sweep, SweepAxis

log = logging.getLogger(__name__)

SWEEP_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")
MAX_KEPT = 100


@dataclass(frozen=True)
class CellProgress:
    """One run of a sweep as it stands.

    Attributes
    ----------
    values : of the swept axes
    seed : of the run
    run_id : of its experiment
    job : that trains it; None if nobody has asked for it, or its run is in the library
    evaluation : of the finished run; else None
    """

    values: dict[SweepAxis, float]
    seed: int
    run_id: str
    job: JobProgress | None
    evaluation: dict[str, float] | None

    @property
    def state(self) -> str:
        """`done` once there is a run, else how its job is, else `missing`."""
        if self.evaluation is not None:
            return "done"
        return "missing" if self.job is None else self.job.state


@dataclass(frozen=True)
class SweepProgress:
    """A sweep as it stands: its runs, in the order in which they are trained."""

    sweep: Sweep
    cells: tuple[CellProgress, ...]

    @property
    def n_done(self) -> int:
        """Runs that are there."""
        return sum(cell.evaluation is not None for cell in self.cells)

    @property
    def is_active(self) -> bool:
        """Whether any of its runs is still to come by itself."""
        return any(cell.job is not None and not cell.job.is_over for cell in self.cells)

    @property
    def seconds_left(self) -> float | None:
        """Of the runs that train now; None where none does."""
        left = [
            cell.job.latest.seconds_left
            for cell in self.cells
            if cell.job is not None and cell.job.state == "running" and cell.job.latest is not None
        ]
        known = [seconds for seconds in left if seconds is not None]
        return max(known) if known else None


class Sweeps:
    """The sweeps of a board, kept as files so that a link to one can be opened again.

    Parameters
    ----------
    board : that trains their runs
    folder : of the files
    """

    def __init__(self, board: JobBoard, folder: Path) -> None:
        self.board, self.folder = board, folder
        self._lock = threading.Lock()
        self._known: dict[str, Sweep] = {}

    def submit(self, sweep: Sweep, visitor: str = "") -> str:
        """Have what is missing of a sweep trained; returns the sweep's id.

        Raises
        ------
        EngineUnavailable, LatentariumError : as for `JobBoard.submit`
        """
        self._keep(sweep)
        self.board.submit_sweep(sweep.id, sweep.experiments(), visitor)
        return sweep.id

    def find(self, sweep_id: str) -> Sweep:
        """The sweep of this id. Raises UnknownRun."""
        with self._lock:
            if sweep_id in self._known:
                return self._known[sweep_id]
        if SWEEP_ID.fullmatch(sweep_id):
            try:
                sweep = Sweep.from_json((self.folder / f"{sweep_id}.json").read_bytes())
                with self._lock:
                    self._known[sweep_id] = sweep
                return sweep
            except (OSError, LatentariumError):
                log.info("there is no sweep %s", sweep_id)
        raise UnknownRun("Sweep", "one that was started here", sweep_id, "Start it again.")

    def progress(self, sweep_id: str) -> SweepProgress:
        """The sweep as it stands. Raises UnknownRun."""
        sweep = self.find(sweep_id)
        by_id = {job.job_id: job for job in self.board.jobs()}
        cells: list[CellProgress] = []
        for values in sweep.cells():
            for experiment in sweep.experiments_of(values):
                evaluation = None
                with contextlib.suppress(LatentariumError):
                    evaluation = self.board.library.record(experiment.id).evaluation
                job = None if evaluation is not None else by_id.get(experiment.id)
                seed = experiment.training.seed
                cells.append(CellProgress(values, seed, experiment.id, job, evaluation))
        return SweepProgress(sweep, tuple(cells))

    def cancel(self, sweep_id: str, visitor: str = "") -> None:
        """Take back every run of the sweep that is not over. Raises UnknownRun."""
        for job in self.board.jobs():
            if job.sweep == sweep_id and not job.is_over:
                self.board.cancel(job.job_id, visitor)

    def _keep(self, sweep: Sweep) -> None:
        with self._lock:
            self._known[sweep.id] = sweep
            while len(self._known) > MAX_KEPT:
                self._known.pop(next(iter(self._known)))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / f"{sweep.id}.json").write_text(sweep.model_dump_json(indent=2))
        except OSError:
            log.exception("sweep %s could not be kept; its link will not outlive the server", sweep)
