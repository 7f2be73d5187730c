"""Samplers beside each other: their distance to test images, their classes, and their latents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from vizmodels.figures.theme import AXIS_FONT, letters, styled

NEUTRAL = "#808890"  # reads on white and on black
LEAST = 1e-3  # of a distance on a logarithmic axis
ROW = 34  # px of a bar
MOST_TICKS = 4  # of the latent axes, which are whole numbers
SHOWN_POINTS = 2_000  # of the latents; more do not change the picture


@dataclass(frozen=True)
class Bar:
    """One sampler's figure.

    Attributes
    ----------
    name : of model and sampler
    colour : of the model
    value : Fréchet distance
    """

    name: str
    colour: str
    value: float


def frechet_figure(bars: Sequence[Bar], floor: float) -> go.Figure:
    """Fréchet distance of each sampler, the best on top; the floor dashed. Logarithmic.

    Parameters
    ----------
    bars : one a sampler
    floor : distance of as many training images to the same test images
    """
    ranked = sorted(bars, key=lambda bar: -bar.value)
    figure = go.Figure()
    figure.add_bar(
        x=np.array([bar.value for bar in ranked], np.float32),
        y=[bar.name for bar in ranked],
        orientation="h",
        marker={"color": [bar.colour for bar in ranked], "line": {"width": 0}},
        text=[f"{bar.value:,.0f}" if bar.value >= 10 else f"{bar.value:.1f}" for bar in ranked],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.1f}<extra></extra>",
    )
    figure.add_vline(x=floor, line={"dash": "dash", "width": 2, "color": NEUTRAL})
    figure.add_annotation(  # add_vline would take the logarithmic axis for a linear one
        x=float(np.log10(max(floor, LEAST))), y=1, yref="paper", yanchor="bottom",
        text="training images", showarrow=False, font={"size": AXIS_FONT - 1},
    )  # fmt: skip
    highest = max(bar.value for bar in ranked)
    low, high = np.log10(max(floor, LEAST) * 0.6), np.log10(highest * 1.8)
    figure.update_xaxes(type="log", range=[float(low), float(high)], dtick=1)
    figure.update_layout(showlegend=False)
    styled(figure, height=110 + ROW * len(bars), x_title="Fréchet distance to test images")
    figure.update_layout(margin={"l": 16, "r": 32, "t": 44, "b": 56})
    figure.update_yaxes(automargin=True)
    return figure


def class_shares_figure(
    names: Sequence[str], shares: NDArray[np.floating], class_names: Sequence[str]
) -> go.Figure:
    """Share of each class in each sampler's pictures, a row a sampler.

    Parameters
    ----------
    names : R, the test set first
    shares : (R, L), each row summing to 1
    class_names : L
    """
    figure = go.Figure()
    per_cent = (100 * shares).astype(np.float32)
    figure.add_heatmap(
        z=per_cent,
        x=letters(class_names),
        y=list(names),
        colorscale="Viridis",
        zmin=0,
        text=[[f"{value:.0f}" for value in row] for row in per_cent],
        texttemplate="%{text}",
        textfont={"size": AXIS_FONT - 2},
        hovertemplate="%{y}, class %{x}: %{z:.1f} %<extra></extra>",
        colorbar={"title": {"text": "%"}},
    )
    styled(figure, height=110 + ROW * len(names), x_title="class that the classifier sees")
    figure.update_layout(margin={"l": 16, "r": 16, "t": 24, "b": 56})
    figure.update_yaxes(automargin=True, autorange="reversed")
    figure.update_xaxes(type="category")
    return figure


def latents_and_prior_figure(
    latents: NDArray[np.floating],
    drawn: NDArray[np.floating],
    colour: str,
    axis_names: Sequence[str],
    *,
    has_prior: bool,
    height: int = 330,
) -> go.Figure:
    """Where images lie, and where a sampler draws, on two latent axes of one scale.

    Parameters
    ----------
    latents : (N, 2), of images
    drawn : (M, 2), of the sampler
    colour : of the model
    axis_names : two
    has_prior : whether rings of one and two standard deviations of N(0, I) are drawn
    height : px
    """
    every = max(1, len(latents) // SHOWN_POINTS)
    figure = go.Figure()
    for name, points, shade, size in (
        ("images", latents[::every], NEUTRAL, 4),
        ("drawn", drawn[:SHOWN_POINTS], colour, 4),
    ):
        figure.add_scatter(
            x=points[:, 0].astype(np.float32),
            y=points[:, 1].astype(np.float32),
            mode="markers",
            name=name,
            marker={"color": shade, "size": size, "opacity": 0.5},
            hoverinfo="name",
        )
    for radius in (1, 2) if has_prior else ():
        circle = {"x0": -radius, "x1": radius, "y0": -radius, "y1": radius}
        figure.add_shape(type="circle", line={"color": NEUTRAL, "width": 2}, **circle)
    styled(figure, height=height, x_title=axis_names[0], y_title=axis_names[1])
    figure.update_layout(
        margin={"l": 56, "r": 8, "t": 36, "b": 52},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "itemsizing": "constant"},
    )
    figure.update_yaxes(scaleanchor="x", scaleratio=1)
    return figure


def axis_spread_figure(
    means: NDArray[np.floating],
    deviations: NDArray[np.floating],
    colour: str,
    height: int = 260,
) -> go.Figure:
    """Mean and standard deviation of the latents on each axis, beside the prior's 0 ± 1.

    Parameters
    ----------
    means, deviations : (D,), of the aggregate posterior
    colour : of the model
    height : px
    """
    figure = go.Figure()
    figure.add_hrect(y0=-1, y1=1, fillcolor=NEUTRAL, opacity=0.25, line_width=0)
    figure.add_scatter(
        x=np.arange(1, len(means) + 1),
        y=means.astype(np.float32),
        error_y={"type": "data", "array": deviations.astype(np.float32), "thickness": 3},
        mode="markers",
        marker={"color": colour, "size": 8},
        hovertemplate="axis %{x}: %{y:.2f} ± %{error_y.array:.2f}<extra></extra>",
    )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(dtick=max(1, len(means) // MOST_TICKS))
    styled(figure, height=height, x_title="latent axis", y_title="mean ± std")
    figure.update_layout(margin={"l": 56, "r": 8, "t": 12, "b": 52})
    return figure


def shares_figure(shares: NDArray[np.floating], colour: str, height: int = 330) -> go.Figure:
    """How often each value of a discrete latent is used, beside a prior that uses all alike.

    Parameters
    ----------
    shares : (K,), summing to 1
    colour : of the model
    height : px
    """
    ranked = np.sort(shares)[::-1]
    figure = go.Figure()
    figure.add_bar(
        x=np.arange(1, len(ranked) + 1),
        y=(100 * ranked).astype(np.float32),
        marker={"color": colour, "line": {"width": 0}},
        hovertemplate="%{y:.2f} %<extra></extra>",
    )
    figure.add_hline(y=100 / len(ranked), line={"color": NEUTRAL, "width": 2, "dash": "dash"})
    figure.update_layout(showlegend=False, bargap=0.0 if len(ranked) > 64 else 0.1)
    styled(figure, height=height, x_title="values, most used first", y_title="used, %")
    figure.update_layout(margin={"l": 56, "r": 8, "t": 36, "b": 52})
    return figure
