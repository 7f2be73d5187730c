"""Arrows over a map, as SVG: they change with a slider, and a chart would flicker."""

import html

import numpy as np
from numpy.typing import NDArray

from vizmodels.figures.live import INK, SVG
from vizmodels.figures.theme import AXIS_FONT, class_colour

SIDE, MARGIN = 420, 30  # units of the drawing
SEEN = 0.998  # of the points lie within the drawing; the farthest would make the rest small


def arrows_svg(
    points: NDArray[np.floating],
    labels: NDArray[np.int64] | None,
    start: NDArray[np.floating],
    end: NDArray[np.floating],
    again: NDArray[np.floating],
    axis_names: tuple[str, str],
    ink: str = INK,
) -> str:
    """A map with an arrow from each start to its end, and a dotted line on to a third place.

    Parameters
    ----------
    points : (P, 2), all pictures of the map, drawn pale
    labels : (P,) classes of these, or None
    start, end, again : (n, 2), places of the same n pictures
    axis_names : captions of the two axes
    ink : colour of the arrows and of the text; that of the page, light or dark
    """
    every = np.concatenate([start, end, again])
    low = np.minimum(np.quantile(points, 1 - SEEN, axis=0), every.min(axis=0))
    high = np.maximum(np.quantile(points, SEEN, axis=0), every.max(axis=0))
    centre, reach = (low + high) / 2, float((high - low).max()) / 2 or 1.0

    def drawn(places: NDArray[np.floating]) -> NDArray[np.floating]:
        return (places - centre) / reach * (SIDE / 2 - MARGIN) * [1, -1] + SIDE / 2

    classes = np.zeros(len(points), np.int64) if labels is None else labels
    xy = drawn(points)
    dots = "".join(
        f'<path stroke="{class_colour(k)}" '
        f'd="{"".join(f"M{x:.0f} {y:.0f}h0" for x, y in xy[classes == k])}"/>'
        for k in np.unique(classes).tolist()
    )
    from_xy, to_xy, then_xy = drawn(start), drawn(end), drawn(again)
    arrows = "".join(
        f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" marker-end="url(#head)"/>'
        for (a, b), (c, d) in zip(from_xy, to_xy, strict=True)
    )
    on = "".join(
        f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}"/>'
        f'<circle cx="{c:.1f}" cy="{d:.1f}" r="3.5"/>'
        for (a, b), (c, d) in zip(to_xy, then_xy, strict=True)
    )
    x_name, y_name = (html.escape(name) for name in axis_names)
    return (
        f'<svg xmlns="{SVG}" viewBox="0 0 {SIDE} {SIDE}" font-family="sans-serif" '
        f'font-size="{AXIS_FONT}"><defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" '
        f'markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8z" fill="{ink}"/>'
        f'</marker></defs><g fill="none" stroke-width="4" stroke-linecap="round" '
        f'stroke-opacity=".35">{dots}</g><g stroke="{ink}" stroke-width="1.8">{arrows}</g>'
        f'<g stroke="{ink}" stroke-width="1.4" stroke-dasharray="2 4" fill="{ink}">{on}</g>'
        f'<text x="{SIDE - 4}" y="{SIDE - 6}" text-anchor="end" fill="{ink}">{x_name}</text>'
        f'<text x="4" y="{AXIS_FONT + 2}" fill="{ink}">{y_name}</text></svg>'
    )
