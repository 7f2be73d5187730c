"""A sweep's figures as curves over one knob, and on the plane of rate and distortion."""

import math

import streamlit as st

from pages.ablation.difference_panel import show_difference
from pages.ablation.sweep_form import AXIS_NAMES
from pages.parts.frame.charts import show_chart
from vizmodels.analysis.latents.size import rate
from vizmodels.analysis.sweep_table import Setting, curves_along
from vizmodels.figures.ablation import (
    Line,
    RatePoint,
    knob_curves_figure,
    rate_distortion_figure,
)
from vizmodels.specs import OF_DRAWS
from vizmodels.sweep import Sweep, SweepAxis

UNITS = {
    "reconstruction": "per pixel",
    OF_DRAWS: "per pixel",
    "kl": "nats",
    "kl_classes": "nats",
    "kl_axes": "nats",
    "loss": "per pixel",
}
"""Of the figures of a sweep's runs."""


def show_charts(sweep: Sweep, settings: list[Setting], figure: str) -> None:
    """Show the curves of a figure along the knob that is chosen, and the plane if there is a KL."""
    curves, plane = st.columns(2)
    axes = [axis for axis in sweep.axes if len(sweep.values(axis)) > 1]
    with curves:
        if axes:
            _show_curves(settings, _pick_knob(axes), figure, UNITS.get(figure, ""))
        else:
            st.caption("With a second value of a knob there is a curve.")
    with plane:
        _show_plane(settings, axes)
    if len(settings) > 1:
        show_difference(settings, figure, UNITS.get(figure, ""))


def _pick_knob(axes: list[SweepAxis]) -> SweepAxis:
    if len(axes) == 1:
        st.caption(f"Along {AXIS_NAMES[axes[0]].lower()}")
        return axes[0]
    return st.segmented_control(
        "Along", axes, default=axes[0], required=True, key="sweep_along",
        format_func=AXIS_NAMES.__getitem__,
    )  # fmt: skip


def _show_curves(settings: list[Setting], knob: SweepAxis, figure: str, unit: str) -> None:
    lines = [
        Line(
            ", ".join(f"{AXIS_NAMES[name]} {value:g}" for name, value in others),
            tuple(x for x, _ in points),
            tuple(told.mean for _, told in points),
            tuple(0.0 if math.isnan(told.half_width) else told.half_width for _, told in points),
        )
        for others, points in curves_along(settings, knob, figure).items()
    ]
    is_logarithmic = all(x > 0 for line in lines for x in line.x) and knob != "noise_weight"
    name = figure.replace("_", " ")
    y_title = f"test {name}, {unit}" if unit else f"test {name}"
    show_chart(
        "sweep_curves",
        f"Test {name} along {AXIS_NAMES[knob].lower()}, with 95 % intervals over seeds",
        knob_curves_figure,
        lines,
        AXIS_NAMES[knob],
        y_title,
        is_logarithmic=is_logarithmic,
    )


def _show_plane(settings: list[Setting], axes: list[SweepAxis]) -> None:
    first = axes[0] if axes else None
    with_rate = [
        (setting, told, nats)
        for setting in settings
        for told in setting.evaluations
        if (nats := rate(told)) is not None
    ]
    if not with_rate:
        st.caption("Only models with a KL term have a rate: try a VAE for the plane of rate and "
                   "distortion.")  # fmt: skip
        return
    points = [
        RatePoint(
            f"{AXIS_NAMES[first]} {setting.values[first]:g}" if first else "all",
            nats,
            told[OF_DRAWS],
        )
        for setting, told, nats in with_rate
        if OF_DRAWS in told
    ]
    text = "Rate and distortion: each dot is a run, its distortion that of draws z ~ q(z|x)"
    if n_older := len(with_rate) - len(points):
        text += f". Left out: {n_older} of {len(with_rate)}, trained before draws were evaluated"
    st.caption(f"{text}.")
    if not points:
        return
    titles = ("rate: KL, nats per image", "distortion: test reconstruction of draws, per pixel")
    text = "Each run by its KL and the reconstruction of draws from the same posteriors"
    show_chart("sweep_plane", text, rate_distortion_figure, points, *titles)
