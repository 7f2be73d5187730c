"""Sweeps as one thing: put up, watched, cancelled and completed together."""

import contextlib
import json
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vizmodels.bounds import check_bounds
from vizmodels.errors import EngineUnavailable, InvalidExperiment, LatentariumError, UnknownRun
from vizmodels.experiment import ID_LENGTH, Experiment
from vizmodels.files import whole_file
from vizmodels.jobs.job_board import JobBoard
from vizmodels.jobs.record import JobProgress
from vizmodels.runs.library import RunLibrary
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
    is_stored : whether the run itself is in the library, and not only what was measured of it
    """

    values: dict[SweepAxis, float]
    seed: int
    run_id: str
    job: JobProgress | None
    evaluation: dict[str, float] | None
    is_stored: bool

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
    """Sweeps by id, kept as files so that a link to one can be opened again.

    Parameters
    ----------
    library : where finished runs are
    folder : of the sweeps that were started here
    shipped : of those that come with the app
    measured : what a run of a shipped sweep reaches, without the run; None where nobody measured it
    get_board : gives the board that trains what is missing, or raises EngineUnavailable; what is
        there can be seen without one
    """

    def __init__(
        self,
        library: RunLibrary,
        folder: Path,
        shipped: Path | None = None,
        get_board: Callable[[], JobBoard] | None = None,
        measured: Callable[[Experiment], dict[str, float] | None] = lambda _: None,
    ) -> None:
        self.library, self.folder, self.shipped = library, folder, shipped
        self._get_board, self._measured = get_board, measured
        self._lock = threading.Lock()
        self._known: dict[str, Sweep] = {}
        self._evaluations: dict[str, dict[str, float]] = {}  # of runs in the library, once read

    def submit(self, sweep: Sweep, visitor: str = "") -> str:
        """Have what is missing of a sweep trained; returns the sweep's id.

        Raises
        ------
        EngineUnavailable, LatentariumError : as for `JobBoard.submit`
        """
        check_bounds(sweep)  # before it is kept
        board = self._board()
        self._keep(sweep)
        board.submit_sweep(sweep.id, sweep.experiments(), visitor)
        return sweep.id

    def find(self, sweep_id: str) -> Sweep:
        """The sweep of this id. Raises UnknownRun."""
        return self._find(sweep_id)

    def first_shipped(self) -> str | None:
        """Id of the sweep that is shown to a visitor who has started none."""
        names = sorted(self.shipped.glob("*.json")) if self.shipped is not None else []
        return names[0].stem if names else None

    def progress(self, sweep_id: str) -> SweepProgress:
        """The sweep as it stands. Raises UnknownRun."""
        sweep = self._find(sweep_id)
        jobs = {job.job_id: job for job in self._jobs()}
        is_measured = self._is_as_shipped(sweep_id)
        cells = [
            self._cell(values, experiment, jobs, is_measured)
            for values, experiments in sweep.by_cell()
            for experiment in experiments
        ]
        return SweepProgress(sweep, tuple(cells))

    def n_missing(self, sweep: Sweep) -> int:
        """Runs that would have to be trained."""
        return sum(experiment not in self.library for experiment in sweep.experiments())

    def cancel(self, sweep_id: str, visitor: str = "") -> None:
        """Take back every run of the sweep that is not over, but for those that others asked for.
        Raises EngineUnavailable."""
        self._board().cancel_sweep(sweep_id, visitor)

    def _cell(
        self,
        values: dict[SweepAxis, float],
        experiment: Experiment,
        jobs: dict[str, JobProgress],
        is_measured: bool,
    ) -> CellProgress:
        evaluation, is_stored = self._evaluation_of(experiment), True
        if evaluation is None:
            evaluation = self._measured(experiment) if is_measured else None
            is_stored = False
        job = None if evaluation is not None else jobs.get(experiment.id)
        seed = experiment.training.seed
        return CellProgress(values, seed, experiment.id, job, evaluation, is_stored)

    def _evaluation_of(self, experiment: Experiment) -> dict[str, float] | None:
        """Of a stored run; None if there is none. A damaged one is as good as none."""
        with self._lock:
            if experiment not in self.library:
                self._evaluations.pop(experiment.id, None)
                return None
            if experiment.id not in self._evaluations:
                with contextlib.suppress(LatentariumError):
                    evaluation = self.library.record(experiment.id).evaluation
                    self._evaluations[experiment.id] = evaluation
            return self._evaluations.get(experiment.id)

    def _board(self) -> JobBoard:
        if self._get_board is None:
            remedy = "Start the app by `make app`."
            raise EngineUnavailable("The job board", "open", "none here", remedy)
        return self._get_board()

    def _jobs(self) -> list[JobProgress]:
        try:
            return self._board().jobs()
        except EngineUnavailable:
            return []

    def _find(self, sweep_id: str) -> Sweep:
        with self._lock:
            if sweep_id in self._known:
                return self._known[sweep_id]
        if SWEEP_ID.fullmatch(sweep_id):
            for folder in (self.folder, self.shipped):
                path = None if folder is None else folder / f"{sweep_id}.json"
                if path is not None and path.is_file():
                    return self._remember(read_sweep(path.read_bytes()))
        raise UnknownRun("Sweep", "one that was started here", sweep_id, "Start it again.")

    def _is_as_shipped(self, sweep_id: str) -> bool:
        """Whether it comes with the app and nobody has started it here."""
        name = f"{sweep_id}.json"
        is_shipped = self.shipped is not None and (self.shipped / name).is_file()
        return is_shipped and not (self.folder / name).is_file()

    def _keep(self, sweep: Sweep) -> None:
        self._remember(sweep)
        try:
            write_sweep(sweep, self.folder)
        except OSError:
            log.exception("sweep %s is not kept; its link will not outlive this server", sweep.id)

    def _remember(self, sweep: Sweep) -> Sweep:
        with self._lock:
            self._known[sweep.id] = sweep
            while len(self._known) > MAX_KEPT:
                self._known.pop(next(iter(self._known)))
        return sweep


def write_sweep(sweep: Sweep, folder: Path) -> None:
    """Keep a sweep's description. Raises OSError."""
    with whole_file(folder / f"{sweep.id}.json") as unfinished:
        unfinished.write_text(json.dumps({"sweep": sweep.model_dump(mode="json")}, indent=1))


def read_sweep(text: bytes) -> Sweep:
    """What `write_sweep` kept. Raises InvalidExperiment."""
    try:
        return Sweep(**json.loads(text)["sweep"])
    except (ValueError, TypeError, LookupError) as error:
        remedy = "Delete the file, or start the sweep again."
        raise InvalidExperiment("A kept sweep", "JSON of a sweep", str(error), remedy) from None
