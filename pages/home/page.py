import streamlit as st

from pages.home.gallery_cards import show_gallery
from pages.parts.frame.frame import head
from pages.parts.models.data_gate import data_are_here
from pages.parts.models.model_picker import pick_models
from pages.parts.models.run_kinds import first_map_kind
from pages.parts.stage.stage import show_stage

head(
    "Latentarium",
    "A map of what an autoencoder has learned: move over it, and every place becomes the picture "
    "it stands for.",
)
a, _ = pick_models(st.columns(1))
if a is not None and data_are_here(a):
    show_stage(a, kind=first_map_kind(a), key="home_stage")

show_gallery(None if a is None else a.id)
