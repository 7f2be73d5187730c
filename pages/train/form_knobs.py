"""Which knobs the form shows of a family, and in which order."""

from typing import Any

import streamlit as st
from pydantic.fields import FieldInfo

from pages.train.form_fields import field_widget, is_knob
from vizmodels.experiment import Training
from vizmodels.specs import SPECS

CHOICES = ("backbone", "solver", "estimator", "grid", "class_conditional")
"""First, and one below the other: most of them decide which other knobs there are."""

SHOWN_FIRST = (
    "latent_dim",
    "n_variables",
    "n_classes",
    "codebook_size",
    "code_dim",
    "n_layers",
    "channels",
    "n_features",
    "kl_weight",
    "epochs",
    "noise_weight",
)
"""The knobs that a lecture turns, in two columns; the others are a click away."""

OF_GRADIENT_DESCENT = Training.model_fields.keys() - {"solver", "seed"}


def show_knobs(family: str) -> tuple[dict[str, Any], Any]:
    """Show the knobs of a family.

    Returns
    -------
    Name of each field that was set -> its value; and a container between the first knobs and the
    others, for what is said and for the button.
    """
    of_both = SPECS[family].model_fields | Training.model_fields
    fields = {name: field for name, field in of_both.items() if is_knob(name, field)}
    values: dict[str, Any] = {}
    for name in CHOICES:
        _show(family, name, fields, values)
    columns = st.columns(2)
    shown = [n for n in SHOWN_FIRST if n in fields and _applies(n, family, values)]
    for at, name in enumerate(shown):
        with columns[at % 2]:
            _show(family, name, fields, values)
    between = st.container()
    with st.expander("More"):
        for name in fields:
            if name not in (*CHOICES, *SHOWN_FIRST):
                _show(family, name, fields, values)
    return values, between


def _show(family: str, name: str, fields: dict[str, FieldInfo], values: dict[str, Any]) -> None:
    """Show a knob if there is one and it applies, and add what it is set to."""
    if name in fields and _applies(name, family, values):
        given = field_widget(family, name, fields[name], values.get("backbone", ""))
        if given is not None:
            values[name] = given


def _applies(name: str, family: str, values: dict[str, Any]) -> bool:
    """Whether a knob means anything beside what has been chosen before it."""
    is_linear = values.get("backbone") == "linear"
    match name:
        case "solver":
            return is_linear
        case "widths":
            return not is_linear
        case "temperature" | "final_temperature":
            return values["estimator"] == "gumbel"
        case "decay":
            return values["codebook_update"] == "ema"
        case "noise_weight" | "binarise" if family == "pixelcnn":
            return False  # codes have no pixels
        case _:
            return values.get("solver") != "closed_form" or name not in OF_GRADIENT_DESCENT
