"""Maps that take long: computed by the engine while the page goes on with PCA."""

from collections.abc import Sequence
from typing import cast

import streamlit as st

from pages.parts.shared import atlas
from pages.parts.visitor import visitor
from vizmodels.analysis.points import Extent
from vizmodels.analysis.projection import Projection, ProjectionKind, project
from vizmodels.errors import LatentariumError
from vizmodels.jobs import board
from vizmodels.runs.library import RunRecord

REFRESH_SECONDS = 1.0
TAKES: dict[Extent, str] = {"some": "15 to 90 s", "all": "some minutes"}


def ready_projection(
    models: Sequence[RunRecord], wanted: ProjectionKind, n_axes: int, extent: Extent = "some"
) -> ProjectionKind:
    """The kind of map that can be shown now: the one wanted, or PCA while it is being computed."""
    missing = [m for m in models if atlas().projection(m.id, wanted, n_axes, extent) is None]
    if not missing:
        return wanted
    try:
        jobs = {model.id: _submit(model, wanted, n_axes, extent) for model in missing}
    except LatentariumError as error:
        st.warning(f"{error} PCA is shown instead.")
        return "pca"
    st.fragment(_wait, run_every=REFRESH_SECONDS)(jobs, wanted, extent)
    return "pca"


def _submit(model: RunRecord, kind: ProjectionKind, n_axes: int, extent: Extent) -> str:
    name = atlas().projection_name(model.id, kind, n_axes, extent)
    title = f"{kind} map of {model.title}"
    latents = atlas().latents(model.id, extent)
    return board().submit_call(name, project, latents, kind, n_axes, title=title, visitor=visitor())


def _wait(jobs: dict[str, str], kind: ProjectionKind, extent: Extent) -> None:
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
        st.info(
            f"The {kind.upper()} map is being computed in the background, which takes "
            f"{TAKES[extent]} on two cores; PCA is shown until then."
        )
    elif all(board().progress(job_id).state == "done" for job_id in jobs.values()):
        st.rerun()


def show_faithfulness(
    models: Sequence[RunRecord], kind: ProjectionKind, n_axes: int, extent: Extent = "some"
) -> None:
    """How far each map can be trusted, in one line per model."""
    for model, column in zip(models, st.columns(len(models)), strict=True):
        shown = atlas().projection(model.id, kind, n_axes, extent)
        assert shown is not None
        axes = f"{model.embedding_dim} → {n_axes} axes"
        column.caption(
            f"{model.title} · {axes} · trustworthiness {shown.trust:.3f} · "
            f"continuity {shown.continuity:.3f} (10 neighbours, 1,500 pictures)"
        )
