"""Adding one's own pictures: a .zip with a folder per class."""

import streamlit as st

from pages.parts.frame.plain import letter_by_letter
from vizmodels.bounds import APP_BOUNDS
from vizmodels.data.own_images import add_own_images
from vizmodels.errors import LatentariumError

SIDES = (8, 16, 28, 32, 48, 64)


def own_images_form() -> None:
    """Show the form, and take in what is given; the new set can then be chosen by its name."""
    if added := st.session_state.pop("own_added", None):
        st.success(added)
    with st.expander("Your own images"):
        with st.form("own_images", border=False):
            upload = st.file_uploader(
                "A .zip with a folder per class", type="zip", key="own_upload",
                help="PNG, JPEG, GIF, BMP, WEBP or TIFF; up to 200 MB and 100,000 pictures. "
                "They are cropped to squares. With folders train/ and test/ that split is kept.",
            )  # fmt: skip
            name = st.text_input("Name", "my-images", key="own_name", max_chars=40)
            side = st.select_slider("Side, pixels", SIDES, 32, key="own_side")
            asked = st.form_submit_button("Add these images")
        if not asked or upload is None:
            return
        bar = st.progress(0.0, text="Reading the pictures")
        try:
            images = add_own_images(
                upload,
                name,
                image_size=side,
                bounds=APP_BOUNDS,
                on_progress=lambda p: bar.progress(
                    p.n_done / p.n_total, text=f"Picture {p.n_done:,}"
                ),
            )
        except LatentariumError as error:
            bar.empty()
            st.error(letter_by_letter(str(error)))
            return
        st.session_state["own_added"] = (
            f"{images.name}: {len(images.train):,} pictures to train on and "
            f"{len(images.test):,} to test."
        )
        st.session_state["chosen_dataset"] = images.name
        st.rerun()  # so that the list of images above has the new set, chosen
