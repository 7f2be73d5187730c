"""What the selected pictures are to each model, in one line below the stage."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts.frame.plain import letter_by_letter
from pages.parts.process.shared import atlas, results
from vizmodels.analysis.maps.kinds import Extent, ProjectionKind
from vizmodels.analysis.maps.selection import inside_polygon, read_polygon
from vizmodels.errors import LatentariumError
from vizmodels.results.maps import find_map
from vizmodels.runs.library import RunRecord


def show_selection(
    models: Sequence[RunRecord],
    selected: Mapping[str, Any] | None,
    kind: ProjectionKind,
    extent: Extent,
) -> None:
    """How well each model reconstructs the pictures within the polygon drawn on a map."""
    coordinates = _coordinates(models, selected, kind, extent)
    if coordinates is None or selected is None:
        return
    try:
        polygon = read_polygon(selected.get("polygon"))
    except LatentariumError as error:
        st.warning(letter_by_letter(str(error)))
        return
    inside = inside_polygon(coordinates, polygon)
    if not inside.any():
        return
    errors = [atlas().squared_errors(model.id, extent) for model in models]
    told = " · ".join(
        f"{model.title}: {error[inside].mean():.4f} on these, {error.mean():.4f} on all"
        for model, error in zip(models, errors, strict=True)
    )
    st.caption(f"{inside.sum():,} pictures selected · squared error per pixel · {told}")


def _coordinates(
    models: Sequence[RunRecord],
    selected: Mapping[str, Any] | None,
    kind: ProjectionKind,
    extent: Extent,
) -> NDArray[np.float32] | None:
    """Of the map the polygon was drawn on; None if that is no longer the one shown."""
    run = next((m.id for m in models if selected and m.id == selected.get("run")), None)
    if selected is None or run is None or selected.get("kind") != kind:
        return None
    epoch = selected.get("epoch")
    if epoch in atlas().epochs(run)[:-1]:
        coordinates = atlas().epoch_view(run, epoch, kind, extent).coordinates
    else:
        projection = find_map(results(), run, kind, extent=extent)
        assert projection is not None
        coordinates = projection.coordinates
    return coordinates if len(coordinates) == selected.get("n") else None
