"""What the board knows of one job: as visitors see it, and as the board keeps it."""

import math
import time
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from distributed import Future
from numpy.typing import NDArray

from vizmodels.errors import LatentariumError
from vizmodels.experiment import Experiment
from vizmodels.jobs.messages import Plain, unpack_progress
from vizmodels.models.trainable import Measure
from vizmodels.training.progress import Floats, History, Progress

Kind = Literal["training", "call"]
State = Literal["queued", "running", "done", "failed", "cancelled"]

MAX_CURVE_ROWS = 1200  # of training terms; beyond, every second one goes


@dataclass(frozen=True)
class Curve:
    """Loss terms over a run that may still be going on.

    Attributes
    ----------
    names : of the loss terms, in column order; empty before the first report
    steps, train_rows : int64 (R,) and float32 (R, T), training terms at each report
    epochs, test_rows : int64 (E,) and float32 (E, T), test terms after each epoch
    measures : name of each figure that only a whole set has -> float32 (E,), of the test set
    units : of each term and each such figure
    """

    names: tuple[str, ...]
    steps: NDArray[np.int64]
    train_rows: Floats
    epochs: NDArray[np.int64]
    test_rows: Floats
    measures: dict[str, Floats] = field(default_factory=dict[str, Floats])
    units: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        assert self.train_rows.shape == (len(self.steps), len(self.names))
        assert self.test_rows.shape == (len(self.epochs), len(self.names))
        assert all(values.shape == (len(self.epochs),) for values in self.measures.values())

    @classmethod
    def of(cls, history: History) -> "Curve":
        """What a history tells, as arrays."""
        width, n_reports, n_epochs = len(history.names), len(history.steps), len(history.epochs)
        return cls(
            history.names,
            np.array(history.steps, np.int64),
            np.array(history.train_rows, np.float32).reshape(n_reports, width),
            np.array(history.epochs, np.int64),
            np.array(history.test_rows, np.float32).reshape(n_epochs, width),
            {name: np.array(values, np.float32) for name, values in history.measures.items()},
            dict(zip(history.names, history.units, strict=True)) | history.measure_units,
        )

    def column(self, name: str, *, test: bool = False) -> Floats:
        """One term over the run, training or test."""
        return (self.test_rows if test else self.train_rows)[:, self.names.index(name)]


@dataclass(frozen=True)
class JobProgress:
    """A job as it stands at one moment.

    Attributes
    ----------
    job_id : of a training, its experiment's id
    kind : a training, or a call of another function
    title : one line for a list of jobs
    state : `done` only when the result is at home
    position : 1 for the next in the queue; 0 when not queued
    attempt : 0 before the first start; more than 1 after a worker was lost
    latest : the last report of a training, with the last preview; the preview goes at the end
    curve : loss terms so far
    message : why it failed, or what is to be known about it; else empty
    submitted_at, started_at, finished_at : seconds since 1970; None if not yet
    visitor : who asked first
    experiment : that is trained; None for a call
    """

    job_id: str
    kind: Kind
    title: str
    state: State
    position: int
    attempt: int
    latest: Progress | None
    curve: Curve
    message: str
    submitted_at: float
    started_at: float | None
    finished_at: float | None
    visitor: str
    experiment: Experiment | None = None

    @property
    def is_over(self) -> bool:
        """Whether the job is done, failed or cancelled."""
        return self.state in ("done", "failed", "cancelled")


@dataclass
class Job:
    """A job as the board keeps it. Every access is under the board's lock."""

    job_id: str
    kind: Kind
    title: str
    tag: str  # name of this submission: a later one of the same experiment has another
    visitor: str = ""
    experiment: Experiment | None = None
    state: State = "queued"
    message: str = ""
    submitted_at: float = field(default_factory=time.time)
    started_at: float | None = None
    finished_at: float | None = None
    stop_asked: bool = False
    lost_worker: str = ""  # what is said while a later attempt runs
    future: Future[Any] | None = None  # as long as it is kept, dask goes on with the job
    outcome: Any = None  # what a call returned, or a parcel that could not be stored
    error: LatentariumError | None = None
    latest: Progress | None = None
    n_attempts: int = 0
    attempt: str = ""  # mark that the current attempt signs with
    history: History = field(default_factory=lambda: History((), ()))
    _curve: Curve | None = None  # of the history, until the next message

    @property
    def is_over(self) -> bool:
        """Whether the job is done, failed or cancelled."""
        return self.state in ("done", "failed", "cancelled")

    def hear(self, message: Plain) -> None:
        """Take in one message of a worker; those of a dead attempt are dropped."""
        if message["kind"] == "began":
            self._begin(message["attempt"], message["history"])
        elif message["attempt"] != self.attempt:
            return
        elif message["kind"] == "notice":
            self.message = message["sentence"]
        else:
            self._report(unpack_progress(message["progress"]))

    def show_history(self, history: History) -> None:
        """Replace the curve by a run's own history, which stays as it is."""
        self.history, self._curve = deepcopy(history), None

    def end(self, state: State, error: LatentariumError | None, outcome: Any) -> None:
        """Close the job; what only a running one needs is let go."""
        self.state, self.error, self.outcome = state, error, outcome
        self.message = "" if error is None else str(error)
        self.finished_at, self.future = time.time(), None
        if self.latest is not None:
            self.latest = replace(self.latest, preview=None)

    def snapshot(self, position: int) -> JobProgress:
        """The job as visitors see it now."""
        if self._curve is None:
            self._curve = Curve.of(self.history)
        return JobProgress(
            self.job_id,
            self.kind,
            self.title,
            self.state,
            position,
            self.n_attempts,
            self.latest,
            self._curve,
            self.message,
            self.submitted_at,
            self.started_at,
            self.finished_at,
            self.visitor,
            self.experiment,
        )

    def _begin(self, attempt: str, history: Plain | None) -> None:
        """Start the curve again from where this attempt goes on."""
        self.state, self.attempt, self.n_attempts = "running", attempt, self.n_attempts + 1
        self.started_at = self.started_at or time.time()
        kept = (
            History(self.history.names, self.history.units)
            if history is None
            else History.from_arrays({name: np.array(rows) for name, rows in history.items()})
        )
        self.show_history(kept)
        if self.n_attempts > 1:
            where = f"epoch {kept.epochs[-1]}" if kept.epochs else "the beginning"
            self.lost_worker = f"A worker was lost; the job goes on from {where}."
        self.message = self.lost_worker

    def _report(self, progress: Progress) -> None:
        if progress.preview is None and self.latest is not None:
            progress = replace(progress, preview=self.latest.preview)
        self.latest, self._curve, history = progress, None, self.history
        self.message = self.lost_worker
        history.names = tuple(progress.terms)
        history.units = tuple(progress.units.get(name, "") for name in history.names)
        row = list(progress.terms.values())
        # Between two rows of its history the loop reports the last one again, or none yet as NaN.
        is_new = not history.train_rows or row != history.train_rows[-1]
        if is_new and all(map(math.isfinite, row)):
            history.steps.append(progress.step)
            history.train_rows.append(row)
        if progress.test_terms:
            history.epochs.append(progress.epoch)
            history.test_rows.append([progress.test_terms[name] for name in history.names])
            history.add_measures(
                Measure(name, progress.units.get(name, ""), value)
                for name, value in progress.test_terms.items()
                if name not in history.names
            )
        if len(history.steps) > MAX_CURVE_ROWS:
            history.steps, history.train_rows = history.steps[::2], history.train_rows[::2]
