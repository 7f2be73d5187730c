"""Cards of the runs: what each reconstructs, and the figure that tells it from its neighbours."""

import numpy as np
import streamlit as st

from pages.parts.model_picker import choose
from pages.parts.pictures import show_sheet
from pages.parts.shared import atlas, library
from vizmodels.errors import LatentariumError
from vizmodels.figures.images import tile_sheet
from vizmodels.runs.library import RunRecord

CARDS_PER_ROW = 3
PICTURES_PER_CARD = 8
WIDEST_CARD = 400  # px


def show_gallery(limit: int = 24) -> None:
    """The runs of the library as cards, shipped ones first; a card's button opens its map."""
    records = library().list()[:limit]
    for start in range(0, len(records), CARDS_PER_ROW):
        row = records[start : start + CARDS_PER_ROW]
        for column, record in zip(st.columns(CARDS_PER_ROW), row, strict=False):
            with column:
                _show_card(record)


def _show_card(record: RunRecord) -> None:
    # Two elements a card and no more: each one delays the map above by some milliseconds.
    try:
        pictures = atlas().run(record.id).preview[:, :PICTURES_PER_CARD]
    except LatentariumError as error:
        st.warning(str(error))
        return
    show_sheet(
        tile_sheet(np.concatenate(list(pictures)), columns=pictures.shape[1]),
        f"Test images, and the reconstructions of {record.title}",
        widest=WIDEST_CARD,
    )
    st.button(
        f"{record.title} · error {record.evaluation['reconstruction']:.4f}",
        key=f"card_a_{record.id}",
        help="Open this run's map. The error is the test set's reconstruction term.",
        on_click=choose,
        args=("a", record.id),
        type="tertiary",
    )
