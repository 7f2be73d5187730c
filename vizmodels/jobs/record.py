"""What the board knows of one job: as visitors see it, and as the board keeps it."""

import math
import threading
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from distributed import Future
from numpy.typing import NDArray

from vizmodels.errors import LatentariumError
from vizmodels.experiment import Experiment, Knob
from vizmodels.jobs.messages import Plain, unpack_progress
from vizmodels.models.trainable import Measure
from vizmodels.training.control import FREE, Order
from vizmodels.training.progress import Floats, History, Progress

Kind = Literal["training", "call"]
State = Literal["queued", "running", "paused", "done", "failed", "cancelled", "interrupted"]
OVER = frozenset({"done", "failed", "cancelled", "interrupted"})

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
    job_id : of a training, its experiment's id; of one that was steered, an id of its own
    kind : a training, or a call of another function
    title : one line for a list of jobs
    state : `done` only when the result is at home; `interrupted` if a server ended before
    position : 1 for the next in the queue; 0 when not queued
    attempt : 0 before the first start; more than 1 after a worker was lost
    latest : the last report of a training, with the last preview; the preview goes at the end
    curve : loss terms so far
    message : why it failed, or what is to be known about it; else empty
    submitted_at, started_at, finished_at : seconds since 1970; None if not yet
    visitor : who asked first, and may pause and steer it
    askers : all who asked for it and have not left
    experiment : that is trained, as it was asked for; None for a call
    order : what is asked of it now
    run_id : of the run that comes of it; "" before it is done
    sweep : id of the sweep that it belongs to; else ""
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
    askers: tuple[str, ...] = ()
    experiment: Experiment | None = None
    order: Order = FREE
    run_id: str = ""
    sweep: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of the job by itself."""
        return self.state in OVER

    @property
    def experiment_id(self) -> str:
        """Of what was asked for, which a turn of a knob does not change."""
        return self.job_id if self.experiment is None else self.experiment.id

    def value_of(self, knob: Knob) -> float:
        """Where a knob stands, or is about to: by the last turn, else the last move, else the
        experiment."""
        asked = [turn.value for turn in self.order.turns if turn.knob == knob]
        made = (
            [value for _, moved, value in self.latest.moves if moved == knob] if self.latest else []
        )
        assert self.experiment is not None
        return (asked or made or [self.experiment.value_of(knob)])[-1]

    @property
    def is_steered(self) -> bool:
        """Whether a knob has been turned, so that its run is another than was asked for."""
        return bool(self.order.turns) or bool(self.latest and self._was_moved(self.latest))

    def _was_moved(self, latest: Progress) -> bool:
        assert self.experiment is not None
        return len(latest.moves) > len(self.experiment.training.moves)


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
    askers: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Who has asked and not left -> for which sweeps, and "" where it was for the job itself."""
    sending: threading.Lock = field(default_factory=threading.Lock)  # held while an order goes out
    order_at_yield: Order | None = None  # what was asked when it was told to give up its worker
    order: Order = FREE
    sweep: str = ""
    run_id: str = ""
    is_handed_over: bool = False  # to the workers; before that it waits for its turn here
    n_tries: int = 0  # to hand it over, since the last that succeeded
    stop_asked: bool = False
    lost_worker: str = ""  # what is said while a later attempt runs
    was_set_aside: bool = False  # by a pause, or by a lost connection
    waiting_since: float = 0.0  # time.monotonic() when it began to wait, paused, in a worker
    call: tuple[Callable[..., Any], tuple[Any, ...]] = (tuple, ())  # of a call: what is called
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
        """Whether nothing more will come of the job by itself."""
        return self.state in OVER

    @property
    def is_waiting(self) -> bool:
        """Whether it is a training that has not been given to the workers yet."""
        return self.state == "queued" and self.kind == "training" and not self.is_handed_over

    def put_back(self, state: State, message: str = "") -> None:
        """Take the job out of the workers' hands: it goes on from its checkpoint later."""
        self.state, self.message = state, message
        self.is_handed_over, self.future, self.waiting_since = False, None, 0.0
        self.was_set_aside = True

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
        self.finished_at, self.future, self.call = time.time(), None, (tuple, ())
        self.is_handed_over, self.waiting_since = False, 0.0
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
            tuple(self.askers),
            self.experiment,
            self.order,
            self.run_id,
            self.sweep,
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
        if self.n_attempts > 1 and not self.was_set_aside:
            where = f"epoch {kept.epochs[-1]}" if kept.epochs else "the beginning"
            self.lost_worker = f"A worker was lost; the job goes on from {where}."
        self.message, self.was_set_aside = self.lost_worker, False

    def _report(self, progress: Progress) -> None:
        if progress.preview is None and self.latest is not None:
            progress = replace(progress, preview=self.latest.preview)
        self.latest, self._curve, history = progress, None, self.history
        self.message = progress.notice or self.lost_worker
        self.state = "paused" if progress.is_waiting else "running"
        if not progress.is_waiting:
            self.waiting_since = 0.0
        elif not self.waiting_since:
            self.waiting_since = time.monotonic()
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
