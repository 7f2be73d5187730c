"""Takes a page's numbers and pictures away: CSV, NPZ and PNG; charts save themselves as SVG."""

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from vizmodels.export.tables import Column, csv_bytes, npz_bytes
from vizmodels.figures.images import enlarge

PNG_PIXELS_WIDE = 1600  # at most, of a sheet that is saved

Make = Callable[[], Mapping[str, Column]]


def offer_export(
    name: str,
    table: Make | None = None,
    arrays: Make | None = None,
    sheets: Sequence[tuple[str, Callable[[], NDArray[np.uint8]]]] = (),
) -> None:
    """A button that opens the ways to take what the page shows away.

    Parameters
    ----------
    name : of the files, without ending
    table : makes the columns of the CSV file
    arrays : makes the arrays of the NPZ file
    sheets : caption of a picture, and what makes its RGB sheet (H, W, 3), saved as PNG

    Nothing is made before its button is pressed.
    """
    with st.popover("Export", icon=":material/download:"):
        if table is not None:
            _button("Numbers as CSV", f"{name}.csv", "text/csv", lambda: csv_bytes(table()))
        if arrays is not None:
            _button("Arrays as NPZ", f"{name}.npz", "application/zip", lambda: npz_bytes(arrays()))
        for caption, make in sheets:
            file = f"{name}-{caption.lower().replace(' ', '-')}.png"
            _button(f"{caption} as PNG", file, "image/png", lambda make=make: png_bytes(make()))
        st.caption("A chart is saved as SVG by the camera above its right corner.")


def png_bytes(sheet: NDArray[np.uint8]) -> bytes:
    """A sheet enlarged by a whole number, as PNG."""
    buffer = io.BytesIO()
    enlarged = enlarge(sheet, max(1, PNG_PIXELS_WIDE // sheet.shape[1]))
    Image.fromarray(enlarged).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _button(label: str, file: str, mime: str, make: Callable[[], bytes]) -> None:
    st.download_button(
        label, make, file, mime, key=f"export_{file}", on_click="ignore", width="stretch"
    )
