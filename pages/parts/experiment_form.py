"""The form of an experiment, made from the specs: their fields, ranges and help texts."""

import math
import typing
from typing import Any, Literal

import annotated_types
import streamlit as st
from pydantic.fields import FieldInfo

from pages.parts.data_gate import dataset_is_here
from vizmodels.data import dataset_names, load_dataset
from vizmodels.errors import LatentariumError
from vizmodels.experiment import Experiment, Training
from vizmodels.models import count_parameters
from vizmodels.models.vae import read_kl_weight
from vizmodels.specs import SPECS

FAMILY_NAMES = {"autoencoder": "AE", "vae": "VAE"}
SHOWN_FIRST = ("backbone", "latent_dim", "kl_weight", "epochs", "noise_weight")
"""The knobs a lecture turns; the others are a click away."""

LABELS = {"latent_dim": "Latent axes", "kl_weight": "KL weight", "widths": "Widths"}


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
        format_func=lambda name: FAMILY_NAMES.get(name, name),
        key="train_family",
    )
    spec = SPECS[str(family)]
    model = {name: field for name, field in spec.model_fields.items() if name != "family"}
    fields = {**model, **Training.model_fields}
    first, columns = [name for name in SHOWN_FIRST if name in fields], st.columns(2)
    values = {"backbone": _field(str(family), "backbone", fields["backbone"])}
    for at, name in enumerate(name for name in first if name != "backbone"):
        with columns[at % 2]:
            values[name] = _field(str(family), name, fields[name])
    action = st.container()
    with st.expander("More"):
        for name, field in fields.items():
            if name not in first and _applies(name, str(values["backbone"])):
                values[name] = _field(str(family), name, field)
    given = {name: value for name, value in values.items() if value is not None}
    try:
        experiment = Experiment(
            dataset=dataset,
            model=spec(**{name: value for name, value in given.items() if name in model}),
            training=Training(
                **{name: value for name, value in given.items() if name not in model}
            ),
        )
        with action:
            if not dataset_is_here(dataset):
                return None, action
            _show_size(experiment)
        return experiment, action
    except LatentariumError as error:
        action.error(str(error))
        return None, action


def _show_size(experiment: Experiment) -> None:
    shape = load_dataset(experiment.dataset, download=False).image_shape
    n_weights = count_parameters(experiment.model, shape)
    text = f"{n_weights:,} weights · run {experiment.id}"
    if experiment.model.family == "vae":
        spec = experiment.model
        reading = read_kl_weight(spec.kl_weight, math.prod(shape), spec.likelihood)
        text += f" · KL weight {spec.kl_weight:g}: λ = {reading.summed_weight:.3g}"
        if reading.decoder_variance is not None:
            text += f", decoder variance c = {reading.decoder_variance:.3g}"
        if reading.elbo_weight is not None:
            text += f", the ELBO lies at {reading.elbo_weight:.3g}"
    st.caption(text)


def _applies(name: str, backbone: str) -> bool:
    """Whether a knob means anything for this backbone."""
    return (backbone == "linear") == (name == "solver") if name in ("solver", "widths") else True


def _field(group: str, name: str, field: FieldInfo) -> Any:
    """One widget for one field; its kind, range and help come from the field."""
    label = LABELS.get(name, name.replace("_", " ").capitalize())
    key, help_text = f"{group}_{name}", field.description
    if typing.get_origin(field.annotation) is Literal:
        return st.segmented_control(
            label,
            typing.get_args(field.annotation),
            default=field.default,
            required=True,
            key=key,
            help=help_text,
        )
    if field.annotation is int:
        low, high = _range(field)
        return st.number_input(label, int(low), int(high), field.default, key=key, help=help_text)
    if field.annotation is float:
        low, high = _range(field)
        step = field.default / 2 or 0.25
        return st.number_input(
            label, low, high, field.default, step, format="%g", key=key, help=help_text
        )
    text = st.text_input(
        label, placeholder="default", key=key, help=f"{help_text} Numbers with commas between."
    )
    return tuple(part.strip() for part in text.split(",") if part.strip()) or None


def _range(field: FieldInfo) -> tuple[float, float]:
    low, high = 0.0, math.inf
    for mark in field.metadata:
        match mark:
            case annotated_types.Ge(ge=bound):
                low = float(bound)  # pyright: ignore[reportArgumentType]
            case annotated_types.Le(le=bound):
                high = float(bound)  # pyright: ignore[reportArgumentType]
            case annotated_types.Lt(lt=bound):
                high = float(bound) - 1  # pyright: ignore[reportArgumentType]
            case _:
                pass
    return low, high
