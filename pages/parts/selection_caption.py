"""What the selected pictures are to each model, in one line below the stage."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.parts.shared import atlas
from vizmodels.analysis.points import Extent
from vizmodels.analysis.projection import ProjectionKind
from vizmodels.analysis.selection import inside_polygon, read_polygon
from vizmodels.errors import LatentariumError
from vizmodels.runs.library import RunRecord


def show_selection(
    models: Sequence[RunRecord],
    selected: Mapping[str, Any] | None,
    kind: ProjectionKind,
    extent: Extent,
) -> None:
    """How well each model reconstructs the pictures within the polygon drawn on a map."""
    if not selected:
        return
    drawn_on = models[0] if selected.get("map") == "a" else models[-1]
    projection = atlas().projection(drawn_on.id, kind, extent=extent)
    assert projection is not None
    try:
        polygon = read_polygon(selected.get("polygon"))
    except LatentariumError as error:
        st.warning(str(error))
        return
    inside = inside_polygon(projection.coordinates, polygon)
    if not inside.any():
        return
    errors = [atlas().squared_errors(model.id, extent) for model in models]
    told = " · ".join(
        f"{model.title}: {error[inside].mean():.4f} on these, {error.mean():.4f} on all"
        for model, error in zip(models, errors, strict=True)
    )
    st.caption(f"{inside.sum():,} pictures selected · squared error per pixel · {told}")
