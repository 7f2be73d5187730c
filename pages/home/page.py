import streamlit as st

from pages.home.gallery_cards import show_gallery
from pages.parts.frame.frame import head
from pages.parts.models.data_gate import data_are_here
from pages.parts.models.model_picker import pick_models
from pages.parts.models.run_kinds import first_map_kind
from pages.parts.stage.stage import show_stage

head("Latentarium", "Move over the map: every point of latent space is decoded where you are.")
a, _ = pick_models(st.columns(1))
if a is not None and data_are_here(a):
    show_stage(a, kind=first_map_kind(a), key="home_stage")

doors = st.columns(3)
with doors[0]:
    st.page_link("latent_space/page.py", label="**Explore** the latent space, AE beside VAE")
with doors[1]:
    st.page_link("train/page.py", label="**Train** a model and watch it learn")
with doors[2]:
    st.page_link("reconstruction/page.py", label="**Learn** what is kept and what is lost")

show_gallery()
