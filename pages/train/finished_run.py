"""A run that is stored: how it learned, what it makes of pictures, and where to go from it."""

from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts.models.data_gate import data_are_here
from pages.parts.models.model_picker import choose
from pages.parts.models.run_kinds import autoencodes, figures_of
from pages.parts.process.cache import CACHE
from pages.parts.process.shared import atlas, library
from pages.parts.samples.token_film import show_sampling
from pages.train.job_controls import KNOB_NAMES
from pages.train.learning import Mark, show_curves, show_map, show_pictures, space_of
from vizmodels.jobs import Curve
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.training.preview import PreviewMaker
from vizmodels.training.progress import History


def show_finished(run_id: str) -> None:
    """Show how a stored run learned, and what it makes of test images now."""
    run, record = atlas().run(run_id), library().record(run_id)
    history, family = run.history, run.experiment.model.family
    curves, pictures = st.columns([3, 2])
    with pictures:
        show_pictures(*run.preview, family)
        if data_are_here(record):
            show_map(*_map(run_id, atlas().run_key(run_id)), space_of(family))
    with curves:
        if run.experiment.training.solver == "closed_form":
            error = f"{run.evaluation['reconstruction']:.4f}"
            st.metric(f"Test reconstruction, {history.units[0]}", error)
            st.caption("Found in closed form, without a step of gradient descent.")
            return
        st.caption(f"On the test set at the end: {figures_of(record)}")
        n_steps = history.steps[-1]
        show_curves(Curve.of(history), n_steps / history.epochs[-1], n_steps, _marks(history))
        if history.moves:
            st.caption(
                "Knobs were moved while it trained, at the dashed lines. The moves belong to its "
                "experiment, so training that again gives this run again."
            )


def show_next(run_id: str) -> None:
    """Where to go from a run: its map and its pictures, or the prior at work."""
    record = library().record(run_id)
    if record.experiment.model.family == "pixelcnn":
        show_sampling(run_id)
    elif autoencodes(record):
        to_map, to_pictures = st.columns(2)
        if to_map.button("See its latent space", key="to_map", width="stretch"):
            choose("a", run_id)
            st.switch_page("latent_space/page.py")
        if to_pictures.button("See its pictures", key="to_pictures", width="stretch"):
            choose("a", run_id)
            st.switch_page("reconstruction/page.py")


def _marks(history: History) -> list[Mark]:
    return [(move.step, f"{KNOB_NAMES[move.knob]} {move.value:g}") for move in history.moves]


class _Map(NamedTuple):
    points: NDArray[np.float32]
    labels: NDArray[np.int64] | None


@CACHE.cached
def _map(run_id: str, key: str) -> _Map:
    """The map as it was last seen while the run trained; `key` only tells versions apart.

    Made anew and not taken from the atlas, which would encode ten times as many pictures.
    """
    assert key.startswith(run_id)
    run = atlas().run(run_id)
    # A prior's map is its VQ-VAE's, and its samples, which take long, are not wanted here.
    model = run.model.vqvae if isinstance(run.model, VQPrior) else run.model
    preview = PreviewMaker(atlas().data(run)).make(model)
    return _Map(preview.points, preview.labels)
