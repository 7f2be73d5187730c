"""The list of all jobs: one per thing asked for, bounded, safe from every thread."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from vizmodels.errors import LatentariumError, UnknownRun
from vizmodels.jobs.limits import Limits
from vizmodels.jobs.messages import Plain
from vizmodels.jobs.record import Job, JobProgress, State
from vizmodels.jobs.turns import Turns
from vizmodels.training.control import Order
from vizmodels.training.progress import History

MAX_FINISHED = 200  # jobs kept after their end
MAX_RESULTS = 32  # of calls, kept in memory; a projection of 60,000 points is 0.5 MB
TAG_DIGITS = 6  # of a steered job's id, behind the experiment's


class Ledger:
    """Jobs by id. Its lock is never held while waiting for dask, whose loop takes it too."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}  # by job id, oldest submission first
        self._by_tag: dict[str, Job] = {}  # open jobs only
        self._used: dict[str, None] = {}  # ids of calls whose outcome is kept, longest unused first
        self._steered: dict[str, str] = {}  # id a job had -> the one it has since it was steered
        self._turns = Turns()
        self._places: dict[str, int] | None = None  # in the queue; None after any change

    def find(self, job_id: str) -> Job | None:
        """The newest job of that id, for the board's own eyes."""
        with self._lock:
            return self._find(job_id)

    def open(self, job: Job) -> bool:
        """Enter a new job; of one that is open already who asks becomes another asker.

        Returns
        -------
        bool
            False if the same one was open already.

        Raises
        ------
        LatentariumError : too many jobs are open, in all or for this visitor
        """
        with self._lock:
            if self._joins(job):
                return False
            self._check_room([job])
            self._enter(job)
            return True

    def open_sweep(self, jobs: Sequence[Job]) -> list[Job]:
        """Enter the trainings of one sweep, or none of them; of those open already the sweep
        becomes another asker.

        Returns
        -------
        list of Job
            Those that are new.

        Raises
        ------
        LatentariumError : as for `open`
        """
        with self._lock:
            new = [job for job in jobs if self._is_over(job.job_id)]
            self._check_room(new)
            for job in jobs:
                if not self._joins(job):
                    self._enter(job)
            return new

    def hear(self, message: Plain) -> Job | None:
        """Hand a worker's message to its job, if that is still open; returns the job."""
        with self._lock:
            job = self._by_tag.get(message["job"])
            if job is not None:
                job.hear(message)
                self._places = None
            return job

    def end(
        self,
        job: Job,
        state: State,
        *,
        error: LatentariumError | None = None,
        outcome: Any = None,
        history: History | None = None,
        run_id: str = "",
    ) -> bool:
        """Close a job; False if it was closed before. The oldest of too many closed ones go."""
        with self._lock:
            if job.is_over:
                return False
            if history is not None:
                job.show_history(history)
            job.run_id = run_id
            job.end(state, error, outcome)
            self._by_tag.pop(job.tag, None)
            self._places = None
            if job.kind == "call" and state == "done":
                self._used[job.job_id] = None
            self._forget_the_oldest()
            return True

    def take_turn(self) -> Job | None:
        """The training that is to be given to a worker next; None if none waits."""
        with self._lock:
            job = self._turns.take(self._waiting())
            if job is not None:
                job.is_handed_over, self._places = True, None
            return job

    def n_handed_over(self) -> int:
        """Trainings that are in the workers' hands."""
        with self._lock:
            return sum(j.is_handed_over for j in self._by_tag.values() if j.kind == "training")

    def put_back(self, job: Job, state: State, message: str = "") -> None:
        """Let an open job wait again, in the queue or paused."""
        with self._lock:
            if not job.is_over:
                job.put_back(state, message)
                self._places = None

    def free_worker(self, job: Job) -> None:
        """Count a training's worker as free; what came of it is still on its way home."""
        with self._lock:
            if not job.is_over:
                job.state, job.is_handed_over = "running", False

    def held_longest(self) -> Job | None:
        """The training that has been paused in a worker for the longest time."""
        with self._lock:
            held = [job for job in self._by_tag.values() if job.waiting_since]
            return min(held, key=lambda job: job.waiting_since, default=None)

    def anybody_waits(self) -> bool:
        """Whether a training waits for its turn."""
        with self._lock:
            return bool(self._waiting())

    def leave(self, job: Job, visitor: str, sweep: str = "") -> bool:
        """Take a visitor from those who asked; True if the job is now to be stopped.

        An empty name is the app itself, which stops it for all. Who leaves for a sweep stays if he
        asked for the job by itself too, or for another sweep. Who asked first of those that stay
        is from now on the one who steers it.
        """
        with self._lock:
            if job.is_over or job.stop_asked:
                return False
            reasons = job.askers.get(visitor, set())
            reasons.discard(sweep)
            if not (sweep and reasons):
                job.askers.pop(visitor, None)
            if job.askers and (visitor or sweep):
                if job.visitor not in job.askers:
                    job.visitor, self._places = next(iter(job.askers)), None
                return False
            job.stop_asked = True
            return True

    def asked_by_sweep(self, sweep: str) -> list[Job]:
        """Open jobs that a sweep asked for, whoever asked first."""
        with self._lock:
            open_jobs = self._by_tag.values()
            return [job for job in open_jobs if any(sweep in why for why in job.askers.values())]

    def change_order(self, job: Job, change: Callable[[Order], Order]) -> str:
        """Change what is asked of a job; returns its id, which a first turn of a knob changes.

        A steered training is another experiment than was asked for, so whoever asks for that from
        now on gets a job of their own.

        Parameters
        ----------
        job : to be asked
        change : of the order as it is, to another one; called under the lock, so that no order is
            lost between two that come at once. What it raises leaves everything as it was.
        """
        with self._lock:
            order = change(job.order)
            is_first_turn = bool(order.turns) and not job.order.turns
            job.order = order
            if is_first_turn and not self._has_own_id(job):
                self._rename(job, f"{job.job_id}-{job.tag[:TAG_DIGITS]}")
            return job.job_id

    def wake(self, job: Job) -> bool:
        """Let a paused training that no worker holds wait for one; False if there is none such."""
        with self._lock:
            if job.is_over or job.is_handed_over or job.state != "paused":
                return False
            job.put_back("queued", "")
            self._places = None
            return True

    def ask_to_yield(self, job: Job) -> Order:
        """The order by which a held training gives up its worker."""
        with self._lock:
            job.order_at_yield = job.order
            return replace(job.order, wish="yield")

    def set_aside(self, job: Job) -> None:
        """A training has given up its worker: it waits in the queue if it is to run or anything
        was asked of it meanwhile, else paused."""
        with self._lock:
            if not job.is_over:
                is_due = job.order.wish == "run" or job.order is not job.order_at_yield
                job.put_back("queued" if is_due else "paused")
                self._places = None

    def dismiss(self, job: Job) -> None:
        """Take an interrupted job for one that was stopped."""
        with self._lock:
            if job.state == "interrupted":
                job.state, job.message = "cancelled", ""

    def outcome(self, job: Job) -> Any:
        """What a finished call returned; it now counts as used last."""
        with self._lock:
            self._used[job.job_id] = self._used.pop(job.job_id, None)
            return job.outcome

    def open_jobs(self) -> list[Job]:
        """All that are queued, running or paused."""
        with self._lock:
            return list(self._by_tag.values())

    def snapshot(self, job_id: str) -> JobProgress:
        """One job as it stands. Raises UnknownRun if there is none of that id."""
        with self._lock:
            job = self._find(job_id)
            if job is None:
                raise unknown_job(job_id)
            return job.snapshot(self._positions().get(job.job_id, 0))

    def snapshots(self) -> list[JobProgress]:
        """All jobs as they stand, newest first."""
        with self._lock:
            positions = self._positions()
            newest_first = reversed(self._jobs.values())
            return [job.snapshot(positions.get(job.job_id, 0)) for job in newest_first]

    def _find(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id) or self._jobs.get(self._steered.get(job_id, ""))

    def _is_over(self, job_id: str) -> bool:
        known = self._jobs.get(job_id)
        return known is None or known.is_over

    def _joins(self, job: Job) -> bool:
        """Whether the same is open already; who asks for it, or for a sweep of it, then asks too.

        The app itself, whose name is empty, is told apart only where a sweep asks.
        """
        known = self._jobs.get(job.job_id)  # a steered one has an id of its own
        if known is None or known.is_over:
            return False
        if job.visitor or job.sweep:
            known.askers.setdefault(job.visitor, set()).add(job.sweep)
        return True

    def _enter(self, job: Job) -> None:
        self._jobs.pop(job.job_id, None)
        if job.visitor or job.sweep:
            job.askers.setdefault(job.visitor, set()).add(job.sweep)
        self._jobs[job.job_id] = job
        if not job.is_over:
            self._by_tag[job.tag] = job
        self._places = None

    def enter_interrupted(self, job: Job) -> None:
        """List a job that an earlier server left behind."""
        with self._lock:
            self._enter(job)

    def _has_own_id(self, job: Job) -> bool:
        return job.experiment is None or job.job_id != job.experiment.id

    def _rename(self, job: Job, job_id: str) -> None:
        at_its_place = list(self._jobs.items())
        self._jobs = {job_id if one is job else key: one for key, one in at_its_place}
        self._steered[job.job_id] = job_id
        job.job_id, self._places = job_id, None

    def _waiting(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.is_waiting]

    def _positions(self) -> dict[str, int]:
        """Place in the queue of each job that waits: calls first, then what workers hold already,
        then the others as their turns come."""
        if self._places is None:
            queued = [job for job in self._jobs.values() if job.state == "queued"]
            with_workers = [job for job in queued if not job.is_waiting]
            with_workers.sort(key=lambda job: job.kind == "training")
            in_turn = self._turns.order(self._waiting())
            ids = [job.job_id for job in (*with_workers, *in_turn)]
            self._places = {job_id: place for place, job_id in enumerate(ids, start=1)}
        return self._places

    def _check_room(self, jobs: list[Job]) -> None:
        """Refuse jobs, all of one visitor, that would be too many; a sweep counts as one."""
        if not jobs:
            return
        n_open, limits = len(self._by_tag), self.limits
        if n_open + len(jobs) > limits.queue:
            soonest = self._soonest(self._by_tag.values())
            rule = f"at most {limits.queue} jobs"
            raise LatentariumError("The queue", rule, n_open + len(jobs), f"Come back {soonest}.")
        kind, visitor = jobs[0].kind, jobs[0].visitor
        if not visitor:
            return
        own = [j for j in self._by_tag.values() if j.visitor == visitor and j.kind == kind]
        n_own = len({job.sweep or job.job_id for job in own})
        most = limits.per_visitor if kind == "training" else limits.calls_per_visitor
        if n_own >= most and not (jobs[0].sweep and any(j.sweep == jobs[0].sweep for j in own)):
            noun = "job" if most == 1 else "jobs"
            rule = f"at most {most} {noun} at once"
            remedy = f"Come back {self._soonest(own)}, or stop one."
            raise LatentariumError("What you train", rule, n_own + 1, remedy)

    @staticmethod
    def _soonest(jobs: Iterable[Job]) -> str:
        """When the first of these is likely to be over, in words."""
        left = [
            job.latest.seconds_left
            for job in jobs
            if job.state == "running" and job.latest and job.latest.seconds_left is not None
        ]
        return in_words(min(left)) if left else "when one of them is done"

    def _forget_the_oldest(self) -> None:
        finished = [job.job_id for job in self._jobs.values() if job.is_over]
        for job_id in finished[: max(0, len(finished) - MAX_FINISHED)]:
            self._forget(job_id)
        while len(self._used) > MAX_RESULTS:
            self._forget(next(iter(self._used)))

    def _forget(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        self._used.pop(job_id, None)
        self._steered = {old: new for old, new in self._steered.items() if new != job_id}


def in_words(seconds: float) -> str:
    """When something will be, seconds from now."""
    if seconds < 1:
        return "in a second"
    return f"in about {seconds:.0f} s" if seconds < 90 else f"in about {seconds / 60:.0f} min"


def unknown_job(job_id: str) -> UnknownRun:
    """The refusal for an id that no job has."""
    return UnknownRun("Job", "one of this server's jobs", job_id, "Start it again.")
