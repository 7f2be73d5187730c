"""Reports that take longer than a page may: made by the engine while the page goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.parts.shared import atlas
from pages.parts.visitor import visitor
from vizmodels.errors import EngineUnavailable, LatentariumError
from vizmodels.jobs import board

REFRESH_SECONDS = 0.5


@dataclass(frozen=True)
class Request:
    """A report that is wanted.

    Attributes
    ----------
    name : of the report in the atlas, see `Atlas.report_name`
    kind : dataclass of the report
    function, args : what makes it; pickled for a worker, so arrays and models, no pages
    title : one line for the list of jobs
    """

    name: str
    kind: type[Any]
    function: Callable[..., Any]
    args: tuple[Any, ...] = field(repr=False)
    title: str = ""


def measured(requests: Sequence[Request], doing: str, height: int) -> list[Any] | None:
    """The reports, or None while a worker makes them; the page runs again once all are there.

    Without an engine they are made here and now.

    Parameters
    ----------
    requests : the reports wanted
    doing : what is being done and how long it takes, shown meanwhile
    height : px that the figure will need, reserved so that nothing jumps
    """
    found = [atlas().found(request.name, request.kind) for request in requests]
    missing = [r for r, report in zip(requests, found, strict=True) if report is None]
    if not missing:
        return found
    try:
        jobs = {
            r.name: board().submit_call(
                r.name, r.function, *r.args, title=r.title, visitor=visitor()
            )
            for r in missing
        }
    except EngineUnavailable:
        with st.spinner(doing, show_time=True):
            for r in missing:
                atlas().keep(r.name, r.function(*r.args))
        return [atlas().found(request.name, request.kind) for request in requests]
    except LatentariumError as error:
        st.warning(str(error))
        return None
    with st.container(height=height, border=False):
        st.fragment(_wait, run_every=REFRESH_SECONDS)(jobs, doing)
    return None


def _wait(jobs: dict[str, str], doing: str) -> None:
    n_open = 0
    for name, job_id in jobs.items():
        job = board().progress(job_id)
        if job.state == "done":
            atlas().keep(name, board().result(job_id))
        elif job.is_over:
            st.error(job.message or "It could not be measured.")
            return
        else:
            n_open += 1
    if not n_open:
        st.rerun()
    st.progress((len(jobs) - n_open) / len(jobs), text=doing)
