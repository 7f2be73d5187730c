"""Figures that take long: found among those kept, or measured by the engine while the page waits.

A page says which it wants; what is there is given back at once, and the rest follows.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import streamlit as st

from pages.parts.process.shared import measurements
from pages.parts.process.visitor import visitor
from vizmodels.errors import LatentariumError
from vizmodels.jobs import board
from vizmodels.results.measured import Result, how_measured

REFRESH_SECONDS = 1.5


class Wanted(NamedTuple):
    """One figure: its name, which changes with all it depends on, and how it is measured."""

    name: str
    title: str
    function: Callable[..., Result]
    args: tuple[Any, ...]


def find(wanted: Sequence[Wanted]) -> dict[str, Result]:
    """Those that are there: name -> result."""
    kept = {one.name: measurements().find(one.name) for one in wanted}
    return {name: found[0] for name, found in kept.items() if found is not None}


def measure(missing: Sequence[Wanted], seconds_each: str) -> None:
    """Have these measured by the engine, and run the page again once all are there.

    Parameters
    ----------
    missing : not among those kept
    seconds_each : how long one takes, in words
    """
    try:
        jobs = {
            one.name: board().submit_call(
                one.name, one.function, *one.args, title=one.title, visitor=visitor()
            )
            for one in missing
        }
    except LatentariumError as error:
        st.warning(f"{error} {len(missing)} figures are missing until then.")
        return
    st.fragment(_wait, run_every=REFRESH_SECONDS)(jobs, seconds_each)


def _wait(jobs: Mapping[str, str], seconds_each: str) -> None:
    n_open = 0
    for name, job_id in jobs.items():
        job = board().progress(job_id)
        if job.state == "done":
            if measurements().find(name) is None:
                measurements().keep(name, board().result(job_id), how_measured())
        elif job.is_over:
            st.error(job.message or f"{job.title} could not be measured.")
        else:
            n_open += 1
    if n_open:
        st.info(
            f"{n_open} of {len(jobs)} figures are still being measured in the background, "
            f"{seconds_each} each on two cores; the page goes on without them."
        )
    elif any(board().progress(job_id).state == "done" for job_id in jobs.values()):
        st.rerun()
