"""Says what is being done where the first visitor of a run waits for it longer than a second."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts.process.shared import atlas, reports
from vizmodels.analysis.maps.points import Extent
from vizmodels.analysis.pictures.reconstruction import Reconstructions, reconstruct
from vizmodels.analysis.pictures.reconstruction_report import (
    LossParts,
    ReconstructionReport,
    loss_parts,
)
from vizmodels.results.reports import RECONSTRUCTION
from vizmodels.runs.library import RunRecord


def encode(models: Sequence[RunRecord], extent: Extent = "some") -> None:
    """Have the pictures on the maps of these runs encoded."""
    with st.spinner("Encoding the pictures of the map", show_time=True):
        for model in models:
            atlas().latents(model.id, extent)


def reconstruction_reports(models: Sequence[RunRecord]) -> list[ReconstructionReport]:
    """How well each of these runs reconstructs the test pictures."""
    with st.spinner("Encoding and decoding all test images", show_time=True):
        return [reports().make(RECONSTRUCTION, model.id) for model in models]


def reconstructed(
    models: Sequence[RunRecord], chosen: NDArray[np.integer]
) -> list[Reconstructions]:
    """A few of the map's pictures through each of these runs."""
    runs = [atlas().run(model.id) for model in models]
    pictures = atlas().points(models[0].experiment.dataset).pictures
    images = pictures.images[np.ascontiguousarray(chosen)]  # "worst" counts backwards
    return [reconstruct(run.autoencoder, images) for run in runs]


def losses(models: Sequence[RunRecord]) -> list[LossParts]:
    """What each term adds to the loss of each of these runs."""
    runs = [atlas().run(model.id) for model in models]
    image = atlas().points(models[0].experiment.dataset).pictures.images[:1]
    return [loss_parts(run.autoencoder, image, run.evaluation) for run in runs]
