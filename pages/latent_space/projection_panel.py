"""Maps that take long: computed by the engine while the page goes on with PCA."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import streamlit as st

from pages.parts.models.model_label import LETTERS, short_title
from pages.parts.process.shared import atlas
from pages.parts.process.visitor import visitor
from pages.parts.results.engine_start import is_starting, wait_for_start
from vizmodels.analysis.maps.points import Extent
from vizmodels.analysis.maps.projection import Projection, ProjectionKind, project
from vizmodels.errors import LatentariumError
from vizmodels.jobs import board
from vizmodels.runs.library import RunRecord

REFRESH_SECONDS = 1.0
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
    jobs : run -> job that computes its map
    must_wait : whether the engine that would compute it is still starting
    refusal : why it cannot be computed
    """

    kind: ProjectionKind
    wanted: ProjectionKind
    extent: Extent
    jobs: Mapping[str, str] = field(default_factory=dict[str, str])
    must_wait: bool = False
    refusal: str = ""


def ready_projection(
    models: Sequence[RunRecord], wanted: ProjectionKind, n_axes: int, extent: Extent = "some"
) -> Shown:
    """What can be shown now; asks the engine for maps that are missing, and draws nothing."""
    missing = [m for m in models if atlas().projection(m.id, wanted, n_axes, extent) is None]
    if not missing:
        return Shown(wanted, wanted, extent)
    try:
        if is_starting():
            return Shown("pca", wanted, extent, must_wait=True)
        jobs = {model.id: _submit(model, wanted, n_axes, extent) for model in missing}
        return Shown("pca", wanted, extent, jobs)
    except LatentariumError as error:
        return Shown("pca", wanted, extent, refusal=f"{error} PCA is shown instead.")


def show_status(models: Sequence[RunRecord], shown: Shown, n_axes: int, first: int = 0) -> None:
    """Below the maps: how far each can be trusted, or what is being computed.

    It stands in a place of its own height, so that the map above stays where it is. `first` is the
    slot of the first of the models, 0 for A.
    """
    if shown.refusal:
        st.warning(shown.refusal)
    with st.container(height=STATUS_HEIGHT, border=False):
        if shown.must_wait:
            wait_for_start()
            return
        if shown.jobs:
            st.fragment(_wait, run_every=REFRESH_SECONDS)(shown.jobs, shown.wanted, shown.extent)
            return
        for at, (model, column) in enumerate(
            zip(models, st.columns(len(models)), strict=True), start=first
        ):
            projection = atlas().projection(model.id, shown.kind, n_axes, shown.extent)
            assert projection is not None
            axes = f"{model.embedding_dim} → {n_axes} axes"
            column.caption(
                f"{LETTERS[at]} · {short_title(model)} · {axes} · trustworthiness "
                f"{projection.trust:.3f} · continuity {projection.continuity:.3f} "
                "(10 neighbours, 1,500 pictures)"
            )


def _submit(model: RunRecord, kind: ProjectionKind, n_axes: int, extent: Extent) -> str:
    name = atlas().projection_name(model.id, kind, n_axes, extent)
    title = f"{kind} map of {model.title}"
    latents = atlas().latents(model.id, extent)
    return board().submit_call(name, project, latents, kind, n_axes, title=title, visitor=visitor())


def _wait(jobs: Mapping[str, str], kind: ProjectionKind, extent: Extent) -> None:
    """Collect the maps that have arrived; once all are here, run the page again."""
    open_jobs = 0
    for run_id, job_id in jobs.items():
        job = board().progress(job_id)
        if job.state == "done":
            atlas().keep_projection(run_id, cast(Projection, board().result(job_id)), extent)
        elif job.is_over:
            st.error(job.message or f"The {kind} map could not be computed.")
        else:
            open_jobs += 1
    if open_jobs:
        name = {"umap": "UMAP", "tsne": "t-SNE"}[kind]
        st.progress(
            (len(jobs) - open_jobs) / len(jobs),
            text=f"The {name} map is being computed in the background, which takes "
            f"{TAKES[extent]} on two cores; PCA is shown until then.",
        )
    elif all(board().progress(job_id).state == "done" for job_id in jobs.values()):
        st.rerun()
