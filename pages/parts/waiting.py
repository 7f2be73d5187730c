"""Says what is being done where the first visitor of a run waits for it longer than a second."""

from collections.abc import Sequence

import streamlit as st

from pages.parts.shared import atlas
from vizmodels.analysis.points import Extent
from vizmodels.analysis.reconstruction import ReconstructionReport
from vizmodels.runs.library import RunRecord


def encode(models: Sequence[RunRecord], extent: Extent = "some") -> None:
    """Have the pictures on the maps of these runs encoded."""
    with st.spinner("Encoding the pictures of the map", show_time=True):
        for model in models:
            atlas().latents(model.id, extent)


def reconstruction_reports(models: Sequence[RunRecord]) -> list[ReconstructionReport]:
    """How well each of these runs reconstructs the test pictures."""
    with st.spinner("Encoding and decoding all test images", show_time=True):
        return [atlas().reconstruction_report(model.id) for model in models]
