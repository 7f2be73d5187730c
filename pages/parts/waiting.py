"""Says what is being done where the first visitor of a run waits for it longer than a second."""

from collections.abc import Sequence

import streamlit as st

from pages.parts.shared import atlas
from vizmodels.analysis.points import Extent
from vizmodels.analysis.reconstruction import Reconstructions
from vizmodels.runs.library import RunRecord


def encode(models: Sequence[RunRecord], extent: Extent = "some") -> None:
    """Have the pictures on the maps of these runs encoded."""
    with st.spinner("Encoding the pictures of the map", show_time=True):
        for model in models:
            atlas().latents(model.id, extent)


def reconstructions(models: Sequence[RunRecord]) -> list[Reconstructions]:
    """The test pictures through each of these runs."""
    with st.spinner("Encoding and decoding the test images", show_time=True):
        return [atlas().reconstructions(model.id) for model in models]
