"""Two settings of a sweep beside each other: by how much a figure differs, seed by seed."""

import streamlit as st

from pages.ablation.sweep_form import AXIS_NAMES
from vizmodels.analysis.sweep_table import Difference, Setting, difference


def show_difference(settings: list[Setting], figure: str, unit: str) -> None:
    """Show two pickers, and the paired difference of the settings chosen."""
    names = [name_of(setting) for setting in settings]
    one, other, told = st.columns([2, 2, 3], vertical_alignment="bottom")
    every = range(len(settings))
    first = one.selectbox(
        "Is this setting", every, format_func=names.__getitem__, key="sweep_difference_of"
    )
    second = other.selectbox(
        "different from this one?", every, index=1, format_func=names.__getitem__,
        key="sweep_difference_to",
    )  # fmt: skip
    found = difference(settings[first], settings[second], figure)
    told.markdown(difference_text(found, figure.replace("_", " "), unit))


def name_of(setting: Setting) -> str:
    """What was set."""
    return ", ".join(f"{AXIS_NAMES[knob]} {value:g}" for knob, value in setting.values.items())


def difference_text(found: Difference | None, figure: str, unit: str) -> str:
    """The difference with its interval, and whether chance alone may have made it."""
    if found is None:
        return "They have no seed in common yet whose runs are done."
    mean, half = found.interval.mean, found.interval.half_width
    of = f"Test {figure}: **{mean:+.3g}**"
    if found.n_seeds < 2:
        return f"{of} {unit} with the one seed they share: a second one would show what is chance."
    verdict = "more than the seeds make" if found.is_beyond_chance else "chance may have made it"
    if mean == half == 0:
        verdict = "none"
    return (
        f"{of} ± {half:.2g} {unit}, the 95 % interval of the differences of {found.n_seeds} seeds: "
        f"{verdict}."
    )
