import streamlit as st

from pages.information.information_views import pick_dataset, show_information
from pages.parts.frame.frame import explanation, head
from pages.parts.models.data_gate import dataset_is_here
from vizmodels.analysis.intervals import mean_interval
from vizmodels.analysis.pictures.information import (
    information_kept,
    linear_probe,
    nearest_neighbours,
)

head("Information kept", "How many digits survive the bottleneck?")
dataset = pick_dataset()
if dataset is not None and dataset_is_here(dataset):
    with st.container():
        show_information(dataset)

explanation(
    "A judge that was trained on originals and reads reconstructions says how many pictures still "
    "look like what they were. One that was trained on reconstructions and reads originals says "
    "whether enough was left to learn from. A linear probe and a vote of the nearest latents ask "
    "the code itself, without the decoder: a VAE's posterior mean, the likeliest classes of a "
    "discrete VAE, the code vectors of a VQ-VAE. What they cannot read may still be there, only "
    "not in a form that is linear or near. The whiskers are 95 % intervals over three seeds, "
    "which draw other training images and other first weights. To keep the time short, judges see "
    "5,000 training images for four epochs; more would raise all figures by some per cent.",
    [
        "Compare 2 with 16 axes: which digits do two axes confuse?",
        "Look for a model whose probe does worse than the CNN on its reconstructions.",
        "Compare AE and VAE of one size: does the KL term cost readable digits?",
        "Tick models that have not been measured, and have them measured in the background.",
    ],
    r"\text{accuracy} = \tfrac1N\sum_i [\,\hat y(x_i) = y_i\,],\qquad"
    r"\bar a \pm t_{0.975,\,S-1}\,\frac{s}{\sqrt S}",
    [information_kept, linear_probe, nearest_neighbours, mean_interval],
)
