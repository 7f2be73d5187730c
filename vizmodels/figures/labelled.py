"""A sheet of pictures with a name beside each of its rows, as SVG."""

import html
from collections.abc import Sequence

from vizmodels.figures.images import GAP
from vizmodels.figures.live import INK, SVG
from vizmodels.figures.theme import AXIS_FONT

LABEL_WIDTH = 150  # units of the drawing


def labelled_rows_svg(
    picture: str,
    size: tuple[int, int],
    names: Sequence[str],
    factor: int,
    ink: str = INK,
) -> tuple[str, int]:
    """The drawing, and its width in px at which every pixel of the sheet is `factor` px wide.

    Parameters
    ----------
    picture : the sheet as a data: address
    size : width and height of the sheet in its own pixels, rows of equal height with gaps
    names : of the rows, from the top
    factor : whole number by which the sheet is enlarged
    ink : colour of the names; that of the page, light or dark
    """
    width, height = (factor * side for side in size)
    pitch = factor * (size[1] + GAP) / len(names)
    texts = "".join(
        f'<text x="{LABEL_WIDTH - 12}" y="{(row + 0.5) * pitch + AXIS_FONT / 3:.1f}">'
        f"{html.escape(name)}</text>"
        for row, name in enumerate(names)
    )
    return (
        f'<svg xmlns="{SVG}" viewBox="0 0 {LABEL_WIDTH + width} {height}" fill="{ink}" '
        f'font-family="sans-serif" font-size="{AXIS_FONT}" text-anchor="end">{texts}'
        f'<image x="{LABEL_WIDTH}" width="{width}" height="{height}" href="{picture}" '
        'style="image-rendering:pixelated"/></svg>'
    ), LABEL_WIDTH + width
