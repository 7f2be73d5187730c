"""Maps of three axes side by side, to be turned with the mouse."""

from collections.abc import Sequence

import streamlit as st

from pages.parts.frame.charts import show_chart
from pages.parts.models.run_kinds import KIND_NAMES
from pages.parts.process.shared import atlas, results
from vizmodels.analysis.maps.kinds import ProjectionKind
from vizmodels.figures.latents import map_3d_figure
from vizmodels.results.maps import find_map
from vizmodels.runs.library import RunRecord
from vizmodels.stage.axis_names import axis_names


def show_3d(models: Sequence[RunRecord], kind: ProjectionKind) -> None:
    """The map of each model; of a kind that has been computed."""
    points = atlas().points(models[0].experiment.dataset)
    names = atlas().data(atlas().run(models[0].id)).class_names
    for model, column in zip(models, st.columns(len(models)), strict=True):
        shown = find_map(results(), model.id, kind, 3)
        assert shown is not None, f"the {kind} map of {model.id} has not been computed"
        axes = axis_names(kind, shown.explained, 3)
        with column:
            st.markdown(f"**{model.title}**")
            text = f"The {KIND_NAMES[kind]} map of {model.title} in three axes"
            shown_points = (shown.coordinates, points.labels(), names, axes)
            show_chart(f"map3d_{model.id}", text, map_3d_figure, *shown_points)
