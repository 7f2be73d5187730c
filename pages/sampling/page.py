import streamlit as st

from pages.parts.frame.frame import explanation, head
from pages.parts.models.data_gate import data_are_here
from pages.parts.models.model_picker import pick_up_to_four
from pages.sampling.sampling_views import show_sampling_page
from vizmodels.analysis.pictures.frechet import frechet_distance
from vizmodels.analysis.pictures.samplers import make_sampler

LINE_UP = ("autoencoder", "vae", "discrete_vae", "vqvae")

head("Sampling", "Why does the autoencoder fail to generate?")
models = pick_up_to_four(LINE_UP, st.columns(len(LINE_UP)))
if models and data_are_here(models[0]):
    show_sampling_page(models)

explanation(
    "A decoder draws well where it was trained: at the latents of images. A VAE's KL term keeps "
    "those near N(0, I), so that draws from there hit them. Nothing does so for an autoencoder: "
    "its latents lie where they like, and N(0, I) misses them. That is no fault of its decoder: "
    "fit a density to its latents, draw from that, and it generates too. In the same way the "
    "codes of a VQ-VAE are not uniform, nor independent of each other, and a prior that knows it "
    "draws better. The Fréchet distance takes the features of samples and of test images as one "
    "Gaussian each and says how far these lie apart; what training images reach is the floor.",
    [
        "Compare A drawn from N(0, I) with A drawn from the mixture: only the latents differ.",
        "Lower the temperature: samples look cleaner, and fewer classes come out.",
        "Choose a 2-D and a 16-D autoencoder: which of them does N(0, I) miss by more?",
        "Look for a VAE whose mean ± standard deviation leaves the band: where do its holes lie?",
    ],
    r"d^2 = \lVert \mu - \mu' \rVert^2 + \operatorname{tr}\left(\Sigma + \Sigma' - "
    r"2(\Sigma\Sigma')^{1/2}\right),\qquad q(z) = \tfrac1N\sum_i q(z|x_i) \;\text{against}\; p(z)",
    [frechet_distance, make_sampler],
)
