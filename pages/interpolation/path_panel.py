"""Paths between two images as film strips, and what can be measured along them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts.frame.charts import show_chart
from pages.parts.frame.pictures import show_sheet
from pages.parts.models.model_label import LETTERS, lettered, show_label
from pages.parts.process.shared import atlas
from pages.parts.results.awaited import awaited
from vizmodels.analysis.latents.interpolation import (
    N_PAIRS,
    PATH_KINDS,
    PathKind,
    PathScores,
    confidence,
    evenness,
    interpolate,
    steps,
)
from vizmodels.figures.bands import NEUTRAL, Band, bands_figure
from vizmodels.figures.dots import Dot, dots_figure
from vizmodels.figures.images import stacked, tile_sheet
from vizmodels.figures.theme import MODEL_COLOURS
from vizmodels.results.reports import PATHS, classifier_of
from vizmodels.runs.library import RunRecord

WIDEST_SHEET = 860  # px
DASH: dict[PathKind, str] = {"straight": "solid", "spherical": "dash", "blend": "dot"}
SYMBOL: dict[PathKind, str] = {"straight": "circle", "spherical": "diamond", "blend": "square"}
SCORES_HEIGHT = 330  # px
Z_95 = 1.96


@dataclass(frozen=True)
class Path:
    """One path as it is drawn: its name, accent and frames (n, C, H, W)."""

    name: str
    colour: str
    kind: PathKind
    frames: NDArray[np.float32]


def paths_between(models: Sequence[RunRecord], pair: tuple[int, int]) -> list[Path]:
    """The pixel blend, then each model's straight and spherical path."""
    images = atlas().points(models[0].experiment.dataset).pictures.images[list(pair)]
    first = atlas().run(models[0].id).autoencoder
    paths = [Path("pixel blend", NEUTRAL, "blend", interpolate(first, images, "blend"))]
    for letter, colour, model in zip(LETTERS, MODEL_COLOURS, models, strict=False):
        network = atlas().run(model.id).autoencoder
        for kind in ("straight", "spherical"):
            frames = interpolate(network, images, kind)
            paths.append(Path(f"{letter} {kind}", colour, kind, frames))
    return paths


def show_strips(models: Sequence[RunRecord], paths: Sequence[Path]) -> None:
    """The blend, and below it two strips a model."""
    n = len(paths[0].frames)
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.markdown("**Pixel blend**, which asks no model")
    with right:
        show_sheet(tile_sheet(paths[0].frames, n), "One image faded into the other", WIDEST_SHEET)
    for at, model in enumerate(models):
        left, right = st.columns([1, 3], vertical_alignment="center")
        two = paths[1 + 2 * at : 3 + 2 * at]
        with left:
            longest = [f"{path.kind}: longest step {_pace(path)}" for path in two]
            show_label(at, model, longest)
        with right:
            sheet = stacked([tile_sheet(path.frames, n) for path in two])
            text = f"Straight path above, spherical below, decoded by {model.title}"
            show_sheet(sheet, text, WIDEST_SHEET)


def show_along(paths: Sequence[Path], dataset: str) -> None:
    """Distance of neighbouring frames and the classifier's confidence, frame by frame."""
    judge, n = classifier_of(atlas(), dataset), len(paths[0].frames)
    left, right = st.columns(2)
    at = np.linspace(0, 1, n)
    middle = (at[1:] + at[:-1]) / 2
    with left:
        st.markdown("**How evenly the picture changes**")
        bands = [Band(p.name, p.colour, middle, steps(p.frames), None, DASH[p.kind]) for p in paths]
        figure = bands_figure(bands, "place on the path", "step, RMS per pixel")
        show_chart(figure, "path_steps", "Distance between neighbouring frames along each path")
    with right:
        st.markdown("**How sure a classifier is of each frame**")
        if judge is None:
            st.caption(f"Train a classifier on {dataset} to see it.")
            return
        bands = [
            Band(p.name, p.colour, at, confidence(judge, p.frames), None, DASH[p.kind])
            for p in paths
        ]
        figure = bands_figure(bands, "place on the path", "probability of the likeliest class")
        show_chart(figure, "path_confidence", "Classifier's confidence along each path")


def show_scores(models: Sequence[RunRecord]) -> list[PathScores] | None:
    """The same over many pairs of different classes, with intervals; None while it is measured."""
    scores = awaited(
        PATHS,
        models,
        f"Measuring {N_PAIRS} pairs on three kinds of path, which takes a few seconds",
        SCORES_HEIGHT,
    )
    if scores is None:
        return None
    st.markdown(
        f"**Over {scores[0].evenness.shape[1]} pairs of different classes**, mean and 95 % interval"
    )
    titles = {
        "least_confidence": "classifier's confidence at the least sure frame",
        "evenness": "longest step / mean step",
    }
    for column, (what, title) in zip(st.columns(2), titles.items(), strict=True):
        dots = [_dot("pixel blend", NEUTRAL, "blend", getattr(scores[0], what))]
        for name, colour, score in zip(lettered(models), MODEL_COLOURS, scores, strict=False):
            for kind in ("straight", "spherical"):
                dots.append(_dot(f"{name[0]} {kind}", colour, kind, getattr(score, what)))
        with column:
            show_chart(dots_figure(dots, title), f"path_{what}", f"Mean {title}, by path")
    return scores


def _dot(name: str, colour: str, kind: PathKind, values: NDArray[np.float32]) -> Dot:
    row = values[PATH_KINDS.index(kind)]
    half = Z_95 * float(row.std(ddof=1)) / float(np.sqrt(len(row)))
    return Dot(name, colour, float(row.mean()), half, SYMBOL[kind])


def _pace(path: Path) -> str:
    return f"{evenness(steps(path.frames)):.1f} × the mean"
