"""Latents as points: the map in three axes."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from vizmodels.figures.theme import MODEL_A, SEQUENTIAL, class_colour, letters, styled

CAMERA = {"x": 1.75, "y": 1.75, "z": 1.25}
"""Farther away than Plotly's own place, from which a wide cloud is cut off at the sides."""


def map_3d_figure(
    coordinates: NDArray[np.floating],
    labels: NDArray[np.int64] | None,
    class_names: Sequence[str],
    axis_names: Sequence[str],
    *,
    values: NDArray[np.floating] | None = None,
    values_name: str = "",
    height: int = 620,
) -> go.Figure:
    """P points in three axes, coloured by class, or by `values` (P,) on a sequential scale."""
    figure = go.Figure()
    groups = (
        [(values_name, MODEL_A, np.ones(len(coordinates), bool))]
        if values is not None
        else _groups(labels, class_names, len(coordinates))
    )
    for name, colour, chosen in groups:
        x, y, z = coordinates[chosen].astype(np.float32).T
        marker: dict[str, object] = {"size": 2.5, "color": colour, "opacity": 0.85}
        if values is not None:
            marker |= {
                "color": values.astype(np.float32),
                "colorscale": SEQUENTIAL,
                "colorbar": {"title": {"text": values_name}},
            }
        figure.add_scatter3d(
            x=x, y=y, z=z, mode="markers", name=name, marker=marker, hoverinfo="name"
        )
    styled(figure, height=height)
    axes = {key: {"title": {"text": name}} for key, name in zip("xyz", axis_names, strict=True)}
    figure.update_layout(
        scene={f"{key}axis": axis for key, axis in axes.items()}
        | {"aspectmode": "data", "camera": {"eye": CAMERA}},
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        uirevision="camera",  # keeps the visitor's view when colours change
    )
    return figure


def _groups(
    labels: NDArray[np.int64] | None, class_names: Sequence[str], n: int
) -> list[tuple[str, str, NDArray[np.bool_]]]:
    if labels is None:
        return [("images", MODEL_A, np.ones(n, bool))]
    names = letters(class_names)
    return [(name, class_colour(k), labels == k) for k, name in enumerate(names)]
