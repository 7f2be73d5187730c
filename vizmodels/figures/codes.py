"""Codes of a codebook: their usage, their places, their distances, each in its own colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from vizmodels.figures.images import lay_out
from vizmodels.figures.theme import AXIS_FONT, MODEL_COLOURS, styled

DOT = (7.0, 34.0)  # px, of the least and of the most used code
NEUTRAL = "#808890"  # reads on white and on black
NEAREST_SHOWN = 40
ENLARGED = 4  # times, before a patch's middle cell is framed
GAP_COLOUR = (128, 128, 128)


@dataclass(frozen=True)
class EpochCurve:
    """A figure of the whole test set after each of E epochs of one training."""

    caption: str
    epochs: NDArray[np.int64]
    values: NDArray[np.floating]

    def __post_init__(self) -> None:
        assert self.epochs.shape == self.values.shape and self.epochs.ndim == 1


def usage_figure(
    shares: NDArray[np.floating], colours: NDArray[np.floating], height: int = 340
) -> go.Figure:
    """Share of the cells that each code stands in, the most used first; equal use dashed.

    Parameters
    ----------
    shares : (K,), summing to 1
    colours : (K, 3) in [0, 1]
    height : px
    """
    order = np.argsort(-shares, kind="stable")
    figure = go.Figure()
    figure.add_bar(
        x=np.arange(len(shares)),
        y=(100 * shares[order]).astype(np.float32),
        marker={"color": hex_colours(colours[order]), "line": {"width": 0}},
        customdata=order,
        hovertemplate="code %{customdata}: %{y:.2f} %<extra></extra>",
    )
    figure.add_hline(y=100 / len(shares), line={"dash": "dash", "width": 1.5, "color": NEUTRAL})
    figure.update_layout(bargap=0.0 if len(shares) > 64 else 0.1, showlegend=False)
    return styled(figure, height=height, x_title="codes, most used first", y_title="cells, %")


def codebook_figure(
    coordinates: NDArray[np.floating],
    shares: NDArray[np.floating],
    colours: NDArray[np.floating],
    explained: Sequence[float],
    chosen: int | None = None,
    height: int = 340,
) -> go.Figure:
    """Code vectors on their two principal axes, as large as they are used; dead ones as crosses.

    Parameters
    ----------
    coordinates, shares, colours : (K, 2), (K,) and (K, 3)
    explained : share of the variance along each axis
    chosen : index of a code to be framed
    height : px
    """
    least, most = DOT
    size = least + (most - least) * np.sqrt(shares / max(float(shares.max()), 1e-12))
    frame = np.where(np.arange(len(shares)) == chosen, 4.0, 1.0)
    figure = go.Figure()
    figure.add_scatter(
        x=coordinates[:, 0],
        y=coordinates[:, 1],
        mode="markers",
        marker={
            "color": hex_colours(colours),
            "size": size.astype(np.float32),
            "symbol": np.where(shares > 0, "circle", "x").tolist(),
            "opacity": 0.9,
            "line": {"width": frame.astype(np.float32), "color": NEUTRAL},
        },
        customdata=np.stack([np.arange(len(shares)), 100 * shares], axis=1).astype(np.float32),
        hovertemplate="code %{customdata[0]:.0f}: %{customdata[1]:.2f} %<extra></extra>",
    )
    names = [f"PC{k + 1} ({share:.0%})" for k, share in enumerate(explained)]
    figure.update_layout(showlegend=False)
    return styled(figure, height=height, x_title=names[0], y_title=names[1])


def distances_figure(
    distances: NDArray[np.floating], colours: NDArray[np.floating], height: int = 300
) -> go.Figure:
    """Distances of one encoded cell to its nearest codes, the nearest first.

    Parameters
    ----------
    distances : (K,)
    colours : (K, 3) in [0, 1]
    height : px
    """
    order = np.argsort(distances, kind="stable")[:NEAREST_SHOWN]
    figure = go.Figure()
    figure.add_bar(
        x=np.arange(len(order)),
        y=distances[order].astype(np.float32),
        marker={"color": hex_colours(colours[order]), "line": {"width": 0}},
        hovertemplate="code %{x}: %{y:.3f}<extra></extra>",
    )
    ticks = np.arange(0, len(order), 1 if len(order) <= 20 else 2)
    figure.update_xaxes(
        tickmode="array",
        tickvals=ticks.tolist(),
        ticktext=[str(code) for code in order[ticks].tolist()],
        tickangle=0,
    )
    figure.update_layout(showlegend=False)
    styled(figure, height=height, x_title="code, nearest first", y_title="distance ‖z − e‖")
    figure.update_xaxes(tickfont={"size": AXIS_FONT - 3})
    return figure


def usage_over_training_figure(
    curves: Sequence[EpochCurve], y_title: str, height: int = 320
) -> go.Figure:
    """A figure of the whole test set after each epoch, one line for each training.

    Parameters
    ----------
    curves : a line each
    y_title : what the values are, with their unit
    height : px
    """
    figure = go.Figure()
    for curve, colour in zip(curves, MODEL_COLOURS, strict=False):
        figure.add_scatter(
            x=curve.epochs,
            y=curve.values.astype(np.float32),
            mode="lines+markers",
            name=curve.caption,
            line={"color": colour, "width": 2.5},
            marker={"size": 9},
        )
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"}
    )
    figure.update_xaxes(dtick=1)
    figure.update_yaxes(rangemode="tozero")
    return styled(figure, height=height, x_title="epoch", y_title=y_title)


def patches_sheet(
    patches: NDArray[np.uint8], n_cells: int, columns: int, colour: NDArray[np.floating]
) -> NDArray[np.uint8]:
    """Patches of n×n cells as one sheet, the middle cell of each framed.

    Parameters
    ----------
    patches : (P, C, h, w), C 1 or 3
    n_cells : odd, cells along each side of a patch
    columns : patches in a row of the sheet
    colour : (3,) in [0, 1], of the frames
    """
    n, channels, height, width = patches.shape
    rgb = np.broadcast_to(patches, (n, 3, height, width)) if channels == 1 else patches
    large = rgb.transpose(0, 2, 3, 1).repeat(ENLARGED, axis=1).repeat(ENLARGED, axis=2)
    middle = n_cells // 2
    (top, bottom), (left, right) = (
        (middle * ENLARGED * side // n_cells, (middle + 1) * ENLARGED * side // n_cells)
        for side in (height, width)
    )
    frame = np.round(255 * colour).astype(np.uint8)
    large[:, top - 1 : bottom + 1, [left - 1, right]] = frame
    large[:, [top - 1, bottom], left - 1 : right + 1] = frame
    return lay_out(large, columns, GAP_COLOUR)


def hex_colours(colours: NDArray[np.floating]) -> list[str]:
    """(K, 3) in [0, 1] as "#rrggbb"."""
    as_bytes = np.round(255 * np.clip(colours, 0, 1)).astype(np.uint8)
    return [f"#{row.tobytes().hex()}" for row in as_bytes]
