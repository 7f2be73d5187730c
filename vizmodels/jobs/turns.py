"""Whose turn it is: visitors one after the other, each with the oldest of what he asked for."""

from collections.abc import Sequence
from itertools import count

from vizmodels.jobs.record import Job


class Turns:
    """Round-robin between visitors; a visitor who has just been served comes last."""

    def __init__(self) -> None:
        self._clock = count(1)
        self._served: dict[str, int] = {}

    def take(self, waiting: Sequence[Job]) -> Job | None:
        """The job whose turn it is, of those that wait, oldest submission first; None of none."""
        order = self._order(waiting, self._served)
        if not order:
            self._served.clear()  # nobody waits, so nobody is owed anything
            return None
        self._served[order[0].visitor] = next(self._clock)
        return order[0]

    def order(self, waiting: Sequence[Job]) -> list[Job]:
        """All that wait, in the order in which their turns will come."""
        return self._order(waiting, self._served)

    @staticmethod
    def _order(waiting: Sequence[Job], served: dict[str, int]) -> list[Job]:
        """Each visitor's first job by when he was served last, then each one's second, …"""
        rounds: dict[str, int] = {}
        ranked: list[tuple[int, int, int, Job]] = []
        for at, job in enumerate(waiting):
            number = rounds[job.visitor] = rounds.get(job.visitor, -1) + 1
            ranked.append((number, served.get(job.visitor, 0), at, job))
        return [job for *_, job in sorted(ranked, key=lambda rank: rank[:3])]
