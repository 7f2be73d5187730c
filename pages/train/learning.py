"""How a model learns, while it does or afterwards: curves, pictures and a map."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts.frame.pictures import WIDEST, ink, show_sheet, show_svg
from vizmodels.figures.images import tile_sheet
from vizmodels.figures.live import HEIGHT, WIDTH, curve_svg, live_map_svg
from vizmodels.jobs import Curve
from vizmodels.models.codes.code_prior import NATS_PER_BIT
from vizmodels.specs import OF_DRAWS

WIDEST_PREVIEW, WIDEST_MAP, WIDEST_SMALL = 520, 400, 360  # px
SMALL = (300, 170)  # units of a drawing that shares a column with another

SHOWN_UNITS = {"share of": ("% of", 100.0), "nats per code": ("bits per code", 1 / NATS_PER_BIT)}
"""How some units begin, and what is shown in their place: a word, and how many there are of it."""

BELOW = {
    "pixelcnn": "below them samples from the prior",
    "classifier": "below them those it is least sure of",
}
"""What stands below the test images, where it is not "below each its reconstruction"."""


Mark = tuple[int, str]
"""A step, and what happened there."""


def show_curves(
    curve: Curve, steps_per_epoch: float, n_steps: int, marks: Sequence[Mark] = ()
) -> None:
    """A curve of each loss term, and small ones of the figures that only a whole set has.

    Parameters
    ----------
    curve : the terms so far
    steps_per_epoch : places the test set's values among the steps
    n_steps : where the step axis ends
    marks : steps at which a knob was moved, and to what
    """
    test_steps = (curve.epochs * steps_per_epoch).astype(np.int64)
    for name in curve.names:
        if name == "loss" and _is_one_term(curve):
            continue
        values, test = curve.column(name), curve.column(name, test=True)
        unit = curve.units[name]
        _show_curve(name, unit, curve.steps, values, test_steps, test, n_steps, marks=marks)
    no_steps, no_values = np.array([], np.int64), np.array([], np.float32)
    moving = {name: test for name, test in curve.measures.items() if len(set(test.tolist())) > 1}
    halves = st.columns(2) if moving else ()
    for at, (name, test) in enumerate(moving.items()):
        with halves[at % 2]:
            unit = curve.units[name]
            _show_curve(name, unit, no_steps, no_values, test_steps, test, n_steps, SMALL)
    for name, test in curve.measures.items():
        if name not in moving and len(test):
            unit, times = _shown_unit(curve.units[name])
            st.caption(f"{name.replace('_', ' ').capitalize()}: {times * test[0]:.3g} {unit}")
    if said := what_dots_decode(curve):
        st.caption(said)


def what_dots_decode(curve: Curve) -> str:
    """What of a posterior the curves decode, in a sentence; empty where there is none."""
    if "kl" in curve.names:
        of_dots = "its mean"
    elif "kl_classes" not in curve.names:
        return ""
    elif OF_DRAWS in curve.measures or not len(curve.epochs):
        of_dots = "its likeliest classes"
    else:  # a run from before draws were evaluated
        of_dots = "its class probabilities"
    said = (
        "Lines are of training pictures and decode a draw of each posterior; dots are of the clean "
        f"test pictures and decode {of_dots}"
    )
    of_draws = ", and under **reconstruction of draws** a draw as well"
    return f"{said}{of_draws if OF_DRAWS in curve.measures else ''}."


def show_map(points: NDArray[np.float32], labels: NDArray[np.int64] | None, space: str) -> None:
    """Where the test images lie in a space of this name."""
    text = f"{len(points):,} test images in the {space}"
    show_svg(live_map_svg(points, labels), text, widest=WIDEST_MAP)
    st.caption(text)


def show_pictures(above: NDArray[np.uint8], below: NDArray[np.uint8], family: str) -> None:
    """Test images, and under them what a model of the family makes of them or of nothing."""
    text = f"Test images above, {BELOW.get(family, 'below each its reconstruction')}"
    sheet = tile_sheet(np.concatenate([above, below]), columns=len(above))
    show_sheet(sheet, text, widest=WIDEST_PREVIEW)
    st.caption(text)


def space_of(family: str) -> str:
    """What the space is called in which a family's map lies."""
    spaces = {"vqvae": "space of the code vectors", "classifier": "space of its features"}
    return (spaces | {"pixelcnn": spaces["vqvae"]}).get(family, "latent space")


def _is_one_term(curve: Curve) -> bool:
    """Whether the loss is nothing but its first term."""
    rows = np.vstack([curve.train_rows, curve.test_rows])
    return np.allclose(rows[:, curve.names.index("loss")], rows[:, 0], rtol=1e-6)


def _shown_unit(unit: str) -> tuple[str, float]:
    """The unit's name on the page, and how many of it make one of the unit."""
    for beginning, (shown, times) in SHOWN_UNITS.items():
        if unit.startswith(beginning):
            return unit.replace(beginning, shown), times
    return unit, 1.0


def _show_curve(
    name: str,
    unit: str,
    steps: NDArray[np.int64],
    train: NDArray[np.float32],
    test_steps: NDArray[np.int64],
    test: NDArray[np.float32],
    n_steps: int,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    marks: Sequence[Mark] = (),
) -> None:
    name = name.replace("_", " ")
    unit, times = _shown_unit(unit)
    train, test = times * train, times * test
    svg = curve_svg(name, unit, steps, train, test_steps, test, n_steps, ink(), size, marks)
    kinds = "training as a line, test as dots" if len(steps) else "the test set as dots"
    widest = WIDEST_SMALL if size == SMALL else WIDEST
    show_svg(svg, f"{name} in {unit} over {n_steps:,} steps: {kinds}", widest)
