"""One widget for one field of a spec: its kind, range and help come from the field itself."""

import math
import typing
from typing import Any, Literal

import annotated_types
import streamlit as st
from pydantic.fields import FieldInfo

from vizmodels.bounds import AtMost
from vizmodels.specs import DEFAULT_WIDTHS

LABELS = {
    "latent_dim": "Latent axes",
    "kl_weight": "KL weight",
    "kl_warm_up": "KL warm-up, epochs",
    "kl_estimate": "KL estimate",
    "free_bits": "Free bits, nats",
    "n_variables": "Categorical latents",
    "n_classes": "Classes of each",
    "continuous_dim": "Gaussian axes beside",
    "codebook_size": "Codes",
    "code_dim": "Numbers per code",
    "n_residual": "Residual blocks",
    "n_layers": "Gated layers",
    "n_features": "Features",
    "class_conditional": "Told the class",
}
MOST_SEGMENTS = 4
"""Choices side by side; more of them, or longer ones, are a list to open."""

LONGEST_SEGMENTS = 30  # characters in all, in a column a quarter of the page wide
PARENT_FIELDS = (
    "family",
    "vq_run",
    "vqvae",
    "moves",
)
"""Chosen elsewhere in the form, or not at all."""


def is_knob(name: str, field: FieldInfo) -> bool:
    """Whether there is anything to choose."""
    return name not in PARENT_FIELDS and len(_choices(field)) != 1


def field_widget(group: str, name: str, field: FieldInfo, backbone: str) -> Any:
    """Show the field's widget and return its value; None where it is left to the spec.

    Parameters
    ----------
    group : of fields that may have the same names elsewhere in the session
    name, field : of the spec
    backbone : chosen before; decides what is left out of `widths`
    """
    label = LABELS.get(name, name.replace("_", " ").capitalize())
    told: dict[str, Any] = {"key": f"{group}_{name}", "help": field.description}
    if choices := _choices(field):
        return _choice(label, choices, field.default, told)
    if field.annotation is bool:
        return st.toggle(label, field.default, **told)
    if field.annotation is int:
        low, high = _range(field)
        return st.number_input(label, int(low), int(high), field.default, **told)
    if field.annotation is float:
        low, high = _range(field)
        step = min(field.default / 2 or 0.25, high - field.default)
        return st.number_input(label, low, high, field.default, step, format="%g", **told)
    told["help"] = f"{field.description} Numbers with commas between."
    default = field.default or DEFAULT_WIDTHS[backbone]
    text = st.text_input(label, placeholder=", ".join(map(str, default)), **told)
    return tuple(part.strip() for part in text.split(",") if part.strip()) or None


def _choice(label: str, choices: tuple[str, ...], default: str, told: dict[str, Any]) -> str:
    told["format_func"] = lambda choice: choice.replace("_", " ")
    if len(choices) > MOST_SEGMENTS or sum(map(len, choices)) > LONGEST_SEGMENTS:
        return st.selectbox(label, choices, choices.index(default), **told)
    return st.segmented_control(label, choices, default=default, required=True, wrap=True, **told)


def _choices(field: FieldInfo) -> tuple[str, ...]:
    is_choice = typing.get_origin(field.annotation) is Literal
    return typing.get_args(field.annotation) if is_choice else ()


def _range(field: FieldInfo) -> tuple[float, float]:
    low, high = 0.0, math.inf
    for mark in field.metadata:
        match mark:
            case annotated_types.Ge(ge=bound):
                low = float(bound)  # pyright: ignore[reportArgumentType]
            case annotated_types.Le(le=bound):
                high = float(bound)  # pyright: ignore[reportArgumentType]
            case AtMost(most=int(bound)):
                high = float(bound)
            case annotated_types.Lt(lt=bound):
                below = float(bound)  # pyright: ignore[reportArgumentType]
                high = below - 1 if field.annotation is int else math.nextafter(below, -math.inf)
            case _:
                pass
    return low, high
