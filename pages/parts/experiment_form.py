"""The form of an experiment, made from the specs: their fields, ranges and help texts."""

import annotated_types
import typing
from typing import Any, Literal

import streamlit as st
from pydantic.fields import FieldInfo

from vizmodels.data import dataset_names
from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import SPECS, Experiment, Training

FAMILY_NAMES = {"autoencoder": "Autoencoder (AE)", "vae": "Variational autoencoder (VAE)"}
SMALL = 0.1  # a number whose default is below this is shown with its exponent
SHOWN_FIRST = ("epochs", "learning_rate", "noise_weight")


def experiment_form() -> Experiment | None:
    """Show the form; returns what it describes, or None with a sentence where it cannot be."""
    dataset = st.selectbox("Images", dataset_names(), key="train_dataset", bind="query-params")
    family = st.segmented_control(
        "Family",
        list(SPECS),
        default="vae",
        required=True,
        format_func=lambda name: FAMILY_NAMES.get(name, name),
        key="train_family",
    )
    spec = SPECS[str(family)]
    fields = {name: field for name, field in spec.model_fields.items() if name != "family"}
    model = {name: _field(f"{family}_{name}", name, field) for name, field in fields.items()}
    training_fields = Training.model_fields
    training = {name: _field("train", name, training_fields[name]) for name in SHOWN_FIRST}
    with st.expander("More"):
        for name, field in training_fields.items():
            if name not in SHOWN_FIRST and (name != "solver" or model["backbone"] == "linear"):
                training[name] = _field("train", name, field)
    if model["backbone"] == "linear":
        model["widths"] = ()
    try:
        given = {name: value for name, value in model.items() if value is not None}
        return Experiment(
            dataset=dataset, model=spec(**given), training=Training(**training)
        )
    except InvalidExperiment as error:
        st.error(str(error))
        return None


def _field(group: str, name: str, field: FieldInfo) -> Any:
    """One widget for one field; its kind, range and help come from the field."""
    label = name.replace("_", " ").capitalize().replace("Kl", "KL")
    key, help_text = f"{group}_{name}", field.description
    if typing.get_origin(field.annotation) is Literal:
        options = typing.get_args(field.annotation)
        return st.segmented_control(
            label, options, default=field.default, required=True, key=key, help=help_text
        )
    if field.annotation in (int, float):
        low, high = _range(field)
        if field.annotation is int:
            return st.number_input(
                label, int(low), int(high), field.default, key=key, help=help_text
            )
        return st.number_input(
            label,
            low,
            high,
            field.default,
            step=field.default / 2 or 0.05,
            format="%g",
            key=key,
            help=help_text,
        )
    text = st.text_input(
        label, placeholder="default", key=key, help=f"{help_text} Numbers with commas between."
    )
    return tuple(part.strip() for part in text.split(",") if part.strip()) or None


def _range(field: FieldInfo) -> tuple[float, float]:
    low, high = 0.0, 1e12
    for mark in field.metadata:
        match mark:
            case annotated_types.Ge(ge=bound):
                low = bound
            case annotated_types.Le(le=bound):
                high = bound
            case annotated_types.Lt(lt=bound):
                high = bound - 1
            case _:
                pass
    return low, high
