import streamlit as st

from pages.codebook.code_stage import show_code_stage
from pages.codebook.code_views import show_more, show_usage
from pages.parts.frame.frame import explanation, head
from pages.parts.models.code_picker import pick_vqvae
from pages.parts.models.data_gate import data_are_here
from vizmodels.analysis.codes.codebook import report_codebook

head("Codebook", "Which codes live, and what does each of them draw?")
record = pick_vqvae()
if record is not None and data_are_here(record):
    st.caption("Click a cell of the picture, then another code: it is decoded in your browser.")
    show_code_stage(record)
    show_usage(record)
    show_more(record)

explanation(
    "The encoder gives a vector for each cell of a grid over the picture; the nearest vector of "
    "the codebook takes its place, and only its number is kept. Codes that lie close together "
    "have similar colours, here and on every figure. The perplexity says how many codes, used "
    "equally often, would carry as much as these do. A dead code stands in no test image. The "
    "decoder looks at neighbouring cells too, so one code may draw different strokes beside "
    "different neighbours, and a swapped code changes the picture around its cell.",
    [
        "Put the second of the list into a cell, then the last: how far does the picture change?",
        "Fill the grid with one code: is it a stroke, a shade, or nothing you can name?",
        "Sample from the uniform prior, then the marginal, then the PixelCNN: what does each know?",
        "Let a codebook collapse: how many of 128 codes are left after three epochs?",
    ],
    r"k(i) = \arg\min_k \lVert z_e(x)_i - e_k \rVert,\qquad"
    r"\text{perplexity} = 2^{-\sum_k p_k \log_2 p_k}",
    [report_codebook],
)
