"""Puts sheets of small pictures, enlarged by whole numbers, and drawings on a page."""

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from pages.parts.process.kept import once
from vizmodels.figures.labelled import LABEL_WIDTH, labelled_rows_svg

WIDEST = 1100  # px; a sheet is enlarged until the next whole number would pass this


def show_sheet(sheet: NDArray[np.uint8], description: str, widest: int = WIDEST) -> None:
    """Show an RGB sheet (H, W, 3), its pixels as sharp squares.

    The browser enlarges it, so that the picture travels in its own few kilobytes; where the
    column is narrower than the sheet it is scaled down without smoothing.
    """
    factor = max(1, widest // sheet.shape[1])
    width = f"{sheet.shape[1] * factor}px"
    _show(once(_png, sheet), "png", description, f"image-rendering:pixelated;width:{width}")


def show_rows(
    sheet: NDArray[np.uint8], names: Sequence[str], description: str, widest: int = WIDEST
) -> None:
    """Show a sheet whose rows have names, as large as whole numbers allow."""
    factor = max(1, (widest - LABEL_WIDTH) // sheet.shape[1])
    size = (sheet.shape[1], sheet.shape[0])
    address = _address(once(_png, sheet), "png")
    svg, width = labelled_rows_svg(address, size, names, factor, ink())
    show_svg(svg, description, width)


def show_svg(svg: str, description: str, widest: int = WIDEST) -> None:
    """Show a drawing as wide as its column; exchanged in place when it changes."""
    _show(svg.encode(), "svg+xml", description, f"width:min(100%,{widest}px)")


def ink() -> str:
    """The colour of text on the page as the visitor sees it, light or dark."""
    return "#e6eaf0" if is_dark() else "#1b2430"


def is_dark() -> bool:
    """Whether the visitor sees light letters on a dark page."""
    return st.context.theme.type == "dark"


def _png(sheet: NDArray[np.uint8]) -> bytes:
    """The sheet, in a third of the numbers where all of it is grey."""
    buffer = io.BytesIO()
    is_grey = sheet.ndim == 3 and bool((sheet == sheet[..., :1]).all())
    Image.fromarray(sheet[..., 0] if is_grey else sheet).save(buffer, "PNG")
    return buffer.getvalue()


def _address(content: bytes, media: str) -> str:
    return f"data:image/{media};base64,{base64.b64encode(content).decode()}"


def _show(content: bytes, media: str, description: str, style: str) -> None:
    st.html(
        f'<img src="{_address(content, media)}" alt="{html.escape(description)}" '
        f'style="{style};max-width:100%;height:auto;display:block">'
    )
