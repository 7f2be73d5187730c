"""A codebook that collapses and one that does not: small trainings at the press of a button."""

import numpy as np
import streamlit as st

from pages.parts.frame.charts import show_chart
from pages.parts.frame.plain import letter_by_letter
from pages.parts.process.shared import library
from pages.parts.process.visitor import visitor
from vizmodels.analysis.codes.collapse import CODEBOOK_SIZE, EPOCHS, collapse_and_cure
from vizmodels.data import own_pictures
from vizmodels.errors import LatentariumError
from vizmodels.experiment import Experiment
from vizmodels.figures.codes import EpochCurve, usage_over_training_figure
from vizmodels.jobs import Curve, board
from vizmodels.specs import VQVAESpec

REFRESH_SECONDS = 1.0
MEASURES = {"perplexity": "perplexity, codes", "usage": "codes used, %"}
PER_CENT = {"usage": 100.0}


def show_collapse(dataset: str) -> None:
    """The button, and how the codebooks fare after each epoch."""
    experiments = collapse_and_cure(dataset, own_pictures(dataset))
    missing = [e for e in experiments.values() if e not in library()]
    st.markdown(
        f"The same small VQ-VAE with {CODEBOOK_SIZE} codes, trained twice for {EPOCHS} "
        f"epochs on {dataset}. With codes that start **small and random** a few lie nearest to "
        "everything and the others never move. **Start them at encoded vectors and revive** those "
        "that die, and nearly all find something to stand for."
    )
    if missing and not _is_training(experiments):
        label = "Train both small VQ-VAEs, about 20 s each on two cores"
        if not st.button(label, key="collapse", type="primary"):
            return
        try:
            for experiment in missing:
                board().submit(experiment, visitor())
        except LatentariumError as error:
            st.error(letter_by_letter(str(error)))
            if not _is_training(experiments):
                return
    every = REFRESH_SECONDS if missing else None
    st.fragment(_show_curves, run_every=every)(experiments, bool(missing))


def _is_training(experiments: dict[str, Experiment]) -> bool:
    try:
        open_jobs = {job.job_id for job in board().jobs() if not job.is_over}
    except LatentariumError:
        return False
    return any(experiment.id in open_jobs for experiment in experiments.values())


def _show_curves(experiments: dict[str, Experiment], was_training: bool) -> None:
    curves = {caption: _curve(experiment) for caption, experiment in experiments.items()}
    for measure, column in zip(MEASURES, st.columns(2), strict=True):
        shown = [
            EpochCurve(caption, np.arange(1, len(values) + 1), PER_CENT.get(measure, 1.0) * values)
            for caption, curve in curves.items()
            if curve is not None and len(values := curve.measures.get(measure, np.empty(0)))
        ]
        with column:
            text = f"{MEASURES[measure]} after each epoch of each training"
            drawn = (usage_over_training_figure, shown, MEASURES[measure])
            show_chart(f"collapse_{measure}", text, *drawn)
    if was_training and not _is_training(experiments):
        st.rerun()


def _curve(experiment: Experiment) -> Curve | None:
    """What a training has told so far; None before its first word."""
    if experiment in library():
        return Curve.of(library().load(experiment.id).history)
    try:
        job = board().progress(experiment.id)
    except LatentariumError:
        return None
    if job.is_over and job.message:
        st.error(letter_by_letter(job.message))
    elif not job.is_over:
        latest = job.latest
        at = "waiting" if latest is None else f"epoch {latest.epoch} of {latest.n_epochs}"
        start = experiment.model.initialisation if isinstance(experiment.model, VQVAESpec) else ""
        st.caption(f"{job.title}, {start} start: {at}")
    return job.curve
