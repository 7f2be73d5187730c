import streamlit as st

from pages.parts.frame.frame import explanation, head
from pages.parts.frame.notices import drop_notices, named
from pages.parts.frame.plain import letter_by_letter
from pages.parts.models.line_ups import default_run
from pages.parts.process.shared import library
from pages.parts.process.visitor import visitor
from pages.train.experiment_form import experiment_form
from pages.train.finished_run import show_finished, show_next
from pages.train.job_panel import watch_job
from pages.train.kept_here import show_kept
from pages.train.own_images_form import own_images_form
from pages.train.queue_panel import show_queue
from vizmodels.errors import LatentariumError
from vizmodels.jobs import board
from vizmodels.training.evaluation import evaluate

SHIPPED_INSTEAD = "A shipped run is shown instead."

head("Train", "What does it learn, as it learns?")
form, live = st.columns([1, 3], gap="large")
with form:
    experiment, action = experiment_form()
    if experiment is not None:
        label = "Show this run" if experiment in library() else "Train"
        if action.button(
            label, type="primary", key="start", width="stretch", on_click=drop_notices
        ):
            try:
                st.query_params.from_dict({"job": board().submit(experiment, visitor())})
            except LatentariumError as error:
                action.error(letter_by_letter(str(error)))
    own_images_form()
    show_kept()
    show_queue(st.query_params.get("job"))

with live:
    shipped = default_run(library().list())
    try:
        job_id = named("job", lambda job: board().progress(job), SHIPPED_INSTEAD)
        run_id = named("run", library().record, SHIPPED_INSTEAD)
        if job_id is not None:
            watch_job(job_id)
            if board().progress(job_id).state == "done":
                show_next(board().progress(job_id).run_id)
        elif run_id is not None:
            st.markdown(f"So learned the run **{library().record(run_id).title}**.")
            show_finished(run_id)
            show_next(run_id)
        elif shipped is not None:
            st.markdown(
                f"So learned the shipped run **{shipped.title}**. Press Train for your own."
            )
            show_finished(shipped.id)
    except LatentariumError as error:
        st.warning(letter_by_letter(str(error)))

explanation(
    "Each curve is one term of the loss, in its own unit: the line is the mean over the training "
    "images since the last report, the dots are the whole test set after each epoch. Small curves "
    "are of figures that only a whole set has, such as the share of a VQ-VAE's codes that are in "
    "use. Below the test images stand their reconstructions; for a prior over codes, samples from "
    "it, and for a classifier the test images it is least sure of. The map shows where 500 test "
    "images lie; with more than two axes it shows their two leading principal components, turned "
    "to match the map before.",
    [
        "Train a VAE with KL weight 0.0001, then 0.01: the KL term falls and the pictures blur.",
        "Set the noise weight to 0.5: the input is noisy, the target is not.",
        "Train a VQ-VAE, then a PixelCNN on its codes, and watch it draw token by token.",
        "Pause it and take single steps: what does one batch change?",
        "Move the KL weight while it trains: the curves jump at the dashed line, the map shrinks.",
        "Set the learning rate to 0.5 and read what the app says.",
    ],
    r"\text{loss} = \underbrace{\tfrac{1}{D}\lVert x - \hat x\rVert^2}_{\text{reconstruction}}"
    r" + \beta\,\underbrace{\tfrac12\textstyle\sum_i(\mu_i^2 + \sigma_i^2 - 1 - \log\sigma_i^2)}"
    r"_{\text{KL, nats}}\qquad \beta = \text{KL weight},\; D = \text{pixels·channels}",
    [evaluate],
)
