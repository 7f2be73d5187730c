"""Noise by a slider: pictures, errors and arrows of each model, computed in the browser."""

import math
from collections.abc import Sequence

import streamlit as st

from pages.parts.frame.notices import drop_notices, quoted, say
from pages.parts.models.model_label import LETTERS, short_title
from pages.parts.process.shared import atlas
from pages.parts.stage.addresses import PROGRAM_FILE, WEIGHTS_FILE, stage_address
from pages.parts.stage.noise_ground import GROUND_FILE
from pages.parts.stage.stage import stage_points
from vizmodels.figures.theme import MODEL_COLOURS
from vizmodels.runs.library import RunRecord

FIRST_WEIGHT = 0.5  # that the shipped denoising models are trained with
PARAMETER = "noise"  # of the address

_LOADER = """
export default async function (component) {
  const panel = await import(new URL("STAGE/noise_main.js", document.baseURI));
  return panel.mount(component);
}
"""


@st.fragment
def show_noise(models: Sequence[RunRecord]) -> None:
    """Show the slider, and below it what each model makes of the noisy pictures.

    The address keeps the weight as `?noise=…`; of one that is no number from 0 to 1 a
    sentence says so.
    """
    component = st.components.v2.component(
        "latentarium_noise", js=_LOADER.replace("STAGE", stage_address())
    )
    data = {
        "points": stage_points(models[0]),
        "models": [_model(at, model) for at, model in enumerate(models)],
        "weight": _weight(),
    }
    result = component(
        key="noise_panel", data=data, height="content", on_weight_change=drop_notices
    )
    if result.weight is not None:
        st.query_params[PARAMETER] = f"{result.weight:g}"


def _weight() -> float:
    """What the panel begins with."""
    asked = st.query_params.get(PARAMETER, f"{FIRST_WEIGHT:g}")
    try:
        weight = float(asked)
    except ValueError:
        weight = math.nan
    if 0 <= weight <= 1:
        return weight
    sentence = (
        f"The noise weight must be a number from 0 to 1; the address has {quoted(asked)}. "
        f"Shown instead: {FIRST_WEIGHT:g}."
    )
    say(PARAMETER, asked, sentence)
    return FIRST_WEIGHT


def _model(at: int, record: RunRecord) -> dict[str, object]:
    base = f"artefacts/runs/{atlas().run_key(record.id)}"
    return {
        "letter": LETTERS[at],
        "name": short_title(record),
        "title": record.title,
        "colour": MODEL_COLOURS[at],
        "latent_dim": record.embedding_dim,
        "program": f"{base}/{PROGRAM_FILE}",
        "weights": f"{base}/{WEIGHTS_FILE}",
        "ground": f"{base}/{GROUND_FILE}",
    }
