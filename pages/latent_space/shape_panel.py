"""How Gaussian a latent space is, and how round its clusters: figures and numbers by model."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import streamlit as st

from pages.parts.frame.charts import show_chart
from pages.parts.frame.later import may_come
from pages.parts.models.model_label import lettered
from pages.parts.process.kept import once
from pages.parts.results.answers import wait_for
from vizmodels.analysis.latents.shape import BINS, LatentShape
from vizmodels.figures.marginals import MOST_AXES, marginals_figure
from vizmodels.figures.theme import MODEL_COLOURS
from vizmodels.results.questions import shape as shape_of
from vizmodels.runs.library import RunRecord

HEIGHT = 320  # px
NOTHING = "–"  # where a model or an image set has none of it


def show_shapes(models: Sequence[RunRecord]) -> list[LatentShape] | None:
    """The spread of each axis beside N(0, 1) and the numbers; None while they are made."""
    st.markdown("#### How Gaussian is it?")
    questions = [shape_of(model) for model in models]
    shapes = wait_for(questions, "Comparing each axis with N(0, 1), a few seconds", HEIGHT)
    if shapes is None:
        return None
    names = lettered(models)
    panels = [
        (name, colour, shape.density[np.argsort(-shape.sd, kind="stable")])
        for name, colour, shape in zip(names, MODEL_COLOURS, shapes, strict=False)
    ]
    text = "Density of each latent axis beside N(0, 1), by model"
    show_chart("marginals", text, marginals_figure, panels, BINS, height=HEIGHT)
    if may_come():  # a table of this kind is as heavy as a chart
        st.dataframe(once(_arrow_table, names, shapes), hide_index=True, width="stretch")
    st.caption(
        f"Axes of a model are drawn from the widest on, {MOST_AXES} at most. Distance and KL to "
        "N(0, 1) are means over all axes; those of a discrete VAE are its Gaussian ones. Roundness "
        "is that of a draw of each picture's posterior, with its 95 % interval over the classes: 1 "
        "is a ball, 0 a needle. Silhouette is that of the places on the map: 1 is far apart, 0 "
        "touching."
    )
    return shapes


def _arrow_table(names: Sequence[str], shapes: Sequence[LatentShape]) -> pa.Table:
    """As Streamlit sends it, which would make it by way of pandas on each rerun."""
    return pa.table(shape_table(names, shapes))


def shape_table(names: Sequence[str], shapes: Sequence[LatentShape]) -> dict[str, list[object]]:
    """One row a model, the numbers as text of sensible digits."""

    def span(values: np.ndarray) -> str:
        if not len(values):
            return NOTHING
        low, high = float(values.min()), float(values.max())
        return f"{low:.2f}" if len(values) == 1 else f"{low:.2f} to {high:.2f}"

    return {
        "model": list(names),
        "axes compared": [len(shape.mean) for shape in shapes],
        "mean": [span(shape.mean) for shape in shapes],
        "standard deviation": [span(shape.sd) for shape in shapes],
        "skew": [span(shape.skew) for shape in shapes],
        "excess kurtosis": [span(shape.kurtosis) for shape in shapes],
        "KS distance to N(0, 1)": [_mean(shape.ks) for shape in shapes],
        "KL to N(0, 1), nats": [_mean(shape.kl) for shape in shapes],
        "roundness of classes": [
            _known(shape.roundness) + _interval(shape.roundness_half_width) for shape in shapes
        ],
        "silhouette of classes": [_known(shape.silhouette) for shape in shapes],
    }


def _mean(values: np.ndarray) -> str:
    return f"{values.mean():.3f}" if len(values) else NOTHING


def _known(value: float) -> str:
    return NOTHING if np.isnan(value) else f"{value:.2f}"


def _interval(half_width: float) -> str:
    return "" if np.isnan(half_width) else f" ± {half_width:.2f}"
