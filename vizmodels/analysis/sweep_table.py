"""A sweep as a table: each setting's figures over its seeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from vizmodels.analysis.intervals import Interval, mean_interval


@dataclass(frozen=True)
class Setting:
    """One combination of a sweep's values.

    Attributes
    ----------
    values : name of each swept knob -> what it was set to
    evaluations : of the runs that are done, one a seed: name of each figure -> its value
    seeds : of these runs, in the same order
    """

    values: dict[str, float | int]
    evaluations: tuple[dict[str, float], ...]
    seeds: tuple[int, ...]

    def __post_init__(self) -> None:
        assert len(self.seeds) == len(self.evaluations)

    def figure(self, name: str) -> Interval | None:
        """A figure over the seeds; None while no run that has it is done."""
        known = [told[name] for told in self.evaluations if name in told]
        return mean_interval(np.array(known)) if known else None

    def of_seeds(self, name: str) -> dict[int, float]:
        """Seed -> the figure of its run."""
        told = zip(self.seeds, self.evaluations, strict=True)
        return {seed: figures[name] for seed, figures in told if name in figures}

    def without(self, knob: str) -> tuple[tuple[str, float | int], ...]:
        """What else was set: settings that agree in it make up one curve."""
        return tuple((name, value) for name, value in self.values.items() if name != knob)


def figures_in(settings: Iterable[Setting]) -> list[str]:
    """Names of all figures that any run has, in their order there."""
    evaluations = (told for setting in settings for told in setting.evaluations)
    return list(dict.fromkeys(name for told in evaluations for name in told))


def curves_along(
    settings: Sequence[Setting], knob: str, name: str
) -> dict[tuple[tuple[str, float | int], ...], list[tuple[float | int, Interval]]]:
    """A figure along one knob: what else was set -> (value of the knob, figure), ascending.

    Parameters
    ----------
    settings : of the sweep
    knob : one of its swept knobs
    name : of the figure; settings that do not have it yet are left out
    """
    curves: dict[tuple[tuple[str, float | int], ...], list[tuple[float | int, Interval]]] = {}
    for setting in sorted(settings, key=lambda one: one.values[knob]):
        figure = setting.figure(name)
        if figure is not None:
            curves.setdefault(setting.without(knob), []).append((setting.values[knob], figure))
    return curves


@dataclass(frozen=True)
class Difference:
    """How much a figure differs between two settings, seed by seed.

    Attributes
    ----------
    interval : mean of the differences over the seeds that both have, and its 95 % interval; NaN
        of fewer than two
    n_seeds : so many
    """

    interval: Interval
    n_seeds: int

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval leaves out 0; no one seed tells."""
        return abs(self.interval.mean) > self.interval.half_width


def difference(one: Setting, other: Setting, name: str) -> Difference | None:
    """A figure of one setting minus that of another; None while they have no seed in common.

    Runs of one seed begin alike and see the pictures in one order, so that their difference varies
    less than either: two intervals may overlap whose difference is certain.
    """
    first, second = one.of_seeds(name), other.of_seeds(name)
    differences = [first[seed] - second[seed] for seed in first if seed in second]
    if not differences:
        return None
    return Difference(mean_interval(np.array(differences)), len(differences))
