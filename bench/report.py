"""How a bench reports: one JSON line per figure."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes
    ----------
    name : what was measured
    value, unit : of ours
    peer : the same figure of what it is compared with, or None
    ratio : how many times better ours is than the peer's, or None
    reach : what the ratio, or without a peer the value, should reach, as text; "" if only reported
    ok : whether it does; None where nothing is to be reached
    """

    name: str
    value: float
    unit: str
    peer: float | None = None
    ratio: float | None = None
    reach: str = ""
    ok: bool | None = None


def report(figure: Figure) -> None:
    """Print the figure as one JSON line."""
    rounded = {
        key: float(f"{value:.4g}") if isinstance(value, float) else value
        for key, value in asdict(figure).items()
    }
    print(json.dumps(rounded), flush=True)


def at_most(name: str, value: float, unit: str, limit: float, peer: float | None = None) -> Figure:
    """A figure that should stay at or below a limit."""
    ratio = None if peer is None else value / peer
    return Figure(name, value, unit, peer, ratio, f"<= {limit:g} {unit}", value <= limit)


def at_least(name: str, value: float, unit: str, limit: float, peer: float | None = None) -> Figure:
    """A figure that should reach a limit."""
    ratio = None if peer is None else value / peer
    return Figure(name, value, unit, peer, ratio, f">= {limit:g} {unit}", value >= limit)


def times_better(name: str, value: float, unit: str, peer: float, needed: float | None) -> Figure:
    """A throughput beside its peer's; `needed` is the ratio to reach."""
    ratio = value / peer
    reach = "" if needed is None else f">= {needed:g} x"
    return Figure(
        name, value, unit, peer, ratio, reach, None if needed is None else ratio >= needed
    )


def median_seconds(call: Callable[[], object], n: int) -> float:
    """Median wall time of n calls."""
    seconds: list[float] = []
    for _ in range(n):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def at_most_times(name: str, value: float, unit: str, peer: float, times: float) -> Figure:
    """A figure that should be at most so many times its peer's, which alone decides."""
    ratio = value / peer
    return Figure(name, value, unit, peer, ratio, f"<= {times:g} x", ratio <= times)
