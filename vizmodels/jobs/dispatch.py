"""Giving jobs to the engine turn by turn, and bringing home what comes of them."""

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from distributed import Future, KilledWorker

from vizmodels.errors import (
    EngineUnavailable,
    LatentariumError,
    TrainingSetAside,
    TrainingStopped,
)
from vizmodels.experiment import Experiment
from vizmodels.jobs.cluster import CALL, TRAINING
from vizmodels.jobs.engine import Engine
from vizmodels.jobs.journal import Journal
from vizmodels.jobs.ledger import Ledger
from vizmodels.jobs.messages import Plain
from vizmodels.jobs.parcel import Parcel, pack_run, unpack_run
from vizmodels.jobs.record import Job, State
from vizmodels.jobs.worker import run_call_job, run_training_job
from vizmodels.runs.library import RunLibrary
from vizmodels.training.control import Order

log = logging.getLogger(__name__)

CALL_PRIORITY = 1  # trainings have 0
HELD_SECONDS = 20.0  # that a paused training keeps its worker while others wait
CLOSING_SECONDS = 2.0  # for trainings to write their checkpoints when the server ends
LOST_SENTENCE = "The connection was lost; it goes on from its checkpoint as soon as it is back."
MAX_TRIES = 30  # to give a job to the engine, one a second, before it is said to fail


class Dispatch:
    """Between the list of jobs and the workers that do them.

    Parameters
    ----------
    ledger, journal : of the board
    library : where finished runs are stored
    n_workers, calls_apart, prepare : of the engine
    """

    def __init__(
        self,
        ledger: Ledger,
        journal: Journal,
        library: RunLibrary,
        n_workers: int | None,
        *,
        calls_apart: bool,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self.ledger, self.journal, self.library = ledger, journal, library
        self.engine = Engine(
            self._hear, self._look, n_workers, calls_apart=calls_apart, prepare=prepare
        )
        self._storing, self._handing_over = threading.Lock(), threading.RLock()
        self._is_closing = False
        self._later = ThreadPoolExecutor(1, thread_name_prefix="orders")

    def set_all_aside(self, jobs: list[Job]) -> None:
        """Let these trainings write their checkpoints and end; nothing more is given out."""
        self._is_closing = True
        handed_over = [j for j in jobs if j.kind == "training" and j.is_handed_over]
        for job in handed_over:
            self._send(job, self.ledger.ask_to_yield(job))
        end = time.monotonic() + CLOSING_SECONDS
        while any(job.is_handed_over for job in handed_over) and time.monotonic() < end:
            time.sleep(0.02)

    def close(self) -> None:
        """Stop the workers, for good."""
        self._later.shutdown(cancel_futures=True)
        self.engine.close()

    def _vq_parcel(self, experiment: Experiment) -> Parcel | None:
        """The run whose codes a prior learns, for a worker that has no library; else None."""
        if experiment.model.family != "pixelcnn":
            return None
        return pack_run(self.library.load(experiment.model.vq_run))

    def hand_over_all(self) -> None:
        """Give the workers as many trainings as they have room for, turn by turn."""
        with self._handing_over:
            while not self._is_closing and self.ledger.n_handed_over() < self.engine.n_training:
                job = self.ledger.take_turn()
                if job is None or not self._give_away(job):
                    return

    def hand_over_call(self, job: Job) -> None:
        """Give a call to the engine, or end it as failed and raise the LatentariumError why."""
        try:
            self._hand_over(job)
        except LatentariumError as refusal:
            self._close(job, "failed", error=refusal)
            raise
        except BaseException as error:
            refusal = _not_taken(error)
            self._close(job, "failed", error=refusal)
            if not isinstance(error, Exception):
                raise
            raise refusal from error

    def _give_away(self, job: Job) -> bool:
        """Hand over a training whose turn it is; False if it waits in the queue again.

        Whatever goes wrong, the job is not left as taken: its place would be lost to all.
        """
        try:
            self._hand_over(job)
        except EngineUnavailable:
            self._put_back(job, "queued", LOST_SENTENCE)
            return False
        except LatentariumError as refusal:
            self._close(job, "failed", error=refusal)
        except BaseException as error:
            self._try_later(job, error)
            if not isinstance(error, Exception):
                raise
            return False
        return True

    def _try_later(self, job: Job, error: BaseException) -> None:
        """Put back a training that could not be handed over; after many tries it has failed."""
        log.error("job %s could not be given to a worker", job.job_id, exc_info=error)
        job.n_tries += 1
        if job.n_tries >= MAX_TRIES:
            return self._close(job, "failed", error=_not_taken(error))
        sentence = f"It could not be given to a worker ({_trouble(error)}); it is tried again."
        self._put_back(job, "queued", sentence)

    def _hand_over(self, job: Job) -> None:
        # The name must not be one of the arguments: dask would take that one for this result.
        name = f"{job.kind}-{job.tag}-{uuid.uuid4().hex}"
        submit, topic = partial(self.engine.submit, name=name), self.engine.topic
        if job.experiment is None:
            function, args = job.call
            future = submit(
                run_call_job, function, args, job.tag, topic, kind=CALL, priority=CALL_PRIORITY
            )
        else:
            text, codes = job.experiment.to_json(), self._vq_parcel(job.experiment)
            future = submit(
                run_training_job, text, job.tag, topic, job.order, codes, kind=TRAINING, priority=0
            )
        job.future, job.n_tries = future, 0
        future.add_done_callback(partial(self._finished, job))

    def order(self, job: Job) -> None:
        """Pass on to the workers what is asked of a job; what does not arrive is sent again to the
        next. One at a time, so that of two orders given at once the newer is the last to arrive.
        """
        with job.sending:
            self._send(job, replace(job.order, wish="stop") if job.stop_asked else job.order)

    def _send(self, job: Job, order: Order) -> None:
        try:
            self.engine.order(job.tag, order)
        except (EngineUnavailable, OSError, RuntimeError):
            log.warning("an order to job %s did not arrive", job.job_id)

    def stop(self, job: Job) -> None:
        """End a job, at once if no worker has begun it, else as soon as its worker answers."""
        was_running, future = job.state in ("running", "paused"), job.future
        if job.kind == "training" and job.is_handed_over:
            self.order(job)
            if was_running:
                return  # its worker answers
        self.end(job, "cancelled")
        if future is not None:
            with contextlib.suppress(EngineUnavailable):  # nothing runs any more
                self.engine.withdraw(future)

    def end(self, job: Job, state: Any, **told: Any) -> None:
        """Close a job, forget it in the journal, and give its place to another."""
        self._close(job, state, **told)
        self.hand_over_all()

    def _close(self, job: Job, state: Any, **told: Any) -> None:
        if self.ledger.end(job, state, **told):
            self.journal.strike(job.job_id)

    def _put_back(self, job: Job, state: State, message: str = "") -> None:
        """Let a training wait again, unless its end has been asked for."""
        if job.stop_asked:
            self._close(job, "cancelled")
        else:
            self.ledger.put_back(job, state, message)

    def _hear(self, message: Plain) -> None:
        """Called in the connection's own thread, which must not wait."""
        job = self.ledger.hear(message)
        if job is not None and message["kind"] == "began" and job.n_attempts > 1:
            self._later.submit(self.order, job)  # the new worker knows of none

    def _look(self) -> None:
        """Every second: give away what waits, and take workers from those who only hold them."""
        self.hand_over_all()
        held = self.ledger.held_longest()
        if held is None or not self.ledger.anybody_waits():
            return
        if time.monotonic() - held.waiting_since > HELD_SECONDS:
            with held.sending:
                self._send(held, self.ledger.ask_to_yield(held))

    def _finished(self, job: Job, future: Future[Any]) -> None:
        """Bring the outcome home; dask calls this in a thread of its own."""
        if job.is_over or job.future is not future:
            return
        try:
            self._bring_home(job, future)
        except EngineUnavailable as lost:  # on the way home
            if job.kind == "call":
                self.end(job, "failed", error=lost)
            else:  # where the engine is closing the job is over, and the journal has it
                self._put_back(job, "queued", LOST_SENTENCE)
        except Exception as error:
            log.exception("what came of job %s (%s) was lost", job.job_id, job.title)
            self.end(job, "failed", error=_surprise(job, error))

    def _bring_home(self, job: Job, future: Future[Any]) -> None:
        if future.status not in ("finished", "error"):
            raise self.engine.unavailable()
        if job.kind == "training":  # its worker goes on while its run is brought home
            self.ledger.free_worker(job)
            self.hand_over_all()
        outcome = self.engine.outcome(future)
        if future.status == "error":
            log.error("job %s (%s) failed", job.job_id, job.title, exc_info=outcome)
            self.end(job, "failed", error=_surprise(job, outcome))
        elif isinstance(outcome, TrainingSetAside):
            self.ledger.set_aside(job)
            self.hand_over_all()
        elif isinstance(outcome, TrainingStopped):
            self.end(job, "cancelled")
        elif isinstance(outcome, LatentariumError):
            self.end(job, "failed", error=outcome)
        elif job.kind == "training":
            self.store(job, outcome)
        else:
            self.end(job, "done", outcome=outcome)

    def store(self, job: Job, parcel: Parcel) -> None:
        """Save the run; if the disk refuses, keep its parcel for when the visitor asks again."""
        try:
            with self._storing:
                run = unpack_run(parcel)
                self.library.save(run)
            self.end(job, "done", history=run.history, run_id=run.id)
        except LatentariumError as refusal:
            self.end(job, "failed", error=refusal)
        except OSError as error:
            log.exception("run %s could not be stored", job.job_id)
            remedy = "Make room there and start it again: the trained run is kept until then."
            trouble = error.strerror or str(error)
            refusal = LatentariumError("The run library's folder", "writable", trouble, remedy)
            self.end(job, "failed", error=refusal, outcome=parcel)


def _surprise(job: Job, error: Exception) -> LatentariumError:
    """One sentence for a job that ended in an exception that nobody foresaw."""
    if isinstance(error, KilledWorker):
        remedy = "Make the model or the batch smaller: the likely cause is too little memory."
        return LatentariumError("The worker", "alive until the end", "its repeated end", remedy)
    remedy = "Look at the server's log for what happened."
    return LatentariumError(job.title, "free of surprises", type(error).__name__, remedy)


def _not_taken(error: BaseException) -> LatentariumError:
    remedy = "Start it again, or look at the server's log for what happened."
    return LatentariumError("The engine", "able to take a job", _trouble(error), remedy)


def _trouble(error: BaseException) -> str:
    """What went wrong, in a few words."""
    return getattr(error, "strerror", None) or type(error).__name__
