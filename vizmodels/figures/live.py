"""Figures that change several times a second while a model trains, as SVG.

A Plotly chart is taken down and put up again whenever its data change; an SVG of the same size is
exchanged between two frames of the screen.
"""

import html
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vizmodels.figures.theme import AXIS_FONT, MODEL_A, MODEL_B, class_colour

WIDTH, HEIGHT = 520, 240  # units of the drawing; the page scales it to the column
LEFT, RIGHT, TOP, BOTTOM = 78, 12, 34, 30  # margins, wide enough for the axis labels
MAX_VERTICES = 400  # of a curve: more than the drawing has pixels across
SHOWN_SHARE = 0.97  # of the training values lie within the vertical axis, the rest at its edge
MAP_SIDE = 380
CHANCES_SIZE = (400, 240)
MAX_BARS = 7  # of chances; more would not leave room for their figures
INK = "#808890"  # reads on white and on black
SVG = "http://www.w3.org/2000/svg"


def curve_svg(
    name: str,
    unit: str,
    steps: NDArray[np.integer],
    train: NDArray[np.floating],
    test_steps: NDArray[np.integer],
    test: NDArray[np.floating],
    n_steps: int,
    ink: str = INK,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    marks: Sequence[tuple[int, str]] = (),
) -> str:
    """One loss term so far: training as a line, the test set as points.

    Parameters
    ----------
    name, unit : of the term
    steps, train : (R,) step numbers and the term's training means
    test_steps, test : (E,) step numbers and the term's test means
    n_steps : where the step axis ends
    ink : colour of the text; that of the page, light or dark
    size : width and height of the drawing; its letters are the same in every size
    marks : steps to be marked by a dashed line, and what is written at it

    Returns
    -------
    An SVG element; its vertical axis spans the values, its ticks stand at round ones.
    """
    low, high = _value_range(train, test)
    width, height = size

    def x_of(step: NDArray[np.integer]) -> NDArray[np.float64]:
        return LEFT + np.asarray(step, dtype=np.float64) / n_steps * (width - LEFT - RIGHT)

    def y_of(value: NDArray[np.floating]) -> NDArray[np.float64]:
        share = np.clip((np.asarray(value, dtype=np.float64) - low) / (high - low), 0, 1)
        return height - BOTTOM - share * (height - TOP - BOTTOM)

    every = max(1, math.ceil(len(steps) / MAX_VERTICES))
    line = _polyline(x_of(steps[::every]), y_of(train[::every]))
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{MODEL_B}"/>'
        for x, y in zip(x_of(test_steps), y_of(test), strict=True)
        if math.isfinite(y)
    )
    ticks = "".join(
        f'<line x1="{LEFT}" x2="{width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
        f'stroke="{ink}" stroke-opacity=".15"/>'
        f'<text x="{LEFT - 8}" y="{y + 5:.1f}" text-anchor="end">{value:g}</text>'
        for value in round_values(low, high)
        for y in [float(y_of(np.array([value]))[0])]
    )
    dashes = "".join(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}" stroke="{ink}" '
        f'stroke-opacity=".5" stroke-dasharray="4 4"/><text x="{x + 5:.1f}" y="{TOP + 14}" '
        f'font-size="{AXIS_FONT - 2}" fill-opacity=".8">{html.escape(said)}</text>'
        for step, said in marks
        for x in [float(x_of(np.array([step]))[0])]
    )
    last = {"training": train, "test": test}
    said = [f"{of} {values[-1]:.4g}" for of, values in last.items() if len(values)]
    title = html.escape(f"{name}: {', '.join(said) or 'no report yet'} ({unit})")
    return (
        f'<svg xmlns="{SVG}" viewBox="0 0 {width} {height}" aria-label="{title}" '
        f'fill="{ink}" font-family="sans-serif" '
        f'font-size="{AXIS_FONT}">'
        f'<text x="{LEFT}" y="20" font-weight="600">{html.escape(name)}'
        f'<tspan font-weight="400" fill-opacity=".7"> {html.escape(unit)}</tspan></text>'
        f"{ticks}{dashes}"
        f'<text x="{LEFT}" y="{height - 8}">0</text>'
        f'<text x="{width - RIGHT}" y="{height - 8}" text-anchor="end">step {n_steps:,}</text>'
        f'<polyline points="{line}" fill="none" stroke="{MODEL_A}" stroke-width="2.5"/>{dots}</svg>'
    )


def round_values(low: float, high: float, most: int = 5) -> list[float]:
    """The multiples of 1, 2 or 5 times a power of ten in a range: `most` at most, two at least."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (power, 2 * power, 5 * power, 10 * power):
        first, last = math.ceil(low / step), math.floor(high / step)
        if last - first < most:
            break
    digits = max(0, -math.floor(math.log10(step)))
    return [round(at * step, digits) for at in range(first, last + 1)]


def live_map_svg(points: NDArray[np.floating], labels: NDArray[np.int64] | None) -> str:
    """Where test images lie on the map now: (P, 2) points, one colour per class, equal axes."""
    finite = np.isfinite(points).all(axis=1)
    points, labels = points[finite], None if labels is None else labels[finite]
    centre = np.median(points, axis=0) if len(points) else np.zeros(2)
    # The farthest one in a hundred may leave the drawing; the rest should not shrink for them.
    reach = (float(np.quantile(np.abs(points - centre), 0.995)) if len(points) else 0.0) or 1.0
    xy = (points - centre) / reach * (MAP_SIDE / 2 - 10) * [1, -1] + MAP_SIDE / 2
    classes = np.zeros(len(points), np.int64) if labels is None else labels
    paths = "".join(
        f'<path stroke="{class_colour(k)}" '
        f'd="{"".join(f"M{x:.1f} {y:.1f}h0" for x, y in xy[classes == k])}"/>'
        for k in np.unique(classes).tolist()
    )
    return (
        f'<svg xmlns="{SVG}" viewBox="0 0 {MAP_SIDE} {MAP_SIDE}" fill="none" '
        f'stroke-width="5" stroke-linecap="round" stroke-opacity=".8">{paths}</svg>'
    )


def chances_svg(
    chances: NDArray[np.floating],
    drawn: int,
    colours: NDArray[np.floating],
    title: str,
    ink: str = INK,
) -> str:
    """What a token was drawn from: the likeliest codes as bars, the one drawn with a frame.

    Parameters
    ----------
    chances : (K,), summing to 1
    drawn : index of the code that was drawn; shown even where it is not among the likeliest
    colours : (K, 3) in [0, 1], of the codes
    title : above the bars
    ink : colour of the text; that of the page, light or dark
    """
    likeliest = np.argsort(-chances, kind="stable")[:MAX_BARS]
    if drawn not in likeliest:
        likeliest[-1] = drawn
    width, height = CHANCES_SIZE
    room, floor = (width - 2 * RIGHT) / (MAX_BARS + 1), height - BOTTOM
    ceiling = TOP + AXIS_FONT + 6  # of the bars; the chances are written above them

    def bar(at: int, name: str, chance: float, colour: str, frame: str) -> str:
        tall = chance * (floor - ceiling)
        middle = RIGHT + (at + 0.5) * room
        return (
            f'<rect x="{middle - 0.4 * room:.1f}" y="{floor - tall:.1f}" width="{0.8 * room:.1f}" '
            f'height="{tall:.1f}" fill="{colour}" stroke="{frame}" stroke-width="2.5"/>'
            f'<text x="{middle:.1f}" y="{floor - tall - 5:.1f}">{_percent(chance)}</text>'
            f'<text x="{middle:.1f}" y="{height - 10}">{name}</text>'
        )

    bars = [
        bar(
            at,
            str(code),
            float(chances[code]),
            _rgb(colours[code]),
            ink if code == drawn else "none",
        )
        for at, code in enumerate(likeliest.tolist())
    ]
    rest = max(0.0, 1 - float(chances[likeliest].sum()))
    if len(chances) > len(likeliest):
        bars.append(bar(len(likeliest), "rest", rest, INK, "none"))
    return (
        f'<svg xmlns="{SVG}" viewBox="0 0 {width} {height}" fill="{ink}" font-family="sans-serif" '
        f'font-size="{AXIS_FONT}" text-anchor="middle"><text x="{RIGHT}" y="20" font-weight="600" '
        f'text-anchor="start">{html.escape(title)}</text>{"".join(bars)}</svg>'
    )


def _percent(chance: float) -> str:
    return "&lt;1%" if 0 < chance < 0.01 else f"{chance:.0%}"


def _rgb(colour: NDArray[np.floating]) -> str:
    return "#" + "".join(f"{round(255 * float(share)):02x}" for share in colour)


def _value_range(train: NDArray[np.floating], test: NDArray[np.floating]) -> tuple[float, float]:
    """What the vertical axis spans: all but the first steps' heights, which would press the rest
    of the curve flat; never nothing."""
    train, test = train[np.isfinite(train)], test[np.isfinite(test)]
    if not len(train) and not len(test):
        return 0.0, 1.0
    usual = np.quantile(train, [0, SHOWN_SHARE]) if len(train) else np.empty(0)
    low, high = (float(bound(np.concatenate([usual, test]))) for bound in (np.min, np.max))
    if high - low < 1e-9 * abs(high):
        low, high = low - abs(low) * 0.05, high + abs(high) * 0.05
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _polyline(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True) if math.isfinite(b))
