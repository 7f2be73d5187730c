"""Which axis of a latent space knows which known cause of the pictures."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from vizmodels.figures.theme import AXIS_FONT, styled

ROW_HEIGHT, MARGINS = 40, 110  # px
MOST_WITH_TEXT = 9  # columns into which a figure fits, where the page has two figures in a row


def factor_axes_figure(
    shares: NDArray[np.floating],
    factor_names: Sequence[str],
    axis_names: Sequence[str],
    *,
    height: int | None = None,
) -> go.Figure:
    """R² (F, A) of each factor from each axis as a heat map from 0 to 1.

    Parameters
    ----------
    shares : in [0, 1], or below 0 where what was held out is predicted worse than by its mean
    factor_names, axis_names : of rows and columns
    height : px; from the number of factors unless given
    """
    shown = shares.astype(np.float32)
    figure = go.Figure(
        go.Heatmap(
            z=shown,
            x=list(axis_names),
            y=list(factor_names),
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            colorbar={"title": {"text": "R²"}, "thickness": 14},
            texttemplate="%{z:.2f}" if shown.shape[1] <= MOST_WITH_TEXT else None,
            textfont={"size": AXIS_FONT - 2},
            hovertemplate="%{y} from %{x}: R² %{z:.3f}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", automargin=True)
    return styled(
        figure, height=height or ROW_HEIGHT * len(factor_names) + MARGINS, x_title="latent axis"
    )
