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
    """

    values: dict[str, float | int]
    evaluations: tuple[dict[str, float], ...]

    def figure(self, name: str) -> Interval | None:
        """A figure over the seeds; None while no run that has it is done."""
        known = [told[name] for told in self.evaluations if name in told]
        return mean_interval(np.array(known)) if known else None

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
