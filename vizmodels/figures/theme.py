"""Colours and type that every figure shares."""

import html
import textwrap
from collections.abc import Iterable
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

MODEL_COLOURS = ("#3f90da", "#e76300", "#009e73", "#a45fd0")
"""The accents of models A to D, on every page: apart in every colour vision (blue and orange of
Petroff's ten, green of Okabe & Ito's eight) and each readable on white and on black."""

MODEL_A, MODEL_B = MODEL_COLOURS[:2]

SEQUENTIAL = "Viridis"
DIVERGING_ON_LIGHT = (np.array([255.0] * 3), (33.0, 102.0, 172.0), (178.0, 24.0, 43.0))
DIVERGING_ON_DARK = (np.array([22.0, 28.0, 38.0]), (88.0, 166.0, 255.0), (255.0, 95.0, 82.0))
"""Zero, the lower and the upper bound of a signed map; zero is the paper."""
AXIS_FONT = 15  # px; axis labels are read from the last row
BODY_FONT = 16
NAME_WIDTH = 28  # letters of a line of a model's name beside its bar
X_TITLE_WIDTH = 30  # letters of a line: what a phone has room for beside an axis of names


def class_colour(label: int) -> str:
    """The colour of a class; from the eleventh on they repeat."""
    return CLASS_COLOURS[label % len(CLASS_COLOURS)]


def wrapped(text: str, width: int) -> str:
    """The text in lines of at most so many letters, where Plotly would cut one long line."""
    return "<br>".join(textwrap.wrap(text, width, break_long_words=False))


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
    figure.update_xaxes(title_text=wrapped(x_title, X_TITLE_WIDTH), automargin=True, **axis)
    figure.update_yaxes(title_text=y_title, **axis)
    return figure


def signed_colours(
    values: NDArray[np.floating], bound: float, *, dark: bool = False
) -> NDArray[np.uint8]:
    """RGB of signed values: the page's white or black at zero, blue below, red above.

    Parameters
    ----------
    values : array (...)
    bound : magnitude that gets the full colour; larger ones are cut
    dark : whether the page is dark, where white would glare

    Returns
    -------
    uint8 array (..., 3)
    """
    nothing, negative, positive = DIVERGING_ON_DARK if dark else DIVERGING_ON_LIGHT
    share = np.clip(values / bound, -1, 1)[..., None]
    full = np.where(share < 0, np.array(negative), np.array(positive))
    return (nothing + (full - nothing) * np.abs(share)).round().astype(np.uint8)


def letters(names: Iterable[str]) -> list[str]:
    """Names that others gave, such as classes', so that Plotly reads no HTML in them."""
    return [html.escape(name, quote=False) for name in names]
