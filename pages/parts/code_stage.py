"""Puts a picture and its codes on a page; the browser swaps and decodes them by itself."""

import functools
import math
from typing import Any

import streamlit as st

from pages.parts.artefacts import (
    CODES_FILE,
    PROGRAM_FILE,
    WEIGHTS_FILE,
    n_browsed,
    stage_address,
)
from pages.parts.shared import atlas
from vizmodels.analysis.code_sampling import code_colours
from vizmodels.analysis.codebook import CodebookReport, report_codebook
from vizmodels.figures.codes import hex_colours
from vizmodels.models.vqvae import VQVAE
from vizmodels.runs.library import RunRecord

KEPT_REPORTS = 8  # of 4 MB for 10,000 grids of 49 codes

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
    data = {"points": _points(record), "model": _model(record)}
    return component(key=key, data=data, height="content")


@functools.lru_cache(KEPT_REPORTS)
def codebook_report(run_id: str, key: str) -> CodebookReport:
    """The codes of the run over its whole test set; `key` only tells versions apart."""
    assert key.startswith(run_id)
    run = atlas().run(run_id)
    assert isinstance(run.model, VQVAE)
    return report_codebook(run.model, atlas().data(run).test.images)


def said_codes(record: RunRecord) -> dict[str, object] | None:
    """What the browser is told of a VQ-VAE's codes; None for a model without."""
    model = atlas().run(record.id).model
    if not isinstance(model, VQVAE):
        return None
    colours = [word[1:] for word in hex_colours(code_colours(model))]
    return {"grid": list(model.grid), "colours": colours}


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


def _points(record: RunRecord) -> dict[str, object]:
    dataset = record.experiment.dataset
    points, images = atlas().points(dataset), atlas().data(atlas().run(record.id))
    return {
        "url": f"artefacts/points/{atlas().points_key(dataset)}",
        "n": len(points),
        "image_shape": list(images.image_shape),
        "columns": math.ceil(math.sqrt(len(points))),
        "class_names": list(images.class_names),
        "has_labels": points.pictures.labels is not None,
    }
