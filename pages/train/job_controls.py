"""What may be done to a training that runs: pause, single steps, slow motion, knobs, stop."""

from collections.abc import Callable

import streamlit as st

from pages.parts.frame.plain import letter_by_letter
from pages.parts.process.visitor import visitor
from vizmodels.errors import LatentariumError
from vizmodels.experiment import Experiment, Knob
from vizmodels.jobs import JobProgress, board
from vizmodels.training.control import Order

PACES = {"Full speed": 0.0, "10 steps/s": 0.1, "2 steps/s": 0.5}
KNOB_NAMES: dict[Knob, str] = {
    "kl_weight": "KL weight",
    "noise_weight": "Noise weight",
    "learning_rate": "Learning rate",
}
KNOB_STEPS: dict[Knob, tuple[float, ...]] = {
    "kl_weight": (0.0, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0),
    "noise_weight": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    "learning_rate": (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1),
}


@st.fragment
def show_controls(job_id: str) -> None:
    """The controls of a job that is not over; a sentence for those who only watch.

    A fragment of its own, so that the live figures beside it do not take a click away.
    """
    job = board().progress(job_id)
    me = visitor()
    if job.is_over or job.experiment is None:
        return
    if me != job.visitor:
        _show_leave(job, me)
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        is_paused = job.order.wish == "pause"
        if is_paused:
            _button("Resume", ":material/play_arrow:", job, lambda order: order.running())
        else:
            _button("Pause", ":material/pause:", job, lambda order: order.paused())
        _button(
            "Step", ":material/skip_next:", job, lambda order: order.one_step(),
            help="Take one more step, then wait: one batch, one change of the weights.",
        )  # fmt: skip
        stop_help = "Its checkpoint stays: the same experiment later goes on from there."
        if st.button("Stop", key="stop_job", icon=":material/stop:", help=stop_help):
            _try(lambda: board().cancel(job.job_id, me))
        _show_pace(job)
    _show_knobs(job, job.experiment)


def _show_pace(job: JobProgress) -> None:
    now = next((name for name, s in PACES.items() if s == job.order.seconds_per_step), "Full speed")
    chosen = st.segmented_control(
        "Pace", list(PACES), default=now, required=True, key=f"pace_{job.job_id}",
        label_visibility="collapsed",
    )  # fmt: skip
    if chosen != now:
        _change(job, lambda order: order.slowed(PACES[chosen]))


def _show_knobs(job: JobProgress, experiment: Experiment) -> None:
    knobs = experiment.movable_knobs
    columns = st.columns(max(len(knobs), 1))
    for knob, column in zip(knobs, columns, strict=False):
        now = job.value_of(knob)
        with column:
            chosen = st.select_slider(
                KNOB_NAMES[knob],
                sorted({*KNOB_STEPS[knob], experiment.value_of(knob), now}),
                now,
                format_func="{:g}".format,
                key=f"knob_{knob}_{job.experiment_id}",
                help="Moves it while the model trains. The run then says so, and is another run "
                "than the one that was asked for.",
            )
        if chosen != now:
            _change(job, lambda order, k=knob, v=chosen: order.with_turn(k, v))


def _show_leave(job: JobProgress, me: str) -> None:
    if me not in job.askers:
        st.caption("You watch what another visitor trains.")
        return
    row = st.container(horizontal=True, vertical_alignment="center")
    n_others = len(job.askers) - 1
    with row:
        if st.button("Leave", key="leave_job", icon=":material/stop:"):
            _try(lambda: board().cancel(job.job_id, me))
        others = "another visitor" if n_others == 1 else f"{n_others} others"
        st.caption(f"You share this training with {others}; who asked first steers it.")


def _button(
    label: str, icon: str, job: JobProgress, change: Callable[[Order], Order], help: str = ""
) -> None:
    if st.button(label, key=f"{label.lower()}_job", icon=icon, help=help or None):
        _change(job, change)


def _change(job: JobProgress, change: Callable[[Order], Order]) -> None:
    """Give the order, and follow the job to the id that a first turn of a knob gives it."""
    changed: list[str] = []
    _try(lambda: changed.append(board().order(job.job_id, visitor(), change)))
    if changed:
        if changed[0] != job.job_id:
            st.query_params.from_dict({"job": changed[0]})
            st.rerun()
        st.rerun(scope="fragment")


def _try(act: Callable[[], object]) -> None:
    try:
        act()
    except LatentariumError as error:
        st.error(letter_by_letter(str(error)))
