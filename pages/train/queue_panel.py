"""The trainings of all visitors: what runs, what waits, what a server's end interrupted."""

import streamlit as st

from pages.parts.frame.plain import letter_by_letter
from pages.parts.process.visitor import visitor
from pages.train.job_panel import SHOWN_STATE
from vizmodels.errors import LatentariumError
from vizmodels.jobs import JobProgress, board
from vizmodels.jobs.ledger import in_words

REFRESH_SECONDS = 2.0
MOST_SHOWN = 12


def show_queue(chosen: str | None) -> None:
    """A line for each training that is not over; pressing one shows it. Nothing without any.

    Parameters
    ----------
    chosen : id of the job that is shown already
    """
    try:
        interrupted = [job for job in _trainings() if job.state == "interrupted"]
        st.fragment(_show_open, run_every=REFRESH_SECONDS)(chosen)
    except LatentariumError as error:
        st.caption(letter_by_letter(str(error)))
        return
    if interrupted:
        st.markdown("**Interrupted** by the end of a server")
        for job in interrupted[:MOST_SHOWN]:
            _button(job, f"{job.title} · go on?", chosen)


def _show_open(chosen: str | None) -> None:
    health = board().health()
    (st.caption if health.state == "ready" else st.info)(health.sentence)
    waiting = [job for job in _trainings() if not job.is_over]
    waiting.sort(key=lambda job: (job.position, -job.submitted_at))
    for job in waiting[:MOST_SHOWN]:
        _button(job, _line(job), chosen)
    if len(waiting) > MOST_SHOWN:
        st.caption(f"… and {len(waiting) - MOST_SHOWN} more.")


def _line(job: JobProgress) -> str:
    state = f"{job.position}. in the queue" if job.state == "queued" else SHOWN_STATE[job.state]
    left = job.latest.seconds_left if job.latest and job.state == "running" else None
    when = "" if left is None else f", done {in_words(left)}"
    own = " · yours" if visitor() in job.askers else ""
    return f"{state}{when} · {job.title}{own}"


def _button(job: JobProgress, text: str, chosen: str | None) -> None:
    is_shown = job.job_id == chosen
    if st.button(text, key=f"queue_{job.job_id}", type="tertiary", disabled=is_shown, wrap=True):
        st.query_params.from_dict({"job": job.job_id})
        st.rerun()


def _trainings() -> list[JobProgress]:
    return [job for job in board().jobs() if job.kind == "training"]
