import numpy as np
import streamlit as st

from pages.parts.data_gate import data_are_here
from pages.parts.frame import explanation, head
from pages.parts.model_picker import pick_models
from pages.parts.pictures import show_sheet
from pages.parts.waiting import reconstructions
from vizmodels.analysis.reconstruction import reconstruct
from vizmodels.figures.errors_by_image import error_distribution_figure
from vizmodels.figures.images import error_sheet, tile_sheet

COLUMNS = 16
ORDERS = ("first", "best", "median", "worst")

head("Reconstruction", "What is kept, what is lost?")
a, b = pick_models()
if a is not None and data_are_here(a):
    models = [model for model in (a, b) if model is not None]
    results = reconstructions(models)
    order = st.segmented_control(
        "Pictures", ORDERS, default="first", required=True, key="order", bind="query-params",
        help="Best, median and worst by model A's squared error over the whole test set.",
    )  # fmt: skip
    ranked = np.argsort(results[0].squared_error)
    middle = len(ranked) // 2 - COLUMNS // 2
    chosen = {
        "first": np.arange(COLUMNS),
        "best": ranked[:COLUMNS],
        "median": ranked[middle : middle + COLUMNS],
        "worst": ranked[::-1][:COLUMNS],
    }[order]
    st.caption("Originals")
    show_sheet(tile_sheet(results[0].originals[chosen], COLUMNS), "Original test images")
    for model, result, slot in zip(models, results, "AB", strict=False):
        mse = result.squared_error
        st.markdown(
            f"**Model {slot}** · {model.title} · squared error per pixel: "
            f"{mse[chosen].mean():.4f} on these, {mse.mean():.4f} on all {len(mse):,} test images"
        )
        show_sheet(tile_sheet(result.pictures[chosen], COLUMNS), f"Reconstructions, {model.title}")
        show_sheet(error_sheet(result.error[chosen], COLUMNS), f"Signed error of {model.title}")
    st.caption("Below each row of reconstructions its error: blue is too dark, red too bright.")
    st.plotly_chart(
        error_distribution_figure(
            [(m.title, r.squared_error) for m, r in zip(models, results, strict=True)]
        ),
        key="errors",
        alt="Distribution of the squared error per pixel over the test images, one curve a model",
    )

explanation(
    "The first row shows test images, which no model was trained on. Each model's reconstruction "
    "is the decoder's picture of the latent that the encoder gave; a VAE decodes its posterior "
    "mean. White error means right, the full colour means wrong by half the range or more. The "
    "curve below counts the images of each error.",
    [
        "Choose the worst pictures: what do they have in common?",
        "Set a 2-D and a 16-D model side by side: which details come with more axes?",
        "Set PCA beside a 2-D autoencoder: what do straight axes cost?",
    ],
    r"\text{error}(x) = \tfrac{1}{D}\lVert x - g(f(x))\rVert^2",
    [reconstruct],
)
