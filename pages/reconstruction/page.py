import numpy as np
import streamlit as st

from pages.parts.frame.charts import show_chart
from pages.parts.frame.export import offer_export
from pages.parts.frame.frame import explanation, head
from pages.parts.frame.notices import bound, drop_notices
from pages.parts.frame.pictures import is_dark, show_sheet
from pages.parts.models.data_gate import data_are_here
from pages.parts.models.model_label import lettered, show_label, size_text
from pages.parts.models.model_picker import pick_up_to_four
from pages.parts.process.kept import once
from pages.parts.process.shared import atlas
from pages.parts.results.waiting import losses, reconstructed, reconstruction_reports
from pages.reconstruction.label_texts import difference_texts, posterior_texts
from pages.reconstruction.sheets import reconstruction_sheet
from vizmodels.analysis.intervals import mean_interval
from vizmodels.analysis.latents.size import latent_size
from vizmodels.analysis.pictures.reconstruction_report import loss_parts, report_reconstructions
from vizmodels.analysis.pictures.sharpness import detail_energy, detail_kept
from vizmodels.figures.images import stacked, tile_sheet
from vizmodels.figures.reconstruction import error_distribution_figure, loss_parts_figure

COLUMNS = 16
ORDERS = ("first", "best", "median", "worst")

head("Reconstruction", "What is kept, what is lost?")
models = pick_up_to_four(("vae", "autoencoder", "pca", "vqvae"))
if models and data_are_here(models[0]):
    order = bound("order", "The order of pictures", lambda: st.segmented_control(
        "Pictures", ORDERS, default="first", required=True, key="order", bind="query-params",
        help="Best, median and worst by model A's squared error over the whole test set.",
        on_change=drop_notices,
    ))  # fmt: skip
    rows = [st.columns([1, 3], vertical_alignment="center") for _ in (None, *models)]
    reports = [] if order == "first" else reconstruction_reports(models)
    n_first = min(COLUMNS, atlas().points(models[0].experiment.dataset).n_test)
    ranked = np.argsort(reports[0].squared_error) if reports else np.arange(n_first)
    middle = max(0, len(ranked) // 2 - COLUMNS // 2)
    chosen = {
        "first": ranked,
        "best": ranked[:COLUMNS],
        "median": ranked[middle : middle + COLUMNS],
        "worst": ranked[::-1][:COLUMNS],
    }[order]
    results = reconstructed(models, chosen)
    originals = once(tile_sheet, results[0].originals, COLUMNS)
    sheets = [once(reconstruction_sheet, result, COLUMNS, dark=is_dark()) for result in results]
    with rows[0][0]:
        st.markdown("**Originals**, which no model was trained on")
    with rows[0][1]:
        show_sheet(originals, "Original test images")
    for sheet, model, (_, right) in zip(sheets, models, rows[1:], strict=True):
        with right:
            text = f"Reconstructions by {model.title}, and below each its signed error"
            show_sheet(sheet, text)
    with rows[-1][1]:
        st.caption("Below each reconstruction its error: blue is too dark, red too bright.")
    reports = reports or reconstruction_reports(models)
    parts = losses(models)
    for at, (model, report) in enumerate(zip(models, reports, strict=True)):
        size = latent_size(model.experiment.model, model.image_shape, model.evaluation)
        mse = report.squared_error
        half = mean_interval(mse).half_width
        numbers = [
            f"error {mse.mean():.5f} ± {half:.5f}, on these {mse[chosen].mean():.5f}",
            f"detail kept {report.detail_kept:.0%}".replace("%", " %"),
            size_text(size),
            *posterior_texts(size, report),
            *difference_texts(reports[:at], report),
        ]
        with rows[at + 1][0]:
            show_label(at, model, numbers)

    names, (left, right) = lettered(models), st.columns(2)
    with left:
        st.markdown("**What each loss is made of**, weighted, on the test set")
        bars = [(t, p.names, p.parts, p.unit) for t, p in zip(names, parts, strict=True)]
        show_chart("loss_parts", "What each term adds to each loss", loss_parts_figure, bars)
    with right:
        st.markdown("**How the error spreads over the test images**, medians dashed")
        errors = [(t, r.squared_error) for t, r in zip(names, reports, strict=True)]
        text = "Distribution of the squared error per pixel over the test images, by model"
        show_chart("errors", text, error_distribution_figure, errors)
    offer_export(
        "reconstruction",
        lambda: dict(errors),
        lambda: {
            "originals": results[0].originals,
            **{t: r.pictures for t, r in zip(names, results, strict=True)},
        },
        [("Reconstructions and errors", lambda: stacked([originals, *sheets]))],
    )

explanation(
    "Each model's reconstruction is the decoder's picture of the code that stands for the image: "
    "a VAE's posterior mean, the likeliest classes of a discrete VAE, the nearest code vectors of "
    "a VQ-VAE. An error as pale (or dark) as the page means right, the full colour means wrong by "
    "half the range or more. **Error** is the squared error per pixel, its mean over the test "
    "images with a 95 % interval. **Detail kept** is the energy of structure finer than four "
    "pixels, of the reconstructions over that of the originals: 100 % is as sharp, less is "
    "blurred. A code is one of a finite number, so its bits can be counted; a float has no such "
    "number, but the KL of a VAE's posterior says how many bits a picture tells through it. These "
    "are the bits of a draw of the posterior, not of its mean, which is why the error of draws "
    "stands beside them. A discrete VAE's **probabilities** hold more than the bits of its "
    "classes; what they decode to is shown as that, for comparison. The bars take each loss apart "
    "into its terms times their weights: models whose losses differ may yet reconstruct alike, "
    "and the other way round. PCA's loss is taken before its pixels are cut to [0, 1], so it is a "
    "little above its error.",
    [
        "Choose the worst pictures: what do they have in common?",
        "Set a 2-D and a 16-D model side by side: which details come with more axes?",
        "Set PCA beside a 2-D autoencoder: what do straight axes cost?",
        "Compare the VQ-VAE's grey bar with its whole loss: what do its extra terms add?",
    ],
    r"\text{error}(x) = \tfrac{1}{D}\lVert x - \hat x\rVert^2, \qquad \text{detail}(x) = "
    r"\tfrac1D\textstyle\sum_{|f| > 1/4}|\mathcal F x(f)|^2",
    [report_reconstructions, detail_energy, detail_kept, loss_parts],
)
