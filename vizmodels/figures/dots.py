"""Means with their intervals, one row each, for comparing a few methods."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from vizmodels.figures.theme import styled

ROW_HEIGHT, MARGINS = 30, 90  # px


@dataclass(frozen=True)
class Dot:
    """A mean, the half width of its interval, and how it is drawn."""

    name: str
    colour: str
    mean: float
    half_width: float
    symbol: str = "circle"


def dots_figure(dots: Sequence[Dot], x_title: str, *, height: int | None = None) -> go.Figure:
    """A row for each mean with its interval, the first on top.

    Parameters
    ----------
    dots : at least one
    x_title : what the means count, with its unit
    height : px; from the number of rows unless given
    """
    figure = go.Figure()
    for dot in dots:
        figure.add_scatter(
            x=np.array([dot.mean], dtype=np.float32),
            y=[dot.name],
            error_x={
                "type": "data",
                "array": np.array([dot.half_width], dtype=np.float32),
                "thickness": 2,
                "width": 6,
            },
            mode="markers",
            marker={"color": dot.colour, "size": 12, "symbol": dot.symbol},
            showlegend=False,
            hovertemplate=f"%{{y}}: %{{x:.3f}} ± {dot.half_width:.3f}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix="  ")
    return styled(figure, height=height or ROW_HEIGHT * len(dots) + MARGINS, x_title=x_title)
