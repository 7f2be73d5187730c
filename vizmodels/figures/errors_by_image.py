"""How the reconstruction error spreads over the images of a set."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from vizmodels.figures.theme import MODEL_COLOURS, styled

BINS = 60
ALL_BUT = 0.995  # of the largest errors the last half per cent falls off the axis


def error_distribution_figure(
    models: Sequence[tuple[str, NDArray[np.floating]]], height: int = 300
) -> go.Figure:
    """Share of images at each squared error per pixel, one line a model, its median dashed.

    Parameters
    ----------
    models : title and squared errors (N,) of at most four models; A first
    height : px
    """
    top = max(float(np.quantile(errors, ALL_BUT)) for _, errors in models)
    edges = np.linspace(0, top, BINS + 1)
    centres = ((edges[1:] + edges[:-1]) / 2).astype(np.float32)
    figure = go.Figure()
    for (title, errors), colour in zip(models, MODEL_COLOURS, strict=False):
        share = np.histogram(errors, edges)[0] / len(errors) * 100
        figure.add_scatter(
            x=centres,
            y=share.astype(np.float32),
            mode="lines",
            name=title,
            line={"color": colour, "width": 2.5, "shape": "hvh"},
        )
        figure.add_vline(
            x=float(np.median(errors)), line={"color": colour, "dash": "dash", "width": 1.5}
        )
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    figure.update_yaxes(rangemode="tozero")
    return styled(figure, height=height, x_title="squared error per pixel", y_title="images, %")
