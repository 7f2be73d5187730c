"""Loss terms over a training run."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from vizmodels.figures.theme import MODEL_A, MODEL_B, styled


def term_figure(
    name: str,
    unit: str,
    steps: Sequence[int],
    train: NDArray[np.floating],
    test_steps: Sequence[int],
    test: NDArray[np.floating],
    *,
    n_steps: int,
    height: int = 260,
) -> go.Figure:
    """One loss term over the steps: training as a line, the test set as points.

    Parameters
    ----------
    name, unit : of the term
    steps, train : step numbers and the term's mean since the one before
    test_steps, test : step numbers and the term's mean over the test set
    n_steps : steps of the whole run; the axis reaches that far from the start
    height : px
    """
    figure = go.Figure()
    figure.add_scatter(
        x=np.asarray(steps, dtype=np.float32),
        y=np.asarray(train, dtype=np.float32),
        mode="lines",
        name="training",
        line={"color": MODEL_A, "width": 2},
    )
    figure.add_scatter(
        x=np.asarray(test_steps, dtype=np.float32),
        y=np.asarray(test, dtype=np.float32),
        mode="markers+lines",
        name="test",
        marker={"color": MODEL_B, "size": 8},
        line={"color": MODEL_B, "width": 1, "dash": "dot"},
    )
    figure.update_xaxes(range=[0, n_steps])
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    return styled(figure, height=height, x_title="step", y_title=f"{name}<br>{unit}")
