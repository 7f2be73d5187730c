"""What may be asked of a training while it runs: to wait, to go step by step, slower, elsewhere."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from vizmodels.errors import TrainingSetAside, TrainingStopped
from vizmodels.experiment import Knob

Wish = Literal["run", "pause", "yield", "stop"]


@dataclass(frozen=True)
class Turn:
    """One turn of a knob, numbered by the nanoseconds since 1970 when it was asked for.

    So a training that goes on from its checkpoint knows which turns it has taken already.
    """

    number: int
    knob: Knob
    value: float


@dataclass(frozen=True)
class Order:
    """Everything that is asked of a training at one moment; a newer order replaces it.

    Attributes
    ----------
    wish : to run; to wait; to write a checkpoint and end for now; to end
    n_steps_granted : single steps allowed in all, while it waits
    seconds_per_step : that each step takes at least, for slow motion; 0 is full speed
    turns : of knobs, all since the start
    """

    wish: Wish = "run"
    n_steps_granted: int = 0
    seconds_per_step: float = 0.0
    turns: tuple[Turn, ...] = ()

    def running(self) -> "Order":
        """The same order, but to run."""
        return replace(self, wish="run")

    def paused(self) -> "Order":
        """The same order, but to wait."""
        return replace(self, wish="pause")

    def one_step(self) -> "Order":
        """The same order, but to wait after one step more."""
        return replace(self, wish="pause", n_steps_granted=self.n_steps_granted + 1)

    def slowed(self, seconds_per_step: float) -> "Order":
        """The same order at another pace."""
        return replace(self, seconds_per_step=seconds_per_step)

    def with_turn(self, knob: Knob, value: float) -> "Order":
        """The same order with one more turn of a knob, whose number is the highest so far."""
        last = self.turns[-1].number if self.turns else 0
        number = max(time.time_ns(), last + 1)  # clocks can stand, and be set back
        return replace(self, turns=(*self.turns, Turn(number, knob, value)))


AskOrder = Callable[[], Order]
"""Answers what is asked now; called before every step, so it must take no time."""


SHOWN_STEP_SECONDS = 0.1  # from here on every step is shown
LISTEN_SECONDS = 0.02  # between two looks at the order while a training waits


def run_freely() -> Order:
    """The order of a training that nobody looks after."""
    return FREE


FREE = Order()


class Governor:
    """Lets the steps of a training through, one at a time, as it is asked.

    Parameters
    ----------
    ask : answers what is asked now
    obey : given each new order before it is looked at, to turn the knobs
    set_aside : writes a checkpoint; False if it cannot, and the training then goes on waiting
    say_waiting : tells the watchers where the training stands as it begins to wait
    n_stepped : of the single steps granted, those that an earlier attempt has taken
    """

    def __init__(
        self,
        ask: AskOrder,
        obey: Callable[[Order], None],
        set_aside: Callable[[], bool],
        say_waiting: Callable[[], None],
        n_stepped: int = 0,
    ) -> None:
        self._ask, self._obey, self._set_aside, self._say = ask, obey, set_aside, say_waiting
        self._order: Order | None = None
        self.n_stepped = n_stepped
        self._last_step_at = 0.0
        self.idle_seconds = 0.0
        """Time in which the training waited for an order."""

    @property
    def is_slow(self) -> bool:
        """Whether each step is to be shown: single steps, or slow motion."""
        order = self._order or FREE
        return order.wish == "pause" or order.seconds_per_step >= SHOWN_STEP_SECONDS

    def admit_step(self) -> None:
        """Return when the next step may be taken.

        Raises
        ------
        TrainingStopped : the order is to stop
        TrainingSetAside : the order is to end for now; the checkpoint has been written
        """
        order = self._hear()
        if order is FREE:
            return
        if order.wish == "run" and not order.seconds_per_step:
            self.n_stepped = order.n_steps_granted
            return
        began = time.perf_counter()
        if order.wish == "pause" and order.n_steps_granted <= self.n_stepped:
            self._say()
        while not self._may_step(order):
            time.sleep(LISTEN_SECONDS)
            order = self._hear()
        self._last_step_at = time.perf_counter()
        self.idle_seconds += self._last_step_at - began

    def _may_step(self, order: Order) -> bool:
        match order.wish:
            case "stop":
                raise TrainingStopped("The training", "left running", "a stop", "Start it again.")
            case "yield":
                if self._set_aside():
                    raise TrainingSetAside("The training", "left running", "a pause", "Resume it.")
                return False
            case "pause":
                may = self.n_stepped < order.n_steps_granted
                self.n_stepped += may
                return may
            case "run":
                self.n_stepped = order.n_steps_granted
                return time.perf_counter() - self._last_step_at >= order.seconds_per_step

    def _hear(self) -> Order:
        order = self._ask()
        if order is not self._order:
            self._order = order
            self._obey(order)
        return order
