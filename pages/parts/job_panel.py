"""A job as it runs: progress, loss terms, reconstructions and the map that moves."""

import numpy as np
import streamlit as st

from pages.parts.pictures import show_sheet
from pages.parts.shared import atlas
from vizmodels.errors import LatentariumError
from vizmodels.figures.images import tile_sheet
from vizmodels.figures.live import curve_svg, live_map_svg
from vizmodels.jobs import JobProgress, board
from vizmodels.training.progress import Preview

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
    if job.latest is None:
        return
    n_steps, n_epochs = job.latest.n_steps, job.latest.n_epochs
    curves, pictures = st.columns([3, 2])
    with curves:
        for name in job.curve.names:
            if name == "loss" and len(job.curve.names) == 2:  # noqa: PLR2004
                continue  # the loss of a plain autoencoder is its reconstruction
            svg = curve_svg(
                name,
                job.latest.units.get(name, ""),
                job.curve.steps,
                job.curve.column(name),
                job.curve.epochs * (n_steps // n_epochs),
                job.curve.column(name, test=True),
                n_steps,
            )
            st.html(svg)
    with pictures:
        preview = job.latest.preview
        if preview is not None:
            _show_preview(preview)


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
    st.progress(latest.fraction if latest else 0.0, text=text)
    if job.message:
        (st.error if job.state == "failed" else st.info)(job.message)
    if not job.is_over and st.button("Stop", key="stop_job", icon=":material/stop:"):
        try:
            board().cancel(job.job_id)
        except LatentariumError as error:
            st.error(str(error))


def _show_preview(preview: Preview) -> None:
    both = np.concatenate([preview.originals, preview.reconstructions])
    show_sheet(
        tile_sheet(both, columns=len(preview.originals)),
        "Test images above, their reconstructions below",
        widest=520,
    )
    st.caption("Test images, and below each its reconstruction as the model is now")
    st.html(live_map_svg(preview.points, preview.labels))
    st.caption(f"{len(preview.points):,} test images in the latent space as it is now")
