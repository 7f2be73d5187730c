"""Puts the stage on a page: names and addresses go to the browser, nothing else."""

from typing import Any, Literal

import streamlit as st

from pages.parts.process.shared import atlas, results
from pages.parts.stage.addresses import stage_address
from pages.parts.stage.shipped_maps import shipped_model, shipped_points
from vizmodels.analysis.maps.kinds import Extent, ProjectionKind
from vizmodels.runs.library import RunRecord

STAGE_HEIGHT = 640  # px

Panel = Literal["sliders", "codes", "picture", "paths", "draw", "selection"]

# The modules are fetched and kept by the browser; only these lines travel with the page.
_LOADER = """
export default async function (component) {
  const stage = await import(new URL("STAGE/main.js", document.baseURI));
  return stage.mount({ ...component, data: component.data[0] });
}
"""


def show_stage(
    a: RunRecord,
    b: RunRecord | None = None,
    *,
    kind: ProjectionKind = "raw",
    extent: Extent = "some",
    panel: Panel | None = None,
    key: str = "stage",
    height: int = STAGE_HEIGHT,
) -> Any:
    """Show the map of model A, beside model B's if there is one, with its decoder and sliders.

    Parameters
    ----------
    a, b : runs on the same images
    kind : the map to show; for UMAP and t-SNE it must have been computed before
    extent : how many pictures
    panel : the tab that is open at first, and again whenever another one is asked for; the first
        tab unless given
    key : of the component
    height : px

    Returns
    -------
    The component's result. `.picked` is {"index": picture} once a point was clicked, and
    `.selected` {"run", "kind", "epoch", "n", "polygon"}, the corners drawn on the run's map of n
    pictures, while pictures are selected; else they are None.
    """
    component = st.components.v2.component(
        "latentarium_stage", js=_LOADER.replace("STAGE", stage_address())
    )
    data = {
        "points": stage_points(a, extent),
        "a": _model(a, kind, extent),
        "b": None if b is None else _model(b, kind, extent),
        "view": "map" if a.embedding_dim <= 2 else "sliders",
        "panel": panel,
        "height": height,
    }
    return component(
        key=key,
        # In a list: of a mapping Streamlit asks whether each value is a table, and imports pandas.
        data=[data],
        height="content",
        on_picked_change=lambda: None,
        on_selected_change=lambda: None,
    )


def stage_points(record: RunRecord, extent: Extent = "some") -> dict[str, object]:
    """What the browser is told of the pictures on a map."""
    shipped = shipped_points(record, extent)
    if shipped is not None:
        return shipped
    from vizmodels.stage.description import describe_points  # here, since it imports torch

    return describe_points(atlas(), record, extent)


def _model(record: RunRecord, kind: ProjectionKind, extent: Extent) -> dict[str, object]:
    shipped = shipped_model(record, kind, extent)
    if shipped is not None:
        return shipped
    with st.spinner("Encoding the pictures of the map", show_time=True):
        from vizmodels.results.maps import find_map
        from vizmodels.stage.description import describe_model

        projection = find_map(results(), record.id, kind, extent=extent)
        assert projection is not None, f"the {kind} map of {record.id} has not been computed"
        return describe_model(atlas(), record, projection, extent)
