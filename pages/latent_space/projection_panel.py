"""Maps that take long: computed by the engine while the page goes on with PCA."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.parts.frame.plain import letter_by_letter
from pages.parts.models.model_label import LETTERS, short_title
from pages.parts.process.shared import results
from pages.parts.results.answers import Asked, ask, find, show_progress
from vizmodels.analysis.maps.kinds import SLOW_KINDS, Extent, ProjectionKind
from vizmodels.analysis.maps.projection import WIDE, Projection
from vizmodels.results.maps import find_map
from vizmodels.results.questions import slow_map
from vizmodels.runs.library import RunRecord

NAMES = {"umap": "UMAP", "tsne": "t-SNE"}
TAKES: dict[Extent, str] = {"some": "15 to 90 s", "all": "some minutes"}
STATUS_HEIGHT = 56  # px, of the line below a map, whether or not something is being computed


@dataclass(frozen=True)
class Shown:
    """The kind of map that can be shown now, and what the engine is still computing.

    Attributes
    ----------
    kind : the one wanted, or PCA while that is being computed
    wanted : the kind that was asked for
    extent : whether some or all pictures are on it
    asked : what is being computed; None if all is there
    """

    kind: ProjectionKind
    wanted: ProjectionKind
    extent: Extent
    asked: Asked | None = None


def ready_projection(
    models: Sequence[RunRecord], wanted: ProjectionKind, n_axes: int, extent: Extent = "some"
) -> Shown:
    """What can be shown now; asks the engine for maps that are missing, and draws nothing."""
    if wanted not in SLOW_KINDS:
        return Shown(wanted, wanted, extent)
    questions = [slow_map(m.id, wanted, n_axes, extent, m.title) for m in models]
    there = find(questions)
    missing = [one for one, found in zip(questions, there, strict=True) if found is None]
    return Shown("pca", wanted, extent, ask(missing)) if missing else Shown(wanted, wanted, extent)


def show_status(models: Sequence[RunRecord], shown: Shown, n_axes: int, first: int = 0) -> None:
    """Below the maps: how far each can be trusted, or what is being computed.

    It stands in a place of its own height, so that the map above stays where it is. `first` is the
    slot of the first of the models, 0 for A.
    """
    asked = shown.asked
    if asked is not None and asked.refusal:
        st.warning(f"{letter_by_letter(asked.refusal)} PCA is shown instead.")
    with st.container(height=STATUS_HEIGHT, border=False):
        if asked is not None and not asked.refusal:
            show_progress(
                asked,
                f"The {NAMES[shown.wanted]} map is being computed in the background, which takes "
                f"{TAKES[shown.extent]} on two cores; PCA is shown until then.",
            )
            return
        for at, (model, column) in enumerate(
            zip(models, st.columns(len(models)), strict=True), start=first
        ):
            projection = find_map(results(), model.id, shown.kind, n_axes, shown.extent)
            assert projection is not None
            dims = [model.embedding_dim, n_axes]
            if shown.kind in SLOW_KINDS and model.embedding_dim > WIDE:
                dims.insert(1, WIDE)
            axes = " → ".join(map(str, dims))
            column.caption(
                f"{LETTERS[at]} · {short_title(model)} · {axes} axes · {faithfulness(projection)}"
            )


def faithfulness(projection: Projection) -> str:
    """How far a map can be believed, and on how many pictures that was measured."""
    if not projection.n_neighbours:
        return "too few pictures to have neighbours to keep"
    kept = f"{projection.neighbours_kept:.0%}".replace("%", " %")
    return (
        f"{kept} of neighbours kept · trustworthiness {projection.trust:.3f} · continuity "
        f"{projection.continuity:.3f} ({projection.n_neighbours} nearest of "
        f"{projection.n_compared:,} pictures)"
    )
