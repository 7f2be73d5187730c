"""The entry of every visit: page settings and the order of the pages."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.parts.frame.plain import letter_by_letter
from pages.parts.process import computing
from vizmodels.errors import LatentariumError
from vizmodels.places import ASSETS


def pages() -> dict[str, list[StreamlitPage]]:
    """The pages in their order, by section."""
    return {
        "": [
            st.Page(
                "home/page.py",
                title="Home",
                icon=":material/home:",
                default=True,
                help="A living latent map, and the gallery of trained runs.",
            ),
            st.Page(
                "train/page.py",
                url_path="train",
                title="Train",
                icon=":material/play_circle:",
                help="Train a model and watch it learn.",
            ),
            st.Page(
                "ablation/page.py",
                url_path="ablation",
                title="Ablation",
                icon=":material/grid_on:",
                help="What latent size, KL weight and noise weight do: sweeps.",
            ),
        ],
        "Look inside": [
            st.Page(
                "latent_space/page.py",
                url_path="latent_space",
                title="Latent space",
                icon=":material/scatter_plot:",
                help="How the latent space is laid out: models side by side, in two or three axes.",
            ),
            st.Page(
                "reconstruction/page.py",
                url_path="reconstruction",
                title="Reconstruction",
                icon=":material/compare:",
                help="What a model keeps of a picture, and what it loses.",
            ),
            st.Page(
                "denoising/page.py",
                url_path="denoising",
                title="Denoising",
                icon=":material/blur_on:",
                help="Which model removes noise best, and where noise moves the latents.",
            ),
            st.Page(
                "interpolation/page.py",
                url_path="interpolation",
                title="Interpolation",
                icon=":material/linear_scale:",
                help="What lies between two images, and what each latent axis does.",
            ),
            st.Page(
                "sampling/page.py",
                url_path="sampling",
                title="Sampling",
                icon=":material/casino:",
                help="Samples of every family side by side, and how good they are.",
            ),
            st.Page(
                "codebook/page.py",
                url_path="codebook",
                title="Codebook",
                icon=":material/grid_view:",
                help="The codes of a VQ-VAE: which live, what each draws, and what a prior makes.",
            ),
            st.Page(
                "information/page.py",
                url_path="information",
                title="Information kept",
                icon=":material/fact_check:",
                help="How many digits survive: judges of reconstructions and latents.",
            ),
        ],
    }


def show() -> None:
    """Show the page that the address names."""
    st.set_page_config(page_title="Latentarium", page_icon=str(ASSETS / "icon.png"), layout="wide")
    try:
        page = st.navigation(pages(), position="top")
        if page.url_path and not computing.is_loaded():  # Home needs nothing of it
            with st.spinner("Loading what this page computes with, once after the start"):
                computing.load()
        page.run()
    except LatentariumError as error:  # what a page did not foresee is still a sentence
        st.error(letter_by_letter(str(error)))


# A process that is started while a visitor's page runs takes this file for its own main module, and
# runs it again under another name.
if __name__ == "__main__":
    show()
