"""Cards of the runs: what each reconstructs, and the figures that tell it from its neighbours."""

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


def show_gallery(limit: int = 24) -> None:
    """Every run of the library as a card, shipped ones first."""
    st.subheader("Runs", anchor=False)
    records = library().list()[:limit]
    for start in range(0, len(records), CARDS_PER_ROW):
        for column, record in zip(
            st.columns(CARDS_PER_ROW), records[start : start + CARDS_PER_ROW], strict=False
        ):
            with column.container(border=True):
                _show_card(record)


def _show_card(record: RunRecord) -> None:
    st.markdown(f"**{record.title}**")
    try:
        pictures = atlas().run(record.id).preview[:, :PICTURES_PER_CARD]
    except LatentariumError as error:
        st.warning(str(error))
        return
    show_sheet(
        tile_sheet(np.concatenate(list(pictures)), columns=pictures.shape[1]),
        f"Test images, and the reconstructions of {record.title}",
    )
    st.caption(f"test reconstruction {record.evaluation['reconstruction']:.4f}")
    buttons = st.columns(2)
    for slot, column in zip("ab", buttons, strict=True):
        column.button(
            f"Model {slot.upper()}",
            key=f"card_{slot}_{record.id}",
            on_click=choose,
            args=(slot, record.id),
            width="stretch",
        )
