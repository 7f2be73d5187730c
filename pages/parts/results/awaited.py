"""Reports that may take longer than a page should: the engine makes them, the page goes on."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.parts.process.shared import atlas, reports
from pages.parts.process.visitor import visitor
from pages.parts.results.engine_start import is_starting, wait_for_start
from vizmodels.errors import EngineUnavailable, LatentariumError
from vizmodels.jobs import board
from vizmodels.results.reports import ReportKind
from vizmodels.runs.library import RunRecord

REFRESH_SECONDS = 0.5


def awaited(
    kind: ReportKind, models: Sequence[RunRecord], doing: str, height: int
) -> list[Any] | None:
    """The report on each run, or None while workers make them; the page then runs again.

    Without an engine they are made here and now.

    Parameters
    ----------
    kind : of report
    models : the runs
    doing : what is being done and how long it takes, shown meanwhile
    height : px that the figure will need, reserved so that nothing jumps
    """
    found = [reports().find(kind, model.id) for model in models]
    missing = [model for model, report in zip(models, found, strict=True) if report is None]
    if not missing:
        return found
    try:
        if is_starting():
            with st.container(height=height, border=False):
                wait_for_start()
            return None
        jobs = {model.id: _submit(kind, model) for model in missing}
    except EngineUnavailable:
        with st.spinner(doing, show_time=True):
            return [reports().make(kind, model.id) for model in models]
    except LatentariumError as error:
        st.warning(str(error))
        return None
    with st.container(height=height, border=False):
        st.fragment(_wait, run_every=REFRESH_SECONDS)(kind, jobs, doing)
    return None


def _submit(kind: ReportKind, model: RunRecord) -> str:
    return board().submit_call(
        reports().name(kind, model.id),
        kind.function,
        *kind.arguments(atlas(), model.id),
        title=f"{kind.name} of {model.title}",
        visitor=visitor(),
    )


def _wait(kind: ReportKind, jobs: dict[str, str], doing: str) -> None:
    n_open = 0
    for run_id, job_id in jobs.items():
        job = board().progress(job_id)
        if job.state == "done":
            reports().keep(kind, run_id, board().result(job_id))
        elif job.is_over:
            st.error(job.message or "It could not be measured.")
            return
        else:
            n_open += 1
    if not n_open:
        st.rerun()
    st.progress((len(jobs) - n_open) / len(jobs), text=doing)
