"""What models keep of the class: accuracies with their intervals, and which classes get lost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from vizmodels.figures.theme import AXIS_FONT, MODEL_COLOURS, NAME_WIDTH, letters, styled, wrapped

NEUTRAL = "#808890"  # reads on white and on black
ROW = 54  # px of a model
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
JUDGE_COLOURS = (*MODEL_COLOURS, "#b9ac70")
HIGHEST = 101.5  # of the accuracy axis, so that no marker is cut at 100 %


@dataclass(frozen=True)
class Accuracies:
    """One judge's verdict on M models.

    Attributes
    ----------
    judge : what it is called
    means : (M,), share of the test images that are read right
    half_widths : (M,), of the interval of each mean
    original : what the same judge reaches on the pictures themselves; NaN where that is not known
    """

    judge: str
    means: NDArray[np.float64]
    half_widths: NDArray[np.float64]
    original: float = float("nan")

    def __post_init__(self) -> None:
        assert self.means.shape == self.half_widths.shape and self.means.ndim == 1


@dataclass(frozen=True)
class BySize:
    """One family's P models: sizes of their latents, accuracies and half widths of intervals."""

    name: str
    sizes: NDArray[np.float64]
    means: NDArray[np.float64]
    half_widths: NDArray[np.float64]

    def __post_init__(self) -> None:
        assert self.sizes.shape == self.means.shape == self.half_widths.shape


def accuracies_figure(models: Sequence[str], judges: Sequence[Accuracies]) -> go.Figure:
    """Accuracy of every judge on every model, a row a model; on originals a dashed line.

    Parameters
    ----------
    models : M names, from the top
    judges : each of M accuracies
    """
    figure = go.Figure()
    rows = np.arange(len(models))
    places = np.linspace(-0.24, 0.24, len(judges)) if len(judges) > 1 else np.zeros(1)
    for judge, place, symbol, colour in zip(judges, places, SYMBOLS, JUDGE_COLOURS, strict=False):
        figure.add_scatter(
            x=(100 * judge.means).astype(np.float32),
            y=rows + place,
            mode="markers",
            name=judge.judge,
            marker={"symbol": symbol, "size": 11, "color": colour},
            error_x={
                "type": "data",
                "array": np.nan_to_num(100 * judge.half_widths).astype(np.float32),
                "thickness": 2,
                "width": 4,
            },
            hovertemplate=judge.judge + ": %{x:.1f} ± %{error_x.array:.1f} %<extra></extra>",
        )
        if np.isfinite(judge.original):
            line = {"color": colour, "width": 1.5, "dash": "dash"}
            figure.add_vline(x=100 * judge.original, line=line)
    styled(figure, height=130 + ROW * len(models), x_title="test images read right, %")
    figure.update_yaxes(
        tickmode="array",
        tickvals=rows.tolist(),
        ticktext=[wrapped(model, NAME_WIDTH) for model in models],
        range=[len(models) - 0.5, -0.5],
        automargin=True,
        zeroline=False,
    )
    figure.update_xaxes(range=[None, HIGHEST])
    figure.update_layout(
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"},
        margin={"l": 16, "r": 16, "t": 64, "b": 56},
    )
    return figure


def accuracy_by_size_figure(
    families: Sequence[BySize],
    size_name: str,
    height: int = 420,
) -> go.Figure:
    """One judge's accuracy against the size of the latent, a line a family.

    Parameters
    ----------
    families : a line each
    size_name : caption of the horizontal axis, with its unit
    height : px
    """
    figure = go.Figure()
    colours = (*JUDGE_COLOURS, NEUTRAL)
    for at, family in enumerate(families):
        figure.add_scatter(
            x=family.sizes.astype(np.float32),
            y=(100 * family.means).astype(np.float32),
            mode="lines+markers",
            name=family.name,
            line={"color": colours[at % len(colours)], "width": 2.5},
            marker={"size": 10, "symbol": SYMBOLS[at % len(SYMBOLS)]},
            error_y={
                "type": "data",
                "array": np.nan_to_num(100 * family.half_widths).astype(np.float32),
                "thickness": 2,
            },
        )
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    sizes = [float(size) for family in families for size in family.sizes]
    low, high = np.log2(min(sizes, default=1.0)), np.log2(max(sizes, default=1.0))
    powers = 2 ** np.arange(np.floor(low), np.ceil(high) + 1)
    figure.update_xaxes(type="log", tickmode="array", tickvals=powers.tolist())
    return styled(figure, height=height, x_title=size_name, y_title="test images read right, %")


def confusion_figure(
    confusion: NDArray[np.integer], class_names: Sequence[str], height: int = 460
) -> go.Figure:
    """Per cent of each true class that is read as each other class; the diagonal is left blank.

    Parameters
    ----------
    confusion : (L, L), true class by class read
    class_names : L
    height : px
    """
    totals = confusion.sum(axis=1, keepdims=True)
    per_cent = (100 * confusion / np.maximum(totals, 1)).astype(np.float32)
    lost = per_cent.copy()
    np.fill_diagonal(lost, np.nan)
    figure = go.Figure()
    figure.add_heatmap(
        z=lost,
        x=letters(class_names),
        y=letters(class_names),
        colorscale="Viridis",
        zmin=0,
        text=[[f"{value:.0f}" if value >= 0.5 else "" for value in row] for row in per_cent],
        texttemplate="%{text}",
        textfont={"size": AXIS_FONT - 1},
        hovertemplate="%{y} read as %{x}: %{z:.1f} %<extra></extra>",
        colorbar={"title": {"text": "%"}},
    )
    styled(figure, height=height, x_title="read as", y_title="true class")
    figure.update_yaxes(type="category", autorange="reversed")
    figure.update_xaxes(type="category")
    return figure
