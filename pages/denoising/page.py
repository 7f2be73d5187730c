import streamlit as st

from pages.denoising.noise_panel import show_noise
from pages.parts.frame.charts import show_chart
from pages.parts.frame.export import offer_export
from pages.parts.frame.frame import explanation, head
from pages.parts.models.data_gate import data_are_here
from pages.parts.models.model_label import lettered
from pages.parts.models.model_picker import pick_up_to_four
from pages.parts.results.answers import wait_for
from vizmodels.analysis.pictures.denoising import (
    CURVE_IMAGES,
    denoise,
    noise_curve,
)
from vizmodels.figures.bands import NEUTRAL, Band, bands_figure
from vizmodels.figures.theme import MODEL_COLOURS
from vizmodels.results.questions import noise
from vizmodels.training.step import add_noise

CURVE_HEIGHT = 420  # px

head("Denoising", "Who removes noise better?")
models = pick_up_to_four(("autoencoder", "denoising", "vae", "vqvae"))
if models and data_are_here(models[0]):
    show_noise(models)
    curves = wait_for(
        [noise(model) for model in models],
        f"Measuring {CURVE_IMAGES} pictures at eleven noise weights, which takes a few seconds",
        CURVE_HEIGHT,
    )
    if curves is not None:
        names, nothing = lettered(models), curves[0]
        st.markdown(
            f"**Error to the clean picture, by noise weight**: {nothing.noisy.shape[1]} test images"
        )
        bands = [
            Band("doing nothing", NEUTRAL, nothing.weights, nothing.noisy.mean(axis=1), None, "dot")
        ]
        bands += [
            Band(name, colour, c.weights, c.mean, c.half_width)
            for name, colour, c in zip(names, MODEL_COLOURS, curves, strict=False)
        ]
        text = "Error to the clean picture by noise weight, by model"
        axes = ("noise weight w", "squared error per pixel")
        show_chart("noise_curve", text, bands_figure, bands, *axes, height=400)
        offer_export(
            "denoising",
            lambda: (
                {"noise_weight": nothing.weights}
                | {band.name: band.y for band in bands}
                | {f"{n} ±": c.half_width for n, c in zip(names, curves, strict=True)}
            ),
            lambda: (
                {"noise_weight": nothing.weights, "doing nothing": nothing.noisy}
                | {n: c.denoised for n, c in zip(names, curves, strict=True)}
            ),
        )

explanation(
    "All models see the same noisy pictures; noise is cut to [0, 1] as it was in training. The "
    "dashed grey curve is the error of the noisy picture itself: a model above it does harm. Bands "
    "are 95 % intervals of the mean over the images. On the maps an arrow runs from where the "
    "clean picture is encoded to where the noisy one is; the dotted line runs on to where "
    "the decoded picture is encoded, which shows whether decoding leads back. With more than two "
    "axes the maps show the two leading principal components. A VAE decodes its posterior mean, a "
    "discrete VAE the likeliest class of each variable. An autoencoder trained with noise says so "
    "in its title.",
    [
        "Move the weight from 0 to 1: where does each model begin to show another digit?",
        "Compare the autoencoder trained with noise with the one trained without: at which "
        "weights is it worse?",
        "Look at the arrows at weight 0.5: do they end among the pictures, or outside the cloud?",
        "Does a VQ-VAE, which copies best, denoise best?",
    ],
    r"\tilde x = \operatorname{clip}(x + w\,\varepsilon,\, 0,\, 1),\quad \varepsilon \sim "
    r"\mathcal N(0, I), \qquad \text{error} = \tfrac1D\lVert x - g(f(\tilde x))\rVert^2",
    [add_noise, denoise, noise_curve],
)
