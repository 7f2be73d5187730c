"""Puts a picture and its codes on a page; the browser swaps and decodes them by itself."""

from typing import Any

import streamlit as st

from pages.parts.process.cache import CACHE
from pages.parts.process.shared import atlas
from pages.parts.stage.addresses import (
    CODES_FILE,
    PROGRAM_FILE,
    WEIGHTS_FILE,
    stage_address,
)
from pages.parts.stage.code_words import n_browsed, said_codes
from pages.parts.stage.stage import stage_points
from vizmodels.analysis.codes.codebook import CodebookReport, report_codebook
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.runs.library import RunRecord

_LOADER = """
export default async function (component) {
  const stage = await import(new URL("STAGE/codes_main.js", document.baseURI));
  return stage.mount(component);
}
"""


def show_code_stage(record: RunRecord, key: str = "codes_stage") -> Any:
    """Show test images of a VQ-VAE with their codes, each of which can be swapped in place."""
    component = st.components.v2.component(
        "latentarium_codes", js=_LOADER.replace("STAGE", stage_address())
    )
    data = {"points": stage_points(record), "model": _model(record)}
    return component(key=key, data=data, height="content")


@CACHE.cached
def codebook_report(run_id: str, key: str) -> CodebookReport:
    """The codes of the run over its whole test set; `key` only tells versions apart."""
    assert key.startswith(run_id)
    run = atlas().run(run_id)
    assert isinstance(run.model, VQVAE)
    return report_codebook(run.model, atlas().data(run).test.images)


def _model(record: RunRecord) -> dict[str, object]:
    base = f"artefacts/runs/{atlas().run_key(record.id)}"
    return {
        "title": record.title,
        "n": n_browsed(atlas().run(record.id)),
        "latent_dim": record.embedding_dim,
        "program": f"{base}/{PROGRAM_FILE}",
        "weights": f"{base}/{WEIGHTS_FILE}",
        "latents": f"{base}/{CODES_FILE}",
        "codes": said_codes(record),
    }
