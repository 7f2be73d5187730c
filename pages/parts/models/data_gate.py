"""Stands before a figure that needs an image set: fetches it, or says what is missing."""

import streamlit as st

from pages.parts.models.line_ups import ALWAYS_HERE
from vizmodels.errors import DataUnavailable, LatentariumError
from vizmodels.runs.library import RunRecord


def data_are_here(record: RunRecord) -> bool:
    """Whether the run's images can be shown; if not, offers the one button that fetches them."""
    return dataset_is_here(record.experiment.dataset)


def dataset_is_here(name: str) -> bool:
    """Whether the image set is on this machine; if not, offers the button that fetches it."""
    if name == ALWAYS_HERE:
        return True
    from vizmodels.data import load_dataset  # here, since torch takes seconds to import

    try:
        load_dataset(name, download=False)
        return True
    except DataUnavailable:
        st.info(f"The images of {name} are not on this machine.")
    except LatentariumError as error:
        st.error(str(error))
        return False
    if not st.button(f"Fetch {name}", key=f"fetch_{name}"):
        return False
    bar = st.progress(0.0, text=f"Fetching {name}")
    try:
        load_dataset(
            name,
            on_progress=lambda p: bar.progress(
                p.received_bytes / p.total_bytes if p.total_bytes else 0.0,
                text=f"Fetching {p.file}: {p.received_bytes / 1e6:.1f} MB",
            ),
        )
    except LatentariumError as error:
        bar.empty()
        st.error(str(error))
        return False
    st.rerun()
