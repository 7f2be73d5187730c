"""What each axis of a model does to a picture, and which cause of the pictures it knows."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from pages.parts.frame.charts import show_chart
from pages.parts.frame.pictures import show_rows
from pages.parts.models.model_label import LETTERS, lettered
from pages.parts.process.cache import CACHE
from pages.parts.process.shared import atlas, library
from vizmodels.analysis.latents.traversal import Traversals, r_squared, r_squared_of_all, traverse
from vizmodels.analysis.maps.projection import principal_axes
from vizmodels.figures.factor_axes import factor_axes_figure
from vizmodels.figures.images import tile_sheet
from vizmodels.runs.library import RunRecord
from vizmodels.stage.axis_names import latent_axis_names

MOST_AXES = 16
WIDEST_SHEET = 640  # px


@st.fragment
def show_traversals(models: Sequence[RunRecord], index: int) -> None:
    """Walk along the axes of one of the models from the picture at this place of the map."""
    st.markdown("#### One axis at a time")
    names = lettered(models)
    chosen = st.segmented_control(
        "Model", list(LETTERS[: len(models)]), default="A", required=True, key="traversed",
        format_func=lambda letter: names[LETTERS.index(letter)],
    )  # fmt: skip
    model = models[LETTERS.index(chosen)]
    chosen_walks = (model.id, atlas().run_key(model.id), index)
    walks = _walks(*chosen_walks)
    left, right = st.columns(2, gap="large")
    with left:
        st.caption(f"From the first image of the pair; ordered by {walks.worth_unit}.")
        rows = [f"{n} · {w:.2f}" for n, w in zip(walks.names, walks.worth, strict=True)]
        sheet = _walks_sheet(*chosen_walks)
        show_rows(sheet, rows, f"Traversals of {model.title}, a row for each axis", WIDEST_SHEET)
    with right:
        _show_factors(model)


@CACHE.cached
def _walks(run_id: str, key: str, index: int) -> Traversals:
    """The walks from one picture; `key` only tells versions apart."""
    assert key.startswith(run_id)
    run, latents = atlas().run(run_id), atlas().latents(run_id)
    images = atlas().points(run.experiment.dataset).pictures.images
    return traverse(run.autoencoder, images[index : index + 1], latents, images, MOST_AXES)


@CACHE.cached
def _walks_sheet(run_id: str, key: str, index: int) -> NDArray[np.uint8]:
    walks = _walks(run_id, key, index).pictures
    return tile_sheet(walks.reshape(-1, *walks.shape[2:]), columns=walks.shape[1])


def _show_factors(model: RunRecord) -> None:
    points = atlas().points(model.experiment.dataset)
    if points.pictures.factors is None:
        name = model.experiment.dataset
        st.caption(f"The pictures of {name} have no known causes to compare the axes with.")
        return
    n = model.embedding_dim
    one = "an axis" if n <= MOST_AXES else f"each of the {MOST_AXES} leading components"
    st.caption(
        f"How much of each known cause of a stroke {one} explains, and under “all” its {n} axes "
        "together, of pictures that the fit has not seen."
    )
    text = f"R² of each factor from each axis of {model.title}"
    of_run = (model.id, atlas().run_key(model.id))
    show_chart(f"factors_{model.id}", text, _factors_figure, *of_run)


def _factors_figure(run_id: str, key: str) -> go.Figure:
    """What each axis explains; `key` only tells versions apart."""
    assert key.startswith(run_id)
    data = atlas().data(atlas().run(run_id))
    factors = atlas().points(data.name).pictures.factors
    assert factors is not None
    latents, names = atlas().latents(run_id), latent_axis_names(library().record(run_id))
    of_all = r_squared_of_all(latents, factors.numpy())[:, None]
    if latents.shape[1] > MOST_AXES:
        latents, names = _leading(latents)
    names = names or [f"z{k + 1}" for k in range(latents.shape[1])]
    shares = r_squared(latents, factors.numpy())
    return factor_axes_figure(np.hstack([shares, of_all]), data.factor_names, [*names, "all"])


def _leading(latents: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[str]]:
    mean, axes, _ = principal_axes(latents, MOST_AXES)
    return (latents - mean) @ axes.T, [f"PC{k + 1}" for k in range(MOST_AXES)]
