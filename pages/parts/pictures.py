"""Puts sheets of small pictures on a page, enlarged by whole numbers."""

import base64
import html
import io

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

WIDEST = 1100  # px; a sheet is enlarged until the next whole number would pass this


def show_sheet(sheet: NDArray[np.uint8], description: str, widest: int = WIDEST) -> None:
    """Show an RGB sheet (H, W, 3), its pixels as sharp squares.

    The browser enlarges it, so that the picture travels in its own few kilobytes; where the
    column is narrower than the sheet it is scaled down without smoothing.
    """
    factor = max(1, widest // sheet.shape[1])
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "PNG")
    source = base64.b64encode(buffer.getvalue()).decode()
    st.html(
        f'<img src="data:image/png;base64,{source}" alt="{html.escape(description)}" '
        f'style="image-rendering:pixelated;width:{sheet.shape[1] * factor}px;max-width:100%;'
        'height:auto;display:block">'
    )
