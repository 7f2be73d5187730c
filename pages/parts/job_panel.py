"""A training as it runs, or as it ran: loss terms, reconstructions and the map that moves."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts.pictures import ink, show_sheet, show_svg
from pages.parts.shared import atlas
from vizmodels.errors import LatentariumError
from vizmodels.figures.images import tile_sheet
from vizmodels.figures.live import curve_svg, live_map_svg
from vizmodels.jobs import JobProgress, board

REFRESH_SECONDS = 0.4
SHOWN_STATE = {
    "queued": "Waiting",
    "running": "Training",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Stopped",
}
WIDEST_PREVIEW, WIDEST_MAP = 520, 400  # px
FINISHED_POINTS = 1000  # on the map of a finished run, as while it trained


def watch_job(job_id: str) -> None:
    """Show a job and, until it is over, show it again every 0.4 s without running the page."""
    every = None if board().progress(job_id).is_over else REFRESH_SECONDS
    st.fragment(_show_job, run_every=every)(job_id, every is not None)


def show_finished(run_id: str) -> None:
    """Show how a stored run learned, and what it makes of test images now."""
    run = atlas().run(run_id)
    history = run.history
    curves, pictures = st.columns([3, 2])
    per_epoch = history.steps[-1] / history.epochs[-1]
    test_steps = (np.array(history.epochs) * per_epoch).astype(np.int64)
    with pictures:
        _show_pictures(*run.preview)
        labels = atlas().points(run.experiment.dataset).labels()
        shown = slice(0, FINISHED_POINTS)
        _show_map(_first_axes(run_id)[shown], None if labels is None else labels[shown])
    with curves:
        if len(history.steps) == 1:  # a closed form has no curve
            error = f"{run.evaluation['reconstruction']:.4f}"
            st.metric(f"Test reconstruction, {history.units[0]}", error)
            st.caption("Found in closed form, without a step of gradient descent.")
            return
        for name, unit in zip(history.names, history.units, strict=True):
            columns = history.column(name), history.column(name, test=True)
            _show_curve(history.names, name, unit, np.array(history.steps), test_steps, columns)


def _first_axes(run_id: str) -> NDArray[np.float32]:
    projection = atlas().projection(run_id, "raw")
    assert projection is not None
    return projection.coordinates


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
    latest, curve = job.latest, job.curve
    curves, pictures = st.columns([3, 2])
    with curves:
        test_steps = curve.epochs * (latest.n_steps // latest.n_epochs)
        for name in curve.names:
            columns = curve.column(name), curve.column(name, test=True)
            unit = latest.units.get(name, "")
            _show_curve(curve.names, name, unit, curve.steps, test_steps, columns, latest.n_steps)
    preview = latest.preview
    if preview is not None:
        with pictures:
            _show_pictures(preview.originals, preview.reconstructions)
            _show_map(preview.points, preview.labels)


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


def _show_curve(
    names: Sequence[str],
    name: str,
    unit: str,
    steps: NDArray[np.int64],
    test_steps: NDArray[np.int64],
    columns: tuple[NDArray[np.float32], NDArray[np.float32]],
    n_steps: int | None = None,
) -> None:
    if name == "loss" and len(names) == 2:
        return  # the loss of a plain autoencoder is its reconstruction
    last = int(steps[-1]) if n_steps is None else n_steps
    svg = curve_svg(name, unit, steps, columns[0], test_steps, columns[1], last, ink())
    show_svg(svg, f"{name} in {unit} over {last:,} steps: training as a line, test as dots")


def _show_map(points: NDArray[np.float32], labels: NDArray[np.int64] | None) -> None:
    text = f"{len(points):,} test images in the latent space"
    show_svg(live_map_svg(points, labels), text, widest=WIDEST_MAP)
    st.caption(text)


def _show_pictures(originals: NDArray[np.uint8], reconstructions: NDArray[np.uint8]) -> None:
    both = np.concatenate([originals, reconstructions])
    show_sheet(
        tile_sheet(both, columns=len(originals)),
        "Test images above, their reconstructions below",
        widest=WIDEST_PREVIEW,
    )
    st.caption("Test images, and below each its reconstruction")
