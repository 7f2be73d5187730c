"""Says what is being done where the first visitor of a run waits for it longer than a second."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.models.run_kinds import decodes_probabilities
from pages.parts.process.cache import CACHE
from pages.parts.process.kept import once
from pages.parts.process.shared import atlas, library, results
from vizmodels.analysis.maps.kinds import Extent
from vizmodels.runs.library import RunRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vizmodels.analysis.pictures.reconstruction import Reconstructions
    from vizmodels.analysis.pictures.reconstruction_report import LossParts, ReconstructionReport


def encode(models: Sequence[RunRecord], extent: Extent = "some") -> None:
    """Have the pictures on the maps of these runs encoded."""
    with st.spinner("Encoding the pictures of the map", show_time=True):
        for model in models:
            atlas().latents(model.id, extent)


def reconstruction_reports(models: Sequence[RunRecord]) -> "list[ReconstructionReport]":
    """How well each of these runs reconstructs the test pictures."""
    from vizmodels.results.questions import reconstruction

    with st.spinner("Encoding and decoding all test images", show_time=True):
        return [results().answer(reconstruction(model)) for model in models]


def reconstructed(
    models: Sequence[RunRecord], chosen: "NDArray[np.integer]"
) -> "list[Reconstructions]":
    """A few of the map's pictures through each of these runs."""
    images = atlas().points_key(models[0].experiment.dataset)
    return [once(_reconstructed, m.id, atlas().run_key(m.id), images, chosen) for m in models]


def losses(models: Sequence[RunRecord]) -> "list[LossParts]":
    """What each term adds to the loss of each of these runs."""
    return [_loss_parts(model.id, atlas().run_key(model.id)) for model in models]


def _reconstructed(
    run_id: str, key: str, images: str, chosen: "NDArray[np.integer]"
) -> "Reconstructions":
    """`key` and `images` only tell versions apart."""
    import numpy as np

    from vizmodels.analysis.pictures.reconstruction import reconstruct

    assert key.startswith(run_id) and images
    run = atlas().run(run_id)
    pictures = atlas().points(run.experiment.dataset).pictures.images
    places = np.ascontiguousarray(chosen)  # "worst" counts backwards
    return reconstruct(run.autoencoder, pictures[places])


@CACHE.cached
def _loss_parts(run_id: str, key: str) -> "LossParts":
    """`key` only tells versions apart."""
    from vizmodels.analysis.pictures.reconstruction_report import loss_parts
    from vizmodels.training.evaluation import evaluate

    assert key.startswith(run_id)
    run = atlas().run(run_id)
    points = atlas().points(run.experiment.dataset)
    evaluation, images = run.evaluation, points.pictures.images[: points.n_test]
    if decodes_probabilities(library().record(run_id)):
        binarise = run.experiment.training.binarise
        evaluation = evaluate(run.model, images, binarise=binarise)
    return loss_parts(run.autoencoder, images[:1], evaluation)
