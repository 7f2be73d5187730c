"""A training as it runs: loss terms, reconstructions and the map that moves."""

import time

import streamlit as st

from pages.parts.frame.plain import letter_by_letter
from pages.parts.process.shared import atlas
from pages.parts.process.visitor import visitor
from pages.train.finished_run import show_finished
from pages.train.job_controls import KNOB_NAMES, show_controls
from pages.train.learning import Mark, show_curves, show_map, show_pictures, space_of
from vizmodels.errors import LatentariumError
from vizmodels.jobs import JobProgress, board
from vizmodels.jobs.ledger import in_words
from vizmodels.training.progress import Progress

REFRESH_SECONDS = 0.4
FIRST_REPORT_SECONDS, LISTEN_SECONDS = 0.3, 0.02
SHOWN_STATE = {
    "queued": "Waiting",
    "running": "Training",
    "paused": "Paused",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Stopped",
    "interrupted": "Interrupted",
}


def watch_job(job_id: str) -> None:
    """Show a job and, until it is over, show it again every 0.4 s without running the page."""
    job = board().progress(job_id)
    if not job.is_over:
        show_controls(job_id)
    every = None if job.is_over else REFRESH_SECONDS
    st.fragment(_show_job, run_every=every)(job_id, every is not None)
    if job.state == "interrupted":
        _offer_to_go_on(job)


def _show_job(job_id: str, was_running: bool) -> None:
    job = _first_report(job_id)
    if job.is_over and was_running:
        if job.state == "done":
            atlas().forget(job.run_id)
        st.rerun()  # once more in full: the page then offers the finished run
    if job.job_id != job_id:  # it was steered by whoever started it, and has an id of its own now
        st.query_params.from_dict({"job": job.job_id})
        st.rerun()
    _show_state(job)
    if job.state == "done":
        show_finished(job.run_id)
        return
    if job.latest is None:
        if not job.is_over:
            st.caption("It starts as soon as a worker is free and has read the images.")
        return
    assert job.experiment is not None
    latest, family = job.latest, job.experiment.model.family
    curves, pictures = st.columns([3, 2])
    with curves:
        steps_per_epoch = latest.n_steps / latest.n_epochs
        show_curves(job.curve, steps_per_epoch, latest.n_steps, marks_of(latest))
    preview = latest.preview
    if preview is not None:
        with pictures:
            show_pictures(preview.originals, preview.reconstructions, family)
            show_map(preview.points, preview.labels, space_of(family))


def _first_report(job_id: str) -> JobProgress:
    """The job as it stands; a little later if its first report is about to arrive."""
    end = time.monotonic() + FIRST_REPORT_SECONDS
    job = board().progress(job_id)
    while job.latest is None and not job.is_over and time.monotonic() < end:
        time.sleep(LISTEN_SECONDS)
        job = board().progress(job_id)
    return job


def marks_of(latest: Progress) -> list[Mark]:
    """Where knobs were moved, for the curves."""
    return [(step, f"{KNOB_NAMES[knob]} {value:g}") for step, knob, value in latest.moves]


def _show_state(job: JobProgress) -> None:
    latest = job.latest
    text = f"**{SHOWN_STATE[job.state]}** · {job.title}"
    if job.is_steered:
        text += " · steered"
    if job.state == "queued":
        text += f" · number {job.position} in the queue"
    if latest is not None:
        text += f" · epoch {latest.epoch} of {latest.n_epochs}, step {latest.step:,}"
        text += f" · {latest.images_per_second:,.0f} images/s"
        if job.state == "running" and latest.seconds_left is not None:
            text += f" · done {in_words(latest.seconds_left)}"
    if job.attempt > 1:
        text += f" · attempt {job.attempt}"
    done = 1.0 if job.state == "done" else latest.fraction if latest else 0.0
    st.progress(done, text=text)
    if job.message:
        (st.error if job.state == "failed" else st.info)(letter_by_letter(job.message))


def _offer_to_go_on(job: JobProgress) -> None:
    row = st.container(horizontal=True)
    goes_on = row.button("Go on", key="go_on", type="primary", icon=":material/play_arrow:")
    is_dismissed = row.button("Take it off the list", key="dismiss")
    try:
        if goes_on:
            st.query_params.from_dict({"job": board().go_on(job.job_id, visitor())})
            st.rerun()
        if is_dismissed:
            board().cancel(job.job_id, visitor())
            st.query_params.clear()
            st.rerun()
    except LatentariumError as error:
        st.error(letter_by_letter(str(error)))
