"""How the latents spread along each axis, beside N(0, 1)."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from vizmodels.figures.bands import NEUTRAL
from vizmodels.figures.theme import AXIS_FONT, styled

MOST_AXES = 16  # drawn of one model
TALLEST = 1.0  # density; a spike of an axis that hardly moves would press the others flat


def marginals_figure(
    models: Sequence[tuple[str, str, NDArray[np.floating]]],
    edges: NDArray[np.floating],
    *,
    height: int = 320,
) -> go.Figure:
    """A panel a model: the density of each latent axis over a bold N(0, 1).

    Parameters
    ----------
    models : title, accent and densities (A, S) of each; at most 16 axes of a model are drawn,
        and none of one that has none
    edges : (S + 1,) of the histograms
    """
    titles = [title for title, *_ in models]
    figure = make_subplots(cols=len(models), subplot_titles=titles, horizontal_spacing=0.05)
    centres = ((edges[1:] + edges[:-1]) / 2).astype(np.float32)
    normal = (np.exp(-np.square(centres) / 2) / np.sqrt(2 * np.pi)).astype(np.float32)
    for column, (title, colour, densities) in enumerate(models, start=1):
        place = {"row": 1, "col": column}
        figure.add_scatter(
            x=centres, y=normal, mode="lines", line={"color": NEUTRAL, "width": 5},
            name="N(0, 1)", showlegend=column == 1, **place,
        )  # fmt: skip
        for axis, density in enumerate(densities[:MOST_AXES]):
            figure.add_scatter(
                x=centres, y=density.astype(np.float32), mode="lines",
                line={"color": colour, "width": 1.5}, opacity=0.8, showlegend=False,
                name=f"{title}, axis {axis + 1}", **place,
            )  # fmt: skip
    styled(figure, height=height, x_title="z")
    figure.update_yaxes(title_text="density", row=1, col=1)
    highest = max((float(d[:MOST_AXES].max()) for *_, d in models if len(d)), default=0.0)
    figure.update_yaxes(range=[0, min(TALLEST, max(0.45, 1.05 * highest))])
    figure.update_annotations(font_size=AXIS_FONT)
    figure.update_layout(
        margin={"t": 60}, legend={"orientation": "h", "y": 1.12, "yanchor": "bottom"}
    )
    return figure
