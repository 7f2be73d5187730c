"""How much may be asked of the engine at once."""

import os
from dataclasses import dataclass

from vizmodels.errors import InvalidExperiment


@dataclass(frozen=True)
class Limits:
    """Bounds on open jobs, in all and of one visitor.

    Attributes
    ----------
    per_visitor : trainings queued, running or paused at once; a whole sweep counts as one
    calls_per_visitor : other computations, such as maps
    queue : jobs of all visitors, each training of a sweep for itself
    sweep : trainings in one sweep
    """

    per_visitor: int = 2
    calls_per_visitor: int = 20
    queue: int = 200
    sweep: int = 100

    @classmethod
    def from_environment(cls) -> "Limits":
        """The defaults, but for LATENTARIUM_JOBS_PER_VISITOR and LATENTARIUM_QUEUE.

        Raises
        ------
        InvalidExperiment : one of them is no whole number from 1 on
        """
        default = cls()
        return cls(
            per_visitor=_setting("LATENTARIUM_JOBS_PER_VISITOR", default.per_visitor),
            queue=_setting("LATENTARIUM_QUEUE", default.queue),
        )


def _setting(name: str, default: int) -> int:
    given = os.environ.get(name, str(default))
    if not given.isdecimal() or int(given) < 1:
        raise InvalidExperiment(name, "a whole number from 1 on", given, "Set it, or leave it out.")
    return int(given)
