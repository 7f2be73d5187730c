"""Puts sheets of small pictures, enlarged by whole numbers, and drawings on a page."""

import base64
import html
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.process.kept import once

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDEST = 1100  # px; a sheet is enlarged until the next whole number would pass this


def show_sheet(sheet: "NDArray[np.uint8]", description: str, widest: int = WIDEST) -> None:
    """Show an RGB sheet (H, W, 3), its pixels as sharp squares.

    The browser enlarges it, so that the picture travels in its own few kilobytes; where the
    column is narrower than the sheet it is scaled down without smoothing.
    """
    show_png(once(_png, sheet), sheet.shape[1], description, widest)


def show_png(png: bytes, width: int, description: str, widest: int = WIDEST) -> None:
    """The same of a sheet that is a PNG already, so many pixels wide."""
    factor = max(1, widest // width)
    _show(png, "png", description, f"image-rendering:pixelated;width:{width * factor}px")


def show_rows(
    sheet: "NDArray[np.uint8]", names: Sequence[str], description: str, widest: int = WIDEST
) -> None:
    """Show a sheet whose rows have names, as large as whole numbers allow."""
    from vizmodels.figures.labelled import LABEL_WIDTH, labelled_rows_svg  # imports plotly

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


def _png(sheet: "NDArray[np.uint8]") -> bytes:
    """The sheet, in a third of the numbers where all of it is grey."""
    from PIL import Image

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
