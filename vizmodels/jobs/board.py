"""The board on which jobs are put up: six verbs over the engine, callable from every thread."""

import logging
import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from distributed import Future, KilledWorker

from vizmodels.errors import EngineUnavailable, LatentariumError, TrainingStopped, UnknownRun
from vizmodels.experiment import Experiment
from vizmodels.jobs.engine import Engine, Health
from vizmodels.jobs.ledger import Ledger, unknown_job
from vizmodels.jobs.parcel import Parcel, pack_run, unpack_run
from vizmodels.jobs.record import Job, JobProgress
from vizmodels.jobs.worker import run_call_job, run_training_job
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.titles import title_of

log = logging.getLogger(__name__)

CALL_PRIORITY = 1  # trainings have 0


class JobBoard:
    """Trainings and other long computations, done by workers outside this process.

    Parameters
    ----------
    library : where finished runs are stored, whether or not anybody is watching
    n_workers : to start on this machine; None for one per GPU, or one per two cores without
    prepare : called once in each worker, see `Engine`
    """

    def __init__(
        self,
        library: RunLibrary,
        n_workers: int | None = None,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self.library = library
        self._ledger = Ledger()
        self._engine = Engine(self._ledger.hear, n_workers, prepare)
        self._storing = threading.Lock()

    def start(self) -> None:
        """Start the workers and wait until they can be given work. Raises EngineUnavailable."""
        self._engine.start()

    def start_in_background(self) -> None:
        """Start the workers in a thread of its own; `health` says how it went."""
        self._engine.start_in_background()

    def close(self) -> None:
        """Stop all jobs and the workers; unfinished trainings leave their checkpoints behind."""
        unfinished = self._ledger.open_jobs()
        running_tags = [job.tag for job in unfinished if job.state == "running"]
        remedy = "Start it again when the server is back: it goes on from its checkpoint."
        for job in unfinished:
            stopped = EngineUnavailable("The server", "running", "its end", remedy)
            self._ledger.end(job, "failed", error=stopped)
        self._engine.close(running_tags)

    def submit(self, experiment: Experiment, visitor: str = "") -> str:
        """Have an experiment trained; whoever asks for the same one shares the job.

        Parameters
        ----------
        experiment : what to train; of a prior over codes, the VQ-VAE's run must be in the library
        visitor : who asks, to be fair to the others; empty for the app itself

        Returns
        -------
        str
            The job's id, which is the experiment's. The job is done at once if the library has
            the run.

        Raises
        ------
        EngineUnavailable : the engine has not been started or has gone away
        UnknownRun, DamagedRun : the VQ-VAE of a prior cannot be had
        LatentariumError : too many jobs are open
        """
        known = self._ledger.find(experiment.id)
        if known is not None and not known.is_over:
            return known.job_id
        if known is not None and known.state == "done" and experiment in self.library:
            return known.job_id
        title, tag = title_of(experiment), uuid.uuid4().hex
        job = Job(experiment.id, "training", title, tag, visitor, experiment)
        if known is not None and known.state == "failed" and known.outcome is not None:
            if self._ledger.open(job):  # trained already, but the disk was full
                self._store(job, known.outcome)
            return job.job_id
        found = self.library.find(experiment)
        if found is not None:
            if self._ledger.open(job):
                self._ledger.end(job, "done", history=found.history)
            return job.job_id
        call = (experiment.to_json(), job.tag, self._engine.topic, self._vq_parcel(experiment))
        return self._hand_over(job, run_training_job, call, priority=0)

    def submit_call(
        self,
        key: str,
        function: Callable[..., Any],
        *args: Any,
        title: str = "",
        visitor: str = "",
    ) -> str:
        """Have `function(*args)` called in a worker, before any training that still waits.

        Parameters
        ----------
        key : names the computation with all its inputs; the same key is the same job
        function : importable by its name; returns what pickles well, such as arrays
        args : small; what is large is better named here and loaded in the worker
        title : one line for the list of jobs

        Returns
        -------
        str
            The job's id. Its result is kept until a few dozen others have been used since.

        Raises
        ------
        EngineUnavailable, LatentariumError : as for `submit`
        """
        job = Job(f"call-{key}", "call", title or key, uuid.uuid4().hex, visitor)
        known = self._ledger.find(job.job_id)
        if known is not None and (not known.is_over or known.state == "done"):
            return known.job_id
        call = (function, args, job.tag, self._engine.topic)
        return self._hand_over(job, run_call_job, call, priority=CALL_PRIORITY)

    def progress(self, job_id: str) -> JobProgress:
        """The job as it stands, with everything since its first report. Raises UnknownRun."""
        return self._ledger.snapshot(job_id)

    def jobs(self) -> list[JobProgress]:
        """All open jobs and the last few hundred finished ones, newest first."""
        return self._ledger.snapshots()

    def cancel(self, job_id: str) -> None:
        """Stop a job for everybody who asked for it; one that is over stays as it is.

        A training stops at its next report, within about 0.2 s; its checkpoint stays, so the
        same experiment later goes on from there. A call cannot be interrupted: its worker
        finishes it, and the result is dropped. Raises UnknownRun or EngineUnavailable.
        """
        job = self._ledger.find(job_id)
        if job is None:
            raise unknown_job(job_id)
        if not self._ledger.ask_to_stop(job):
            return
        was_running, future = job.state == "running", job.future
        if job.kind == "training":
            self._engine.ask_to_stop(job.tag)
        if job.kind == "call" or not was_running:
            self._ledger.end(job, "cancelled")
            if future is not None:
                future.cancel()

    def result(self, job_id: str) -> Any:
        """The `Run` of a finished training, or what a finished call returned.

        Raises
        ------
        UnknownRun : there is no such job, or its result has been forgotten
        LatentariumError : the job failed, for the reason it says, or is not done
        """
        job = self._ledger.find(job_id)
        if job is None:
            raise unknown_job(job_id)
        if job.error is not None:
            raise job.error
        if job.state != "done":
            raise LatentariumError(f"Job {job_id}", "done", job.state, "Wait, or start it again.")
        return self.library.load(job_id) if job.kind == "training" else self._ledger.outcome(job)

    def health(self) -> Health:
        """Whether jobs can be submitted, and by how many workers they are done."""
        return self._engine.health()

    def _vq_parcel(self, experiment: Experiment) -> Parcel | None:
        """The run whose codes a prior learns, for a worker that has no library; else None."""
        if experiment.model.family != "pixelcnn":
            return None
        run_id = experiment.model.vq_run
        try:
            return pack_run(self.library.load(run_id))
        except UnknownRun:
            remedy = "Train that VQ-VAE first, or choose another."
            raise UnknownRun("The VQ-VAE of a prior", "in the library", run_id, remedy) from None

    def _hand_over(
        self, job: Job, function: Callable[..., Any], args: tuple[Any, ...], *, priority: int
    ) -> str:
        """Enter the job and give it to the engine, unless the same one is open already."""
        self._engine.client()
        if not self._ledger.open(job):
            return job.job_id
        # The name must not be one of the arguments: dask would take that one for this result.
        name = f"{job.kind}-{job.tag}"
        try:
            job.future = self._engine.submit(function, *args, name=name, priority=priority)
        except EngineUnavailable as gone:
            self._ledger.end(job, "failed", error=gone)
            raise
        job.future.add_done_callback(partial(self._finished, job))
        return job.job_id

    def _finished(self, job: Job, future: Future[Any]) -> None:
        """Bring the outcome home; dask calls this in a thread of its own."""
        if job.is_over:
            return
        if future.status != "finished":
            self._ledger.end(job, "failed", error=self._why_lost(job, future))
            return
        outcome = future.result()
        if isinstance(outcome, TrainingStopped):
            self._ledger.end(job, "cancelled")
        elif isinstance(outcome, LatentariumError):
            self._ledger.end(job, "failed", error=outcome)
        elif job.kind == "training":
            self._store(job, outcome)
        else:
            self._ledger.end(job, "done", outcome=outcome)

    def _store(self, job: Job, parcel: Parcel) -> None:
        """Save the run; if the disk refuses, keep its parcel for when the visitor asks again."""
        try:
            with self._storing:
                run = unpack_run(parcel, job.job_id)
                self.library.save(run)
            self._ledger.end(job, "done", history=run.history)
        except LatentariumError as refusal:
            self._ledger.end(job, "failed", error=refusal)
        except OSError as error:
            log.exception("run %s could not be stored", job.job_id)
            remedy = "Make room there and start it again: the trained run is kept until then."
            trouble = error.strerror or type(error).__name__
            refusal = LatentariumError("The run library's folder", "writable", trouble, remedy)
            self._ledger.end(job, "failed", error=refusal, outcome=parcel)

    def _why_lost(self, job: Job, future: Future[Any]) -> LatentariumError:
        """One sentence for a job that ended in an exception that nobody foresaw."""
        if future.status != "error":
            return self._engine.unavailable()
        error: Any = future.exception()
        log.error("job %s (%s) failed", job.job_id, job.title, exc_info=error)
        if isinstance(error, KilledWorker):
            remedy = "Make the model or the batch smaller: the likely cause is too little memory."
            return LatentariumError("The worker", "alive until the end", "its repeated end", remedy)
        remedy = "Look at the server's log for what happened."
        return LatentariumError(job.title, "free of surprises", type(error).__name__, remedy)
