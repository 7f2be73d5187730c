"""The form of an experiment, made from the specs: the knobs of the chosen family and no others."""

import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.frame.plain import letter_by_letter
from pages.parts.models.data_gate import dataset_is_here
from pages.parts.models.run_kinds import FAMILY_NAMES
from pages.parts.process.shared import library, results
from pages.parts.process.worker_devices import worker_devices
from pages.parts.results.answers import ask, find
from pages.parts.results.engine_start import is_ready
from pages.train.form_knobs import show_knobs
from vizmodels.analysis.training_time import StepTime, estimate_time
from vizmodels.bounds import check_bounds
from vizmodels.data import dataset_names, load_dataset, own_pictures
from vizmodels.data.image_set import ImageSet
from vizmodels.errors import LatentariumError
from vizmodels.experiment import Experiment, Training
from vizmodels.jobs import board
from vizmodels.jobs.ledger import in_words
from vizmodels.models.vae import read_kl_weight
from vizmodels.results.question import Question
from vizmodels.results.questions import step_time
from vizmodels.runs.training_cost import cost_of
from vizmodels.specs import SPECS, DiscreteVAESpec, VAESpec, VQVAESpec

TIMING_REFRESH_SECONDS = 1.0
NO_VQ_RUN = "Train a VQ-VAE on these images first: a PixelCNN learns its codes."


def experiment_form() -> tuple[Experiment | None, Any]:
    """Show the form.

    Returns
    -------
    The experiment it describes, or None with a sentence where there can be none; and a container
    between the first knobs and the others, for the button that starts it.
    """
    if chosen := st.session_state.pop("chosen_dataset", None):
        st.session_state["train_dataset"] = chosen  # the set that the visitor has just added
    dataset = st.selectbox("Images", dataset_names(), key="train_dataset")
    family = st.segmented_control(
        "Family",
        list(SPECS),
        default="vae",
        required=True,
        format_func=FAMILY_NAMES.__getitem__,
        key="train_family",
        wrap=True,
    )
    vq_run = _pick_vq_run(dataset) if family == "pixelcnn" else {}
    values, action = show_knobs(family)
    if vq_run is None:
        action.info(NO_VQ_RUN)
        return None, action
    of_training = {name: values.pop(name) for name in Training.model_fields if name in values}
    try:
        experiment = Experiment(
            dataset=dataset,
            pictures=own_pictures(dataset),
            model=SPECS[family](**values, **vq_run),
            training=Training(**of_training),
        )
        check_bounds(experiment)
        with action:
            if not dataset_is_here(dataset):
                return None, action
            _show_size(experiment)
        return experiment, action
    except LatentariumError as error:
        action.error(letter_by_letter(str(error)))
        return None, action


def _pick_vq_run(dataset: str) -> dict[str, Any] | None:
    """The VQ-VAE whose codes a prior is to learn, as its spec names it; None if there is none."""
    runs = {
        record.id: record
        for record in library().list()
        if isinstance(record.experiment.model, VQVAESpec)
        and record.experiment.image_set == (dataset, own_pictures(dataset))
    }
    if not runs:
        return None
    chosen = st.selectbox(
        "VQ-VAE",
        list(runs),
        format_func=lambda run_id: f"{runs[run_id].title} · {run_id[:4]}",
        key=f"vq_run_{dataset}",
        help="The run whose codes the PixelCNN learns; it stays as it is.",
    )
    return {"vq_run": chosen, "vqvae": runs[chosen].experiment.model}


def _show_size(experiment: Experiment) -> None:
    data, spec = load_dataset(experiment.dataset, download=False), experiment.model
    cost = cost_of(spec, data.image_shape, len(data.class_names))
    memory = cost.memory_bytes(experiment.training.batch_size, data.train.images.numel())
    time, asked = _time(experiment, data)
    text = f"{cost.n_weights:,} weights · {time}"
    text += f"{memory / 1e6:,.0f} MB · run {experiment.id}"
    if isinstance(spec, VAESpec | DiscreteVAESpec):
        reading = read_kl_weight(spec.kl_weight, math.prod(data.image_shape), spec.likelihood)
        text += f" · KL weight {spec.kl_weight:g}: λ = {reading.summed_weight:.3g}"
        if reading.decoder_variance is not None:
            text += f", decoder variance c = {reading.decoder_variance:.3g}"
        if reading.elbo_weight is not None:
            text += f", the ELBO lies at {reading.elbo_weight:.3g}"
    st.caption(text)
    if asked:
        st.fragment(_wait, run_every=TIMING_REFRESH_SECONDS)(asked)


def _time(experiment: Experiment, data: ImageSet) -> tuple[str, Mapping[str, Question[StepTime]]]:
    """About how long it will take, in words that end with a dot between; and what the engine has
    been asked to time, where nothing was timed yet."""
    if experiment.training.solver == "closed_form":
        return "", {}
    n_images, n_classes, devices = len(data.train), len(data.class_names), worker_devices()
    question = step_time(experiment, n_images, data.image_shape, n_classes, devices[0])
    (timed,) = find([question])
    if timed is not None:
        seconds = timed.of_training(experiment, n_images, len(data.test))
        return f"{in_words(seconds).replace('in ', '', 1)} · ", {}
    asked = ask([question]).jobs if is_ready() else {}
    records = library().list()
    told = estimate_time(experiment, n_images, data.image_shape, n_classes, records, devices)
    if told is None:
        return "", asked
    where = "" if told.is_of_this_machine else " on the machine that trained the shipped runs"
    return f"roughly {in_words(told.seconds).replace('in about ', '', 1)}{where} · ", asked


def _wait(asked: Mapping[str, Question[StepTime]]) -> None:
    """Run the page again once the steps have been timed; draws nothing."""
    try:
        for job_id, question in asked.items():
            if board().progress(job_id).state == "done":
                results().collect(question, board(), job_id)
                st.rerun()
    except LatentariumError:
        return  # the rougher estimate stays
