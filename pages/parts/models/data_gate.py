"""Stands before a figure that needs an image set: fetches it, or says what is missing."""

import streamlit as st

from pages.parts.frame.plain import letter_by_letter
from pages.parts.models.line_ups import ALWAYS_HERE
from vizmodels.errors import DataUnavailable, LatentariumError
from vizmodels.runs.library import RunRecord


def data_are_here(record: RunRecord) -> bool:
    """Whether the run's images can be shown; if not, offers the one button that fetches them."""
    if not dataset_is_here(record.experiment.dataset):
        return False
    learned_from = record.experiment.pictures or record.data_digest
    if record.experiment.dataset == ALWAYS_HERE or not learned_from:
        return True
    from vizmodels.data import load_dataset
    from vizmodels.runs.pictures import check_learned_from

    try:
        data = load_dataset(record.experiment.dataset, download=False)
        check_learned_from(record.experiment, record.data_digest, data)
    except LatentariumError as error:
        st.info(letter_by_letter(str(error)))
        return False
    return True


def learned_from_todays(record: RunRecord) -> bool:
    """Whether a run learned from the pictures under its set's name today, as far as is known."""
    from vizmodels.data import own_pictures

    today = own_pictures(record.experiment.dataset)
    learned_from = record.experiment.pictures or record.data_digest
    return not today or learned_from in ("", today)


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
        st.error(letter_by_letter(str(error)))
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
        st.error(letter_by_letter(str(error)))
        return False
    st.rerun()
