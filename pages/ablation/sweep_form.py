"""The form of a sweep: a model, and the values of the knobs that are turned."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.parts.frame.plain import letter_by_letter
from pages.parts.models.data_gate import dataset_is_here
from pages.parts.models.run_kinds import FAMILY_NAMES
from pages.parts.process.shared import library, sweeps
from pages.parts.process.worker_devices import worker_devices
from vizmodels.analysis.training_time import estimate_time
from vizmodels.bounds import check_bounds
from vizmodels.data import dataset_names, load_dataset, own_pictures
from vizmodels.errors import InvalidExperiment, LatentariumError
from vizmodels.experiment import Experiment, Training
from vizmodels.jobs.ledger import in_words
from vizmodels.specs import SPECS
from vizmodels.sweep import OF_MODEL, SWEEP_AXES, Sweep, SweepAxis, check_n_runs

AXIS_NAMES: dict[SweepAxis, str] = {
    "latent_dim": "Latent axes",
    "kl_weight": "KL weight",
    "noise_weight": "Noise weight",
    "epochs": "Epochs",
}
FAMILIES = ("autoencoder", "vae", "discrete_vae", "vqvae")
BACKBONES = ("mlp", "conv")
MAX_SEEDS = 5


@dataclass(frozen=True)
class Preset:
    """A question as a grid."""

    family: str
    values: dict[SweepAxis, str]


PRESETS: dict[str, Preset] = {
    "Size against KL weight": Preset(
        "vae", {"latent_dim": "2, 8, 32", "kl_weight": "0.0001, 0.001, 0.01", "epochs": "5"}
    ),
    "Latent size": Preset("autoencoder", {"latent_dim": "128, 256, 512", "epochs": "5"}),
    "KL weight": Preset("vae", {"kl_weight": "0.0001, 0.001, 0.01", "epochs": "5"}),
    "Noise weight": Preset("autoencoder", {"noise_weight": "0.25, 0.5, 0.75", "epochs": "5"}),
    "Length of training": Preset("vae", {"epochs": "5, 25"}),
}


def sweep_form() -> Sweep | None:
    """Show the form; returns the sweep that it describes, or None with a sentence."""
    preset = st.selectbox("Question", list(PRESETS), key="sweep_preset", on_change=_fill)
    if "sweep_family" not in st.session_state:
        _fill(preset)
    dataset = st.selectbox("Images", dataset_names(), key="sweep_dataset")
    family = st.segmented_control(
        "Family", FAMILIES, required=True, key="sweep_family", wrap=True,
        format_func=FAMILY_NAMES.__getitem__,
    )  # fmt: skip
    backbone = "conv"
    if family != "vqvae":
        backbone = st.segmented_control(
            "Backbone", BACKBONES, default="mlp", required=True, key="sweep_backbone"
        )
    columns, texts = st.columns(2), {}
    of_family = [a for a in SWEEP_AXES if a not in OF_MODEL or a in SPECS[family].model_fields]
    for at, axis in enumerate(of_family):
        told = "Values with commas between; empty leaves it at its default."
        with columns[at % 2]:
            texts[axis] = st.text_input(AXIS_NAMES[axis], key=f"sweep_{axis}", help=told)
    n_seeds = st.slider(
        "Seeds", 1, MAX_SEEDS, key="sweep_seeds",
        help="Runs of each setting: with two or more, intervals show what is chance.",
    )  # fmt: skip
    try:
        values = {axis: _numbers(axis, text) for axis, text in texts.items()}
        check_n_runs(n_seeds * math.prod(len(numbers) or 1 for numbers in values.values()))
        sweep = Sweep(
            base=Experiment(
                dataset=dataset,
                pictures=own_pictures(dataset),
                model=SPECS[family](backbone=backbone),
                training=Training(),
            ),
            seeds=tuple(range(n_seeds)),
            **values,
        )
        check_bounds(sweep)
        if dataset_is_here(dataset):
            _show_size(sweep)
            return sweep
    except LatentariumError as error:
        st.error(letter_by_letter(str(error)))
    return None


def _fill(name: str | None = None) -> None:
    """Put a preset's values into the form."""
    preset = PRESETS[name or st.session_state["sweep_preset"]]
    st.session_state["sweep_family"] = preset.family
    st.session_state.setdefault("sweep_seeds", 2)
    for axis in SWEEP_AXES:
        st.session_state[f"sweep_{axis}"] = preset.values.get(axis, "")


def _numbers(axis: SweepAxis, text: str) -> tuple[float, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        remedy = "Write 2, 8, 32."
        raise InvalidExperiment(AXIS_NAMES[axis], "numbers with commas", text, remedy) from None
    is_whole = axis in ("latent_dim", "epochs") and all(n.is_integer() for n in numbers)
    return tuple(int(n) if is_whole else n for n in numbers)


def _show_size(sweep: Sweep) -> None:
    n_missing = sweeps().n_missing(sweep)
    text = f"{sweep.n_runs} runs, {n_missing} of them to be trained"
    missing = [one for one in sweep.experiments() if one not in library()]
    seconds = _seconds(missing)
    if seconds:
        text += f", {in_words(seconds).replace('in ', '', 1)} of training"
    st.caption(f"{text}.")


def _seconds(experiments: Sequence[Experiment]) -> float:
    """Of training them all one after the other; 0 where it cannot be told."""
    records, devices = library().list(), worker_devices()
    total = 0.0
    for experiment in experiments:
        data = load_dataset(experiment.dataset, download=False)
        told = estimate_time(
            experiment, len(data.train), data.image_shape, len(data.class_names), records, devices
        )
        total += 0.0 if told is None else told.seconds
    return total
