"""Curves with the intervals they are known within."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from vizmodels.figures.theme import styled

NEUTRAL = "#808890"  # of what no model made; reads on white and on black
BAND_OPACITY = 0.25


@dataclass(frozen=True)
class Band:
    """One curve.

    Attributes
    ----------
    name : in the legend
    colour : six hex digits
    x, y : (R,) values
    half_width : (R,) of the interval around y, or None
    dash : of the line, as Plotly names it
    """

    name: str
    colour: str
    x: NDArray[np.floating]
    y: NDArray[np.floating]
    half_width: NDArray[np.floating] | None = None
    dash: str = "solid"

    def __post_init__(self) -> None:
        assert self.x.shape == self.y.shape and self.x.ndim == 1
        assert self.half_width is None or self.half_width.shape == self.y.shape


def bands_figure(
    bands: Sequence[Band], x_title: str, y_title: str, *, height: int = 380
) -> go.Figure:
    """Curves over one axis, each with its interval as a band of the same colour."""
    figure = go.Figure()
    for band in bands:
        x, y = band.x.astype(np.float32), band.y.astype(np.float32)
        if band.half_width is not None:
            half = band.half_width.astype(np.float32)
            red, green, blue = (int(band.colour[at : at + 2], 16) for at in (1, 3, 5))
            figure.add_scatter(
                x=np.concatenate([x, x[::-1]]),
                y=np.concatenate([y + half, (y - half)[::-1]]),
                fill="toself",
                fillcolor=f"rgba({red},{green},{blue},{BAND_OPACITY})",
                line={"width": 0},
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
                legendgroup=band.name,
            )
        figure.add_scatter(
            x=x,
            y=y,
            name=band.name,
            mode="lines+markers",
            line={"color": band.colour, "width": 2.5, "dash": band.dash},
            marker={"size": 6},
            legendgroup=band.name,
        )
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    figure.update_yaxes(rangemode="tozero")
    return styled(figure, height=height, x_title=x_title, y_title=y_title)
