"""The list of all jobs: one per thing asked for, bounded, safe from every thread."""

import threading
from typing import Any

from vizmodels.errors import LatentariumError, UnknownRun
from vizmodels.jobs.messages import Plain
from vizmodels.jobs.record import Job, JobProgress, State
from vizmodels.training.progress import History

MAX_FINISHED = 200  # jobs kept after their end
MAX_RESULTS = 32  # of calls, kept in memory; a projection of 60,000 points is 0.5 MB
MAX_OPEN = 200  # queued or running
MAX_OPEN_PER_VISITOR = 20


class Ledger:
    """Jobs by id. Its lock is never held while waiting for dask, whose loop takes it too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}  # by job id, oldest submission first
        self._by_tag: dict[str, Job] = {}  # open jobs only
        self._used: dict[str, None] = {}  # ids of calls whose outcome is kept, longest unused first

    def find(self, job_id: str) -> Job | None:
        """The newest job of that id, for the board's own eyes."""
        with self._lock:
            return self._jobs.get(job_id)

    def open(self, job: Job) -> bool:
        """Enter a new job; False if one of the same id is queued or running already.

        Raises
        ------
        LatentariumError : too many jobs are open, in all or for this visitor
        """
        with self._lock:
            known = self._jobs.pop(job.job_id, None)
            if known is not None and not known.is_over:
                self._jobs[job.job_id] = known
                return False
            self._check_room(job.visitor)
            self._jobs[job.job_id] = self._by_tag[job.tag] = job
            return True

    def hear(self, message: Plain) -> None:
        """Hand a worker's message to its job, if that is still open."""
        with self._lock:
            job = self._by_tag.get(message["job"])
            if job is not None:
                job.hear(message)

    def end(
        self,
        job: Job,
        state: State,
        *,
        error: LatentariumError | None = None,
        outcome: Any = None,
        history: History | None = None,
    ) -> bool:
        """Close a job; False if it was closed before. The oldest of too many closed ones go."""
        with self._lock:
            if job.is_over:
                return False
            if history is not None:
                job.show_history(history)
            job.end(state, error, outcome)
            self._by_tag.pop(job.tag, None)
            if job.kind == "call" and state == "done":
                self._used[job.job_id] = None
            self._forget_the_oldest()
            return True

    def ask_to_stop(self, job: Job) -> bool:
        """Note that the job is to stop; False if it is over or was asked before."""
        with self._lock:
            first, job.stop_asked = not (job.stop_asked or job.is_over), True
            return first

    def outcome(self, job: Job) -> Any:
        """What a finished call returned; it now counts as used last."""
        with self._lock:
            self._used[job.job_id] = self._used.pop(job.job_id, None)
            return job.outcome

    def open_jobs(self) -> list[Job]:
        """All that are queued or running."""
        with self._lock:
            return list(self._by_tag.values())

    def snapshot(self, job_id: str) -> JobProgress:
        """One job as it stands. Raises UnknownRun if there is none of that id."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:
                raise unknown_job(job_id)
            return job.snapshot(self._positions().get(job_id, 0))

    def snapshots(self) -> list[JobProgress]:
        """All jobs as they stand, newest first."""
        with self._lock:
            positions = self._positions()
            newest_first = reversed(self._jobs.values())
            return [job.snapshot(positions.get(job.job_id, 0)) for job in newest_first]

    def _positions(self) -> dict[str, int]:
        """Place in the queue of each job that waits; calls overtake trainings."""
        queued = [job for job in self._jobs.values() if job.state == "queued"]
        queued.sort(key=lambda job: job.kind == "training")  # stable: else in order of submission
        return {job.job_id: place for place, job in enumerate(queued, start=1)}

    def _check_room(self, visitor: str) -> None:
        n_open = len(self._by_tag)
        n_own = sum(job.visitor == visitor for job in self._by_tag.values()) if visitor else 0
        remedy = "Wait for one to finish, or cancel one."
        if n_open >= MAX_OPEN:
            raise LatentariumError("The queue", f"shorter than {MAX_OPEN} jobs", n_open, remedy)
        if n_own >= MAX_OPEN_PER_VISITOR:
            rule = f"fewer than {MAX_OPEN_PER_VISITOR} at once"
            raise LatentariumError("Your jobs", rule, n_own, remedy)

    def _forget_the_oldest(self) -> None:
        finished = [job.job_id for job in self._jobs.values() if job.is_over]
        for job_id in finished[: max(0, len(finished) - MAX_FINISHED)]:
            self._forget(job_id)
        while len(self._used) > MAX_RESULTS:
            self._forget(next(iter(self._used)))

    def _forget(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        self._used.pop(job_id, None)


def unknown_job(job_id: str) -> UnknownRun:
    """The refusal for an id that no job has."""
    return UnknownRun("Job", "one of this server's jobs", job_id, "Start it again.")
