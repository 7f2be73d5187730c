import streamlit as st

from pages.ablation.sweep_charts import show_charts
from pages.ablation.sweep_form import sweep_form
from pages.ablation.sweep_grid import settings_of, show_grid, sweep_table
from pages.parts.frame.export import offer_export
from pages.parts.frame.frame import explanation, head
from pages.parts.frame.notices import drop_notices, named
from pages.parts.frame.plain import letter_by_letter
from pages.parts.models.model_picker import choose
from pages.parts.process.shared import library, sweeps
from pages.parts.process.visitor import visitor
from vizmodels.analysis.intervals import mean_interval
from vizmodels.analysis.sweep_table import difference, figures_in
from vizmodels.errors import LatentariumError
from vizmodels.jobs.ledger import in_words
from vizmodels.jobs.sweeps import SweepProgress

REFRESH_SECONDS = 1.0
QUARTERS = 4  # times at which the charts are drawn again while runs finish


def show_sweep(sweep_id: str, is_active: bool) -> None:
    """The grid and what can be done with it; again every second while its runs train."""
    progress = sweeps().progress(sweep_id)
    if is_active and not progress.is_active:
        st.rerun()  # once more in full: the charts below then show all
    _show_state(sweep_id, progress)
    figures = figures_in(settings_of(progress)) or ["reconstruction"]
    figure = st.segmented_control(
        "Figure", figures, default=figures[0], required=True, key="sweep_figure",
        format_func=lambda name: name.replace("_", " "), help="Of the whole test set.",
    )  # fmt: skip
    chosen = show_grid(progress, figure, st.session_state.get("sweep_cell"), "sweep_grid")
    if chosen and chosen != st.session_state.get("sweep_cell"):
        st.session_state["sweep_cell"] = chosen
        st.rerun(scope="fragment")
    _show_chosen(progress)
    drawn = progress.n_done * QUARTERS // len(progress.cells)
    if st.session_state.get("sweep_drawn") != (sweep_id, drawn) and is_active:
        st.session_state["sweep_drawn"] = (sweep_id, drawn)
        st.rerun()


def _show_state(sweep_id: str, progress: SweepProgress) -> None:
    n, left = len(progress.cells), progress.seconds_left
    text = f"**{progress.n_done} of {n} runs**"
    if progress.is_active and left is not None:
        text += f" · the one that trains now is done {in_words(left)}"
    bar, button = st.columns([5, 1], vertical_alignment="center")
    bar.progress(progress.n_done / n, text=text)
    try:
        if progress.is_active:
            if button.button("Stop all", key="sweep_stop", icon=":material/stop:"):
                sweeps().cancel(sweep_id, visitor())
        elif progress.n_done < n and button.button("Go on", key="sweep_go_on"):
            sweeps().submit(progress.sweep, visitor())
            st.rerun()
    except LatentariumError as error:
        st.error(letter_by_letter(str(error)))


def _show_chosen(progress: SweepProgress) -> None:
    run_id = st.session_state.get("sweep_cell")
    cell = next((cell for cell in progress.cells if cell.run_id == run_id), None)
    if cell is None or cell.state != "done":
        st.caption("Press a cell to take its run to the other pages.")
        return
    if not cell.is_stored:
        st.caption("Of this run only the figures come with the app. Press Start to train it.")
        return
    row = st.container(horizontal=True, vertical_alignment="center")
    row.markdown(f"**{library().record(cell.run_id).title}** · seed {cell.seed}")
    for label, page in (("Its latent space", "latent_space"), ("Its pictures", "reconstruction")):
        if row.button(label, key=f"sweep_to_{page}"):
            choose("a", cell.run_id)
            st.switch_page(f"{page}/page.py")


head("Ablation", "What do latent size, KL weight and noise weight do?")
form, result = st.columns([1, 3], gap="large")
with form:
    sweep = sweep_form()
    if sweep is not None and st.button(
        "Start", type="primary", key="sweep_start", width="stretch", on_click=drop_notices
    ):
        try:
            st.query_params["sweep"] = sweeps().submit(sweep, visitor())
        except LatentariumError as error:
            st.error(letter_by_letter(str(error)))
with result:
    try:
        asked = named("sweep", sweeps().progress, "A shipped sweep is shown instead.")
        sweep_id = asked or sweeps().first_shipped()
        if sweep_id is not None:
            now = sweeps().progress(sweep_id)
            every = REFRESH_SECONDS if now.is_active else None
            st.fragment(show_sweep, run_every=every)(sweep_id, now.is_active)
            figure = st.session_state.get("sweep_figure") or "reconstruction"
            show_charts(now.sweep, settings_of(now), figure)
            offer_export("sweep", lambda: sweep_table(now))
    except LatentariumError as error:
        st.warning(letter_by_letter(str(error)))

explanation(
    "Each cell is one setting: the figure's mean over its seeds, bright where it is large, and "
    "with two seeds or more the half width of its 95 % interval. Whether two settings differ is "
    "asked seed by seed, since runs of one seed begin alike: choose them below the charts. Where "
    "the interval of the differences holds 0, chance may have made them. In the plane of rate and "
    "distortion each dot is a run: to the right it sends more nats, further down it loses less; "
    "both are of the same draws. A larger KL weight moves a run to the left and up.",
    [
        "Latent size: from which size on does the error stop falling?",
        "KL weight: watch the rate fall to zero. What does the distortion do?",
        "Noise weight: is the error on clean pictures the price of removing noise?",
        "Length of training: is 25 epochs better than 5 by more than the seeds differ?",
    ],
    r"\bar m \pm t_{0.975,\,n-1}\, \frac{s}{\sqrt n}\quad\text{over } n \text{ seeds}",
    [mean_interval, difference],
)
