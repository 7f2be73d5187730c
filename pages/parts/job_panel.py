"""A training as it runs: loss terms, reconstructions and the map that moves."""

import streamlit as st

from pages.parts.finished_run import show_finished
from pages.parts.learning import show_curves, show_map, show_pictures, space_of
from pages.parts.shared import atlas
from vizmodels.errors import LatentariumError
from vizmodels.jobs import JobProgress, board

REFRESH_SECONDS = 0.4
SHOWN_STATE = {
    "queued": "Waiting",
    "running": "Training",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Stopped",
}


def watch_job(job_id: str) -> None:
    """Show a job and, until it is over, show it again every 0.4 s without running the page."""
    every = None if board().progress(job_id).is_over else REFRESH_SECONDS
    st.fragment(_show_job, run_every=every)(job_id, every is not None)


def _show_job(job_id: str, was_running: bool) -> None:
    job = board().progress(job_id)
    if job.is_over and was_running:
        if job.state == "done":
            atlas().forget(job_id)
        st.rerun()  # once more in full: the page then offers the finished run
    _show_state(job)
    if job.state == "done":
        show_finished(job_id)
        return
    if job.latest is None:
        if not job.is_over:
            st.caption("It starts as soon as a worker is free and has read the images.")
        return
    assert job.experiment is not None
    latest, family = job.latest, job.experiment.model.family
    curves, pictures = st.columns([3, 2])
    with curves:
        show_curves(job.curve, latest.n_steps / latest.n_epochs, latest.n_steps)
    preview = latest.preview
    if preview is not None:
        with pictures:
            show_pictures(preview.originals, preview.reconstructions, family)
            show_map(preview.points, preview.labels, space_of(family))


def _show_state(job: JobProgress) -> None:
    latest = job.latest
    text = f"**{SHOWN_STATE[job.state]}** · {job.title}"
    if job.state == "queued":
        text += f" · number {job.position} in the queue"
    if latest is not None:
        text += f" · epoch {latest.epoch} of {latest.n_epochs}"
        text += f" · {latest.images_per_second:,.0f} images/s"
        if job.state == "running" and latest.seconds_left is not None:
            text += f" · {latest.seconds_left:.0f} s left"
    if job.attempt > 1:
        text += f" · attempt {job.attempt}: a worker was lost and the training went on"
    done = 1.0 if job.state == "done" else latest.fraction if latest else 0.0
    bar, stop = st.columns([5, 1], vertical_alignment="center")
    bar.progress(done, text=text)
    if job.message:
        (st.error if job.state == "failed" else st.info)(job.message)
    if not job.is_over and stop.button("Stop", key="stop_job", icon=":material/stop:"):
        try:
            board().cancel(job.job_id)
        except LatentariumError as error:
            st.error(str(error))
