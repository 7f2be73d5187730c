"""What the knobs do: curves over one of them, and the plane of rate and distortion."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from vizmodels.figures.theme import SEQUENTIAL, class_colour, styled

BAND_OPACITY = 0.18
HEIGHT = 380  # px


@dataclass(frozen=True)
class Line:
    """A figure along one knob, with its intervals over seeds.

    Attributes
    ----------
    name : what else was set
    x : values of the knob
    mean, half_width : of the figure and its interval, as many; 0 where there is none
    """

    name: str
    x: tuple[float | int, ...]
    mean: tuple[float, ...]
    half_width: tuple[float, ...]

    def __post_init__(self) -> None:
        assert len(self.x) == len(self.mean) == len(self.half_width)


@dataclass(frozen=True)
class RatePoint:
    """One run on the plane: nats of KL it uses, and what it loses."""

    name: str
    rate: float
    distortion: float


def knob_curves_figure(
    lines: Sequence[Line], x_title: str, y_title: str, *, is_logarithmic: bool
) -> go.Figure:
    """The figure against the knob, one line for each setting of the others, intervals as bands.

    Parameters
    ----------
    lines : each with its values in ascending order of x
    x_title, y_title : with units
    is_logarithmic : whether the knob's axis is; needs positive values
    """
    figure = go.Figure()
    for at, line in enumerate(lines):
        colour = class_colour(at)
        if any(line.half_width):
            ends = list(zip(line.mean, line.half_width, strict=True))
            high, low = [mean + half for mean, half in ends], [mean - half for mean, half in ends]
            figure.add_scatter(
                x=[*line.x, *line.x[::-1]],
                y=[*high, *low[::-1]],
                fill="toself",
                fillcolor=colour,
                opacity=BAND_OPACITY,
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
            )
        figure.add_scatter(
            x=line.x,
            y=line.mean,
            mode="lines+markers",
            name=line.name,
            line={"color": colour, "width": 2.5},
            marker={"size": 9},
        )
    figure.update_layout(showlegend=any(line.name for line in lines))
    styled(figure, height=HEIGHT, x_title=x_title, y_title=y_title)
    ticks = sorted({x for line in lines for x in line.x})
    figure.update_xaxes(
        type="log" if is_logarithmic else "linear",
        tickvals=ticks,
        ticktext=[f"{x:g}" for x in ticks],
    )
    return figure


def rate_distortion_figure(
    points: Sequence[RatePoint], rate_title: str, distortion_title: str
) -> go.Figure:
    """Every run by what it sends and what it loses; runs of one name share a colour.

    Parameters
    ----------
    points : of the runs
    rate_title, distortion_title : with units

    References
    ----------
    Alemi et al. 2018, Fixing a Broken ELBO, section 2.
    """
    figure = go.Figure()
    for at, name in enumerate(dict.fromkeys(point.name for point in points)):
        own = sorted((p for p in points if p.name == name), key=lambda point: point.rate)
        figure.add_scatter(
            x=[point.rate for point in own],
            y=[point.distortion for point in own],
            mode="markers",
            name=name,
            marker={"color": class_colour(at), "size": 12},
        )
    return styled(figure, height=HEIGHT, x_title=rate_title, y_title=distortion_title)


BRIGHT = 0.55  # of the colour scale: from here on dark letters are read better


@dataclass(frozen=True)
class CellColour:
    """Of a cell in a grid, and of what is written on it; CSS."""

    paper: str
    ink: str


def cell_colours(values: Sequence[float | None]) -> list[CellColour | None]:
    """The colour of each figure between the least and the largest; none where there is none."""
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    shares = [None if v is None else (v - low) / ((high - low) or 1.0) for v in values]
    return [
        None
        if share is None
        else CellColour(
            str(sample_colorscale(SEQUENTIAL, [share])[0]),
            "#10141a" if share > BRIGHT else "#ffffff",
        )
        for share in shares
    ]
