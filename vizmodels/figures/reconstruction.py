"""How well models reconstruct: errors over the images of a set, and the loss taken apart."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from vizmodels.figures.theme import (
    AXIS_FONT,
    MODEL_COLOURS,
    NAME_WIDTH,
    X_TITLE_WIDTH,
    styled,
    wrapped,
)

BINS = 60
ALL_BUT = 0.995  # of the largest errors the last half per cent falls off the axis

TERM_COLOURS = {
    "reconstruction": "#717581",
    "kl": "#ffa90e",
    "kl_beyond_free_bits": "#ffa90e",
    "kl_classes": "#ffa90e",
    "kl_axes": "#b9ac70",
    "commitment": "#832db6",
    "codebook": "#92dadd",
}
"""Of Petroff's ten; the models' own accents are left out, since a term is no model."""

BAR_HEIGHT = 54  # px, of each model; its name may need three lines
AXIS_HEIGHT = 100  # px, of a horizontal axis with its title and the legend


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


def loss_parts_figure(
    models: Sequence[tuple[str, Sequence[str], Sequence[float], str]], height: int | None = None
) -> go.Figure:
    """A bar a model, made of what each weighted term adds to its loss.

    Parameters
    ----------
    models : title, names of the terms, what each adds, and their unit; models whose losses count
        in different units get an axis each, since such losses cannot be compared
    height : px; from the number of models unless given
    """
    units = list(dict.fromkeys(unit for *_, unit in models))
    groups = [[model for model in models if model[3] == unit] for unit in units]
    shares = [len(group) for group in groups]
    figure = make_subplots(rows=len(units), row_heights=shares, vertical_spacing=0.3)
    shown: set[str] = set()
    for row, group in enumerate(groups, start=1):
        for name in dict.fromkeys(name for _, names, *_ in group for name in names):
            having = [
                (title, parts[list(names).index(name)])
                for title, names, parts, _ in group
                if name in names
            ]
            figure.add_bar(
                y=[wrapped(title, NAME_WIDTH) for title, _ in having],
                x=np.array([part for _, part in having], dtype=np.float32),
                name=name.replace("_", " ").replace("kl", "KL"),
                orientation="h",
                marker={"color": TERM_COLOURS.get(name, "#a96b59")},
                legendgroup=name,
                showlegend=name not in shown,
                hovertemplate="%{y}<br>%{fullData.name}: %{x:.5f}<extra></extra>",
                row=row,
                col=1,
            )
            shown.add(name)
    styled(figure, height=height or BAR_HEIGHT * len(models) + AXIS_HEIGHT * len(units))
    figure.update_layout(
        barmode="stack",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix="  ")
    for row, unit in enumerate(units, start=1):
        title = wrapped(f"loss, {unit}", X_TITLE_WIDTH)
        figure.update_xaxes(title_text=title, rangemode="tozero", row=row, col=1)
    figure.update_xaxes(title_font_size=AXIS_FONT)
    return figure
