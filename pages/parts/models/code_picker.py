"""The VQ-VAE that a page looks into: chosen once, kept in the address."""

import streamlit as st

from pages.parts.frame.notices import drop_notices, quoted, say
from pages.parts.models.line_ups import ALWAYS_HERE
from pages.parts.process.shared import library
from vizmodels.runs.library import RunRecord
from vizmodels.specs import PixelCNNSpec, VQVAESpec

KEPT = "model_vq"
NONE_HERE = "No VQ-VAE is here yet. Train one on the page Train."


def pick_vqvae() -> RunRecord | None:
    """Show the picker; model A of the other pages is chosen first if it is a VQ-VAE.

    The choice stands in the address as `?vq=<run id>`.
    """
    runs = {r.id: r for r in library().list() if isinstance(r.experiment.model, VQVAESpec)}
    if not runs:
        st.info(NONE_HERE)
        return None
    on_strokes = (r.id for r in runs.values() if r.experiment.dataset == ALWAYS_HERE)
    default = next(on_strokes, next(iter(runs)))
    asked = st.query_params.get("vq")
    if asked is not None and asked not in runs and KEPT not in st.session_state:
        sentence = (
            f"The model must be a VQ-VAE in the library; the address names {quoted(asked)}. "
            f"Shown instead: {runs[default].title}."
        )
        say("vq", asked, sentence)
    wishes = (st.session_state.get(KEPT), asked, st.session_state.get("model_a"))
    wanted = next((run_id for run_id in wishes if run_id in runs), default)
    st.session_state["pick_vq"] = wanted
    chosen = st.selectbox(
        "VQ-VAE",
        list(runs),
        format_func=lambda run_id: runs[run_id].title,
        key="pick_vq",
        on_change=_choose,
    )
    st.session_state[KEPT] = chosen
    if st.query_params.get("vq") != chosen:
        st.query_params["vq"] = chosen
    return runs[chosen]


def _choose() -> None:
    st.session_state[KEPT] = st.session_state["pick_vq"]
    drop_notices()


def priors_of(run_id: str) -> list[RunRecord]:
    """The PixelCNNs in the library that have learned this VQ-VAE's codes."""
    return [
        record
        for record in library().list()
        if isinstance(record.experiment.model, PixelCNNSpec)
        and record.experiment.model.vq_run == run_id
    ]
