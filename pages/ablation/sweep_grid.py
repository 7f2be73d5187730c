"""The grid of a sweep, filling as its runs finish; a cell is chosen by a click."""

import math
from itertools import groupby

import numpy as np
import streamlit as st

from pages.ablation.sweep_form import AXIS_NAMES
from pages.parts.process.kept import once
from pages.parts.stage.addresses import stage_address
from vizmodels.analysis.intervals import Interval
from vizmodels.analysis.sweep_table import Setting, figures_in
from vizmodels.export.tables import Column
from vizmodels.figures.ablation import CellColour, cell_colours
from vizmodels.jobs.sweeps import CellProgress, SweepProgress

_LOADER = """
export default async function (component) {
  const grid = await import(new URL("STAGE/sweep_grid.js", document.baseURI));
  return grid.mount(component);
}
"""


def settings_of(progress: SweepProgress) -> list[Setting]:
    """The sweep's combinations with the evaluations that are there."""
    return [
        Setting(
            dict(cells[0].values),
            tuple(cell.evaluation for cell in cells if cell.evaluation is not None),
            tuple(cell.seed for cell in cells if cell.evaluation is not None),
        )
        for cells in _by_setting(progress)
    ]


def sweep_table(progress: SweepProgress) -> dict[str, Column]:
    """Every run that is done, a row each: what was set, its seed, and its figures."""
    done = [cell for cell in progress.cells if cell.evaluation is not None]
    table: dict[str, Column] = {
        axis: np.array([cell.values[axis] for cell in done]) for axis in progress.sweep.axes
    }
    table |= {"seed": np.array([cell.seed for cell in done])}
    table |= {"run": [cell.run_id for cell in done]}
    for name in figures_in(settings_of(progress)):
        table[name] = np.array([(cell.evaluation or {}).get(name, math.nan) for cell in done])
    return table


def show_grid(progress: SweepProgress, figure: str, chosen: str | None, key: str) -> str | None:
    """Show the grid of a figure; returns the run that was just chosen, if one was.

    Parameters
    ----------
    progress : of the sweep
    figure : whose mean over the seeds is written and coloured
    chosen : run of the cell that is framed
    key : of the component
    """
    settings, cells = settings_of(progress), _by_setting(progress)
    told = [setting.figure(figure) for setting in settings]
    colours = once(cell_colours, [None if one is None else one.mean for one in told])
    axes = [axis for axis in progress.sweep.axes if len(progress.sweep.values(axis)) > 1]
    across = progress.sweep.values(axes[-1]) if axes else (0.0,)
    down = list(axes[:-1])
    shown = [
        _cell(own, one, colour, chosen)
        for own, one, colour in zip(cells, told, colours, strict=True)
    ]
    width = len(across)
    rows = [
        {
            "name": ", ".join(f"{AXIS_NAMES[a]} {cells[at][0].values[a]:g}" for a in down),
            "cells": shown[at : at + width],
        }
        for at in range(0, len(shown), width)
    ]
    component = st.components.v2.component(
        "latentarium_sweep_grid", js=_LOADER.replace("STAGE", stage_address())
    )
    data = {
        "corner": AXIS_NAMES[axes[-1]] if axes else "",
        "columns": [f"{value:g}" for value in across] if axes else ["one setting"],
        "rows": rows,
        "chosen": chosen,
    }
    result = component(key=key, data=data, height="content", on_chosen_change=lambda: None)
    return result.chosen


def _by_setting(progress: SweepProgress) -> list[tuple[CellProgress, ...]]:
    return [
        tuple(cells) for _, cells in groupby(progress.cells, key=lambda c: tuple(c.values.items()))
    ]


def _cell(
    cells: tuple[CellProgress, ...],
    told: Interval | None,
    colour: CellColour | None,
    chosen: str | None,
) -> dict[str, object]:
    """What the browser draws of one setting; its run is the chosen one of its seeds, or the
    first that is done."""
    n_done = sum(cell.state == "done" for cell in cells)
    done = [cell.run_id for cell in cells if cell.state == "done"]
    running = [
        cell.job.latest.fraction if cell.job is not None and cell.job.latest is not None else 0.0
        for cell in cells
        if cell.state in ("running", "paused")
    ]
    states = {cell.state for cell in cells}
    order = ("running", "queued", "failed", "cancelled", "missing", "done")
    state = next((one for one in order if one in states), "missing")
    text = "" if told is None else f"{told.mean:.3g}"
    detail = f"{n_done} of {len(cells)}" if n_done < len(cells) else ""
    if told is not None and told.half_width > 0:
        detail = " · ".join(filter(None, (f"± {told.half_width:.1g}", detail)))
    names = ", ".join(f"{AXIS_NAMES[axis]} {value:g}" for axis, value in cells[0].values.items())
    return {
        "text": text or {"running": "…", "queued": "waits", "failed": "failed"}.get(state, "–"),
        "detail": detail,
        "state": state,
        "share": (n_done + sum(running)) / len(cells) if state != "done" else 0.0,
        "colour": None if colour is None else colour.paper,
        "ink": "" if colour is None else colour.ink,
        "run": chosen if chosen in done else next(iter(done), None),
        "label": f"{names}: {text or state}, {n_done} of {len(cells)} seeds done",
    }
