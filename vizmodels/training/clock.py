"""What is due while a training runs, and how long the rest of it will take."""

import math
import time

from vizmodels.training.control import Governor

REPORT_SECONDS = 0.25  # between reports; each waits for the device once
FIRST_REPORT_SECONDS = 0.05  # before the first one, for which somebody waits
PREVIEW_SECONDS = 0.4  # between previews; one costs 3 to 50 ms, of a prior's samples more
PREVIEW_SHARE = 0.006  # of the time at most that goes into previews
CHECKPOINT_SECONDS = 5.0  # between checkpoints


class Clock:
    """What is due: reports, previews, checkpoints; and how long the rest will take."""

    def __init__(self, governor: Governor, first_step: int) -> None:
        self.governor, self.first_step = governor, first_step
        self.began = self._saved = time.perf_counter()
        self._reported = self.began - REPORT_SECONDS + FIRST_REPORT_SECONDS
        self._previewed = -math.inf  # the first report shows what there is to begin with
        self._resumed: float | None = None

    def resume(self) -> None:
        """Training goes on, if it was not going on already."""
        if self._resumed is None:
            self._resumed = self._active_seconds()

    def pause(self) -> float:
        """Seconds of training since it went on."""
        began, self._resumed = self._resumed, None
        return 0.0 if began is None else self._active_seconds() - began

    def report_is_due(self) -> bool:
        """Whether watchers are to be told now."""
        return self.governor.is_slow or time.perf_counter() - self._reported >= REPORT_SECONDS

    def reported(self) -> None:
        """They have been told."""
        self._reported = time.perf_counter()

    def checkpoint_is_due(self) -> bool:
        """Whether a checkpoint is to be written now."""
        now = time.perf_counter()
        is_due = now - self._saved > CHECKPOINT_SECONDS
        self._saved = now if is_due else self._saved
        return is_due

    def preview_is_due(self, cost_seconds: float) -> bool:
        """Whether enough time has passed, given what a preview costs."""
        now = time.perf_counter()
        is_due = now - self._previewed > max(PREVIEW_SECONDS, cost_seconds / PREVIEW_SHARE)
        self._previewed = now if is_due else self._previewed
        return is_due

    def seconds_left(self, done: int, n_steps: int) -> float | None:
        """By the steps taken so far, waiting left out; None before the first."""
        if done == self.first_step:
            return None
        active = self._active_seconds() - self.began
        return active / (done - self.first_step) * (n_steps - done)

    def _active_seconds(self) -> float:
        return time.perf_counter() - self.governor.idle_seconds
