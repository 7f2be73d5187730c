"""The board on which jobs are put up: a few verbs over the engine, callable from every thread."""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from vizmodels.bounds import check_bounds
from vizmodels.errors import (
    EngineUnavailable,
    LatentariumError,
    NotYours,
    UnknownRun,
)
from vizmodels.experiment import MAX_MOVES, Experiment, Move
from vizmodels.jobs.dispatch import Dispatch
from vizmodels.jobs.engine import Health
from vizmodels.jobs.journal import Entry, Journal
from vizmodels.jobs.ledger import Ledger, unknown_job
from vizmodels.jobs.limits import Limits
from vizmodels.jobs.record import Job, JobProgress
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.titles import title_of
from vizmodels.sweep import check_n_runs
from vizmodels.training.control import Order


class JobBoard:
    """Trainings and other long computations, done by workers outside this process.

    Parameters
    ----------
    library : where finished runs are stored, whether or not anybody is watching
    n_workers : to train on this machine; None for one per GPU, or one per two cores without
    journal : folder that tells the next start which trainings were not over; None tells nothing
    limits : on open jobs; None for the defaults
    calls_apart : whether calls have a worker of their own here, so that none waits for a training
    prepare : called once in each worker that does calls, see `Engine`
    """

    def __init__(
        self,
        library: RunLibrary,
        n_workers: int | None = None,
        *,
        journal: Path | None = None,
        limits: Limits | None = None,
        calls_apart: bool = True,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self.library = library
        self._ledger = Ledger(limits)
        self._journal = Journal(journal)
        self._dispatch = Dispatch(
            self._ledger,
            self._journal,
            library,
            n_workers,
            calls_apart=calls_apart,
            prepare=prepare,
        )
        self._engine = self._dispatch.engine
        for entry in self._journal.interrupted():
            self._ledger.enter_interrupted(_interrupted(entry))

    def start(self) -> None:
        """Start the workers and wait until they can be given work. Raises EngineUnavailable."""
        self._engine.start()

    def start_in_background(self) -> None:
        """Start the workers in a thread of its own; `health` says how it went."""
        self._engine.start_in_background()

    def close(self) -> None:
        """Stop all jobs and the workers; unfinished trainings leave their checkpoints behind."""
        open_jobs = self._ledger.open_jobs()
        self._dispatch.set_all_aside(open_jobs)
        remedy = "Start it again when the server is back: it goes on from its checkpoint."
        stopped = EngineUnavailable("The server", "running", "its end", remedy)
        for job in open_jobs:
            state = "interrupted" if job.kind == "training" else "failed"
            self._ledger.end(job, state, error=stopped)
        self._dispatch.close()

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
        InvalidExperiment : it asks more than a server gives, see `vizmodels.bounds`
        EngineUnavailable : the engine has not been started or has gone away
        UnknownRun, DamagedRun : the VQ-VAE of a prior cannot be had
        LatentariumError : too many jobs are open
        """
        check_bounds(experiment)
        known = self._ledger.find(experiment.id)
        if known is not None and known.job_id == experiment.id:
            if known.state == "done" and experiment in self.library:
                return known.job_id
            if known.state == "failed" and known.outcome is not None:
                job = self._job(experiment, visitor)
                if self._ledger.open(job):  # trained already, but the disk was full
                    self._dispatch.store(job, known.outcome)
                return job.job_id
        job = self._job(experiment, visitor)
        found = self.library.find(experiment)
        if found is not None:
            if self._ledger.open(job):
                self._ledger.end(job, "done", history=found.history, run_id=experiment.id)
            return job.job_id
        self._check_vq_run(experiment)
        self._engine.client()
        if self._ledger.open(job):
            self._note(job)
            self._dispatch.hand_over_all()
        return job.job_id

    def submit_sweep(
        self, sweep_id: str, experiments: Sequence[Experiment], visitor: str = ""
    ) -> list[str]:
        """Have several experiments trained as one thing; what has been trained is left out.

        Returns
        -------
        list of str
            Ids of the jobs that are new.

        Raises
        ------
        EngineUnavailable, LatentariumError : as for `submit`; then none of them is entered
        """
        check_n_runs(len(experiments))
        for experiment in experiments:
            check_bounds(experiment)
        self._engine.client()
        missing = [experiment for experiment in experiments if experiment not in self.library]
        asked = [self._job(experiment, visitor, sweep_id) for experiment in missing]
        jobs = self._ledger.open_sweep(asked)
        for job in jobs:
            self._note(job)
        self._dispatch.hand_over_all()
        return [job.job_id for job in jobs]

    def go_on(self, job_id: str, visitor: str = "") -> str:
        """Go on with a training that a server's end interrupted, steered or not.

        Raises
        ------
        UnknownRun : there is no such job
        EngineUnavailable, LatentariumError : as for `submit`
        """
        known = self._find(job_id)
        if known.state != "interrupted" or known.experiment is None:
            return known.job_id
        check_bounds(known.experiment)
        if known.job_id == known.experiment.id:
            return self.submit(known.experiment, visitor)
        self._engine.client()
        job = Job(known.job_id, "training", known.title, known.tag, visitor, known.experiment)
        if self._ledger.open(job):
            self._note(job)
            self._dispatch.hand_over_all()
        return job.job_id

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
        job = Job(
            f"call-{key}", "call", title or key, uuid.uuid4().hex, visitor, call=(function, args)
        )
        known = self._ledger.find(job.job_id)
        if known is not None and (not known.is_over or known.state == "done"):
            return known.job_id
        self._engine.client()
        if self._ledger.open(job):
            self._dispatch.hand_over_call(job)
        return job.job_id

    def progress(self, job_id: str) -> JobProgress:
        """The job as it stands, with everything since its first report. Raises UnknownRun."""
        return self._ledger.snapshot(job_id)

    def jobs(self) -> list[JobProgress]:
        """All open jobs and the last few hundred finished ones, newest first."""
        return self._ledger.snapshots()

    def cancel(self, job_id: str, visitor: str = "") -> None:
        """Take back what a visitor has asked for; one that is over stays as it is.

        A job stops when nobody is left who asked for it; without a visitor it stops for all. A
        training stops before its next step; its checkpoint stays, so the same experiment later
        goes on from there. A call cannot be interrupted: its worker finishes it, and the result is
        dropped. An interrupted one is taken off the list, by who asked for it.

        Raises
        ------
        UnknownRun, EngineUnavailable : there is no such job, or no engine
        NotYours : it was interrupted, and somebody else asked for it
        """
        job = self._find(job_id)
        if job.state == "interrupted":
            if visitor and job.askers and visitor not in job.askers:
                rule, remedy = "taken off the list by who started it", "Go on with it, or leave it."
                raise NotYours("An interrupted training", rule, "you", remedy)
            self._journal.strike(job.job_id)
            self._ledger.dismiss(job)
        elif self._ledger.leave(job, visitor):
            self._dispatch.stop(job)

    def cancel_sweep(self, sweep_id: str, visitor: str = "") -> None:
        """Take back what was asked for by a sweep; what others asked for as well goes on."""
        for job in self._ledger.asked_by_sweep(sweep_id):
            if self._ledger.leave(job, visitor, sweep_id):
                self._dispatch.stop(job)

    def order(self, job_id: str, visitor: str, change: Callable[[Order], Order]) -> str:
        """Change what is asked of a training that is not over: to pause, to step, to steer.

        Parameters
        ----------
        job_id : of the training
        visitor : must be the one who asked first, and the only one if a knob is turned; empty for
            the app itself
        change : of the order as it is, to another one

        Returns
        -------
        str
            The job's id, which becomes another when a knob is turned for the first time.

        Raises
        ------
        UnknownRun, EngineUnavailable : there is no such job, or no engine
        NotYours : somebody else asked first, or others asked as well
        InvalidExperiment : the knob cannot be turned that far
        LatentariumError : the job is over, or was steered as often as can be
        """
        job = self._find(job_id)
        before = job.job_id

        def checked(order: Order) -> Order:
            changed = change(order)
            self._check_order(job, visitor, order, changed)
            return changed

        now = self._ledger.change_order(job, checked)
        if now != before:
            self._journal.strike(before)
            self._note(job)
        if job.is_handed_over:
            self._dispatch.order(job)
        elif self._ledger.wake(job):
            self._dispatch.hand_over_all()
        return now

    def result(self, job_id: str) -> Any:
        """The `Run` of a finished training, or what a finished call returned.

        Raises
        ------
        UnknownRun : there is no such job, or its result has been forgotten
        LatentariumError : the job failed, for the reason it says, or is not done
        """
        job = self._find(job_id)
        if job.error is not None:
            raise job.error
        if job.state != "done":
            raise LatentariumError(f"Job {job_id}", "done", job.state, "Wait, or start it again.")
        is_run = job.kind == "training"
        return self.library.load(job.run_id) if is_run else self._ledger.outcome(job)

    def health(self) -> Health:
        """Whether jobs can be submitted, and by how many workers they are done."""
        return self._engine.health()

    def _find(self, job_id: str) -> Job:
        job = self._ledger.find(job_id)
        if job is None:
            raise unknown_job(job_id)
        return job

    def _job(self, experiment: Experiment, visitor: str, sweep: str = "") -> Job:
        """A new submission; one that a server's end interrupted keeps its tag and checkpoint."""
        known = self._ledger.find(experiment.id)
        interrupted = known is not None and known.state == "interrupted"
        tag = known.tag if known is not None and interrupted else uuid.uuid4().hex
        title = title_of(experiment)
        return Job(experiment.id, "training", title, tag, visitor, experiment, sweep=sweep)

    def _note(self, job: Job) -> None:
        if job.experiment is not None:
            self._journal.note(
                Entry(job.job_id, job.tag, job.experiment, job.submitted_at, job.visitor)
            )

    def _check_order(self, job: Job, visitor: str, order: Order, changed: Order) -> None:
        """Raises for an order that this visitor cannot give, or that the job cannot obey."""
        if job.is_over or job.experiment is None:
            raise LatentariumError(f"Job {job.job_id}", "a training", job.state, "Start it again.")
        self._check_rights(job, visitor, is_turn=changed.turns != order.turns)
        for turn in changed.turns[len(order.turns) :]:
            job.experiment.check_knob(Move(step=0, knob=turn.knob, value=turn.value).knob)
        n_moves = len(job.experiment.training.moves) + len(changed.turns)
        if n_moves > MAX_MOVES and changed.turns != order.turns:
            rule, remedy = f"steered at most {MAX_MOVES:,} times", "Let it go on as it is."
            raise LatentariumError("A training", rule, n_moves, remedy)

    @staticmethod
    def _check_rights(job: Job, visitor: str, *, is_turn: bool) -> None:
        if not visitor:
            return
        if visitor != job.visitor:
            remedy = "Start one of your own with another seed."
            raise NotYours("A training", "paused and steered by who started it", "you", remedy)
        if is_turn and len(job.askers) > 1:
            n_others = len(job.askers) - 1
            remedy = "Start one of your own with another seed."
            others = f"{n_others} other" + ("" if n_others == 1 else "s")
            raise NotYours("A steered training", "one that you alone wait for", others, remedy)

    def _check_vq_run(self, experiment: Experiment) -> None:
        if experiment.model.family == "pixelcnn":
            run_id = experiment.model.vq_run
            try:
                self.library.record(run_id)
            except UnknownRun:
                remedy = "Train that VQ-VAE first, or choose another."
                name = "The VQ-VAE of a prior"
                raise UnknownRun(name, "in the library", run_id, remedy) from None


def _interrupted(entry: Entry) -> Job:
    """A job that an earlier server left behind, as it is listed."""
    title, experiment = title_of(entry.experiment), entry.experiment
    return Job(
        entry.job_id,
        "training",
        title,
        entry.tag,
        experiment=experiment,
        state="interrupted",
        message="The server ended before it was done. It can go on from its checkpoint.",
        submitted_at=entry.submitted_at,
        visitor=entry.visitor,
    )
