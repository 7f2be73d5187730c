"""Colours and type that every figure shares."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

CLASS_COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip
"""Petroff's ten (arXiv 2107.02270): told apart with every common colour vision. A class keeps its
colour on every page."""

MODEL_A, MODEL_B = "#3f90da", "#e76300"
"""The accent of model A and of model B, on every page."""

SEQUENTIAL = "Viridis"
AXIS_FONT = 15  # px; axis labels are read from the last row
BODY_FONT = 16


def class_colour(label: int) -> str:
    """The colour of a class; from the eleventh on they repeat."""
    return CLASS_COLOURS[label % len(CLASS_COLOURS)]


def styled(figure: go.Figure, *, height: int, x_title: str = "", y_title: str = "") -> go.Figure:
    """The figure in the app's type and margins, its height fixed so that nothing jumps.

    Colours of paper and text are left to the page's light or dark theme.
    """
    figure.update_layout(
        height=height,
        margin={"l": 64, "r": 16, "t": 24, "b": 56},
        font={"size": BODY_FONT},
        legend={"font": {"size": AXIS_FONT}, "itemsizing": "constant"},
        hoverlabel={"font": {"size": AXIS_FONT}},
    )
    axis: dict[str, Any] = {
        "title": {"font": {"size": AXIS_FONT}},
        "tickfont": {"size": AXIS_FONT - 1},
    }
    figure.update_xaxes(title_text=x_title, **axis)
    figure.update_yaxes(title_text=y_title, **axis)
    return figure


def signed_colours(values: NDArray[np.floating], bound: float) -> NDArray[np.uint8]:
    """RGB of signed values: white at zero, blue below, red above, full colour at ±bound.

    Parameters
    ----------
    values : array (...)
    bound : magnitude that gets the full colour; larger ones are cut

    Returns
    -------
    uint8 array (..., 3)
    """
    negative, positive = np.array([33.0, 102.0, 172.0]), np.array([178.0, 24.0, 43.0])
    share = np.clip(values / bound, -1, 1)[..., None]
    full = np.where(share < 0, negative, positive)
    return (255 + (full - 255) * np.abs(share)).round().astype(np.uint8)
