"""Puts the stage on a page: names and addresses go to the browser, nothing else."""

from typing import Any, Literal

import numpy as np
import streamlit as st

from pages.parts.process.shared import atlas, results
from pages.parts.stage.addresses import LATENTS_FILE, PROGRAM_FILE, WEIGHTS_FILE, stage_address
from pages.parts.stage.axis_names import axis_names, latent_axis_names
from pages.parts.stage.code_words import said_codes
from vizmodels.analysis.maps.points import Extent
from vizmodels.analysis.maps.projection import ProjectionKind
from vizmodels.export.sprite import COLUMNS, EXACT_COLUMNS, EXACT_TILES, SHEET_TILES
from vizmodels.results.maps import find_map
from vizmodels.runs.library import RunRecord
from vizmodels.specs import DiscreteVAESpec

STAGE_HEIGHT = 640  # px

Panel = Literal["sliders", "codes", "picture", "paths", "draw", "selection"]

# The modules are fetched and kept by the browser; only these lines travel with the page.
_LOADER = """
export default async function (component) {
  const stage = await import(new URL("STAGE/main.js", document.baseURI));
  return stage.mount(component);
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
        data=data,
        height="content",
        on_picked_change=lambda: None,
        on_selected_change=lambda: None,
    )


def stage_points(record: RunRecord, extent: Extent = "some") -> dict[str, object]:
    """What the browser is told of the pictures on a map."""
    dataset = record.experiment.dataset
    points = atlas().points(dataset, extent)
    images = atlas().data(atlas().run(record.id))
    exact = {"columns": EXACT_COLUMNS, "tiles": EXACT_TILES}
    return {
        "url": f"artefacts/points/{atlas().points_key(dataset, extent)}",
        "n": len(points),
        "n_test": points.n_test,
        "image_shape": list(images.image_shape),
        "columns": COLUMNS,
        "sheet_tiles": SHEET_TILES,
        "exact": exact if images.image_shape[0] == 3 else None,
        "class_names": list(images.class_names),
        "factor_names": list(images.factor_names),
        "has_labels": points.pictures.labels is not None,
    }


def _model(record: RunRecord, kind: ProjectionKind, extent: Extent) -> dict[str, object]:
    base = f"artefacts/runs/{atlas().run_key(record.id)}"
    of_pictures = f"{base}/{extent}"
    projection = find_map(results(), record.id, kind, extent=extent)
    assert projection is not None, f"the {kind} map of {record.id} has not been computed"
    shown: dict[str, object] = {"kind": kind, "url": f"{of_pictures}/maps/{kind}.bin"}
    names = latent_axis_names(record)
    shown["axes"] = names[:2] if kind == "raw" and names else axis_names(kind, projection.explained)
    if projection.mean is not None and projection.components is not None:
        shown["mean"] = projection.mean.tolist()
        shown["components"] = projection.components.tolist()
    return {
        "run": record.id,
        "title": record.title,
        "latent_dim": record.embedding_dim,
        "axis_names": names,
        "posterior_sigmas": _sigmas(record),
        "program": f"{base}/{PROGRAM_FILE}",
        "weights": f"{base}/{WEIGHTS_FILE}",
        "latents": f"{of_pictures}/{LATENTS_FILE}",
        "codes": said_codes(record),
        "map": shown,
        "groups": _groups(record),
        "measures": _measures(record, kind, extent, of_pictures),
        "epochs": _epochs(record, kind, shown, base, of_pictures),
    }


def _sigmas(record: RunRecord) -> list[float] | None:
    """Root mean square width of the posteriors on each axis, where the model has posteriors."""
    variances = atlas().posterior_variances(record.id)
    return None if variances is None else [round(sigma, 4) for sigma in np.sqrt(variances).tolist()]


def _groups(record: RunRecord) -> list[int]:
    """Numbers of classes of a discrete VAE's variables, which are its first axes."""
    spec = record.experiment.model
    return [spec.n_classes] * spec.n_variables if isinstance(spec, DiscreteVAESpec) else []


def _measures(
    record: RunRecord, kind: ProjectionKind, extent: Extent, base: str
) -> list[dict[str, str]]:
    """What the points can be coloured by, beside classes and factors; fetched when it is."""
    names = {"error": "squared error"}
    if extent == "some":
        names["pixels"] = "pixel neighbours kept"
        if record.embedding_dim > 2 or kind not in ("raw", "pca"):
            names[kind] = "latent neighbours kept by the map"
    return [
        {"name": name, "title": title, "url": f"{base}/measures/{name}.bin"}
        for name, title in names.items()
    ]


def _epochs(
    record: RunRecord, kind: ProjectionKind, shown: dict[str, object], base: str, of_pictures: str
) -> list[dict[str, object]]:
    """The run after each of its epochs that are kept, in the form of `_model`."""
    if kind not in ("raw", "pca"):
        return []
    epochs: list[dict[str, object]] = []
    for epoch in atlas().epochs(record.id):
        on_map = f"{of_pictures}/epochs/{epoch}/{kind}"
        place = {"kind": kind, "axes": shown["axes"], "url": f"{on_map}/map.bin"}
        if kind == "pca":
            place["plane"] = f"{on_map}/plane.json"
        epochs.append(
            {
                "epoch": epoch,
                "program": f"{base}/epochs/{epoch}/{PROGRAM_FILE}",
                "weights": f"{base}/epochs/{epoch}/{WEIGHTS_FILE}",
                "latents": f"{on_map}/{LATENTS_FILE}",
                "map": place,
            }
        )
    return epochs
