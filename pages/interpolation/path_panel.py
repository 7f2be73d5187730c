"""Paths between two images as film strips, and what can be measured along them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from pages.parts.frame.charts import show_chart
from pages.parts.frame.pictures import show_sheet
from pages.parts.models.judges import judge_of
from pages.parts.models.model_label import LETTERS, lettered, show_label
from pages.parts.process.cache import CACHE
from pages.parts.process.kept import once
from pages.parts.process.shared import atlas
from pages.parts.results.answers import wait_for
from vizmodels.analysis.intervals import mean_interval
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
from vizmodels.models.classifier import Classifier
from vizmodels.results.questions import paths as paths_of
from vizmodels.runs.library import RunRecord

WIDEST_SHEET = 860  # px
DASH: dict[PathKind, str] = {"straight": "solid", "spherical": "dash", "blend": "dot"}
SYMBOL: dict[PathKind, str] = {"straight": "circle", "spherical": "diamond", "blend": "square"}
SCORES_HEIGHT = 330  # px


@dataclass(frozen=True)
class Path:
    """One path as it is drawn: its name, accent and frames (n, C, H, W)."""

    name: str
    colour: str
    kind: PathKind
    frames: NDArray[np.float32]


def paths_between(models: Sequence[RunRecord], pair: tuple[int, int]) -> list[Path]:
    """The pixel blend, then each model's straight and spherical path."""
    images = atlas().points_key(models[0].experiment.dataset)
    first = (models[0].id, atlas().run_key(models[0].id))
    paths = [Path("pixel blend", NEUTRAL, "blend", _frames(*first, images, pair, "blend"))]
    for letter, colour, model in zip(LETTERS, MODEL_COLOURS, models, strict=False):
        key = atlas().run_key(model.id)
        for kind in ("straight", "spherical"):
            frames = _frames(model.id, key, images, pair, kind)
            paths.append(Path(f"{letter} {kind}", colour, kind, frames))
    return paths


@CACHE.cached
def _frames(
    run_id: str, key: str, images: str, pair: tuple[int, int], kind: PathKind
) -> NDArray[np.float32]:
    """Of one path; `key` and `images` only tell versions apart."""
    assert key.startswith(run_id) and images
    run = atlas().run(run_id)
    pictures = atlas().points(run.experiment.dataset).pictures.images
    return interpolate(run.autoencoder, pictures[list(pair)], kind)


def show_strips(models: Sequence[RunRecord], paths: Sequence[Path]) -> None:
    """The blend, and below it two strips a model."""
    n = len(paths[0].frames)
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.markdown("**Pixel blend**, which asks no model")
    with right:
        show_sheet(
            once(tile_sheet, paths[0].frames, n), "One image faded into the other", WIDEST_SHEET
        )
    for at, model in enumerate(models):
        left, right = st.columns([1, 3], vertical_alignment="center")
        two = paths[1 + 2 * at : 3 + 2 * at]
        with left:
            longest = [f"{path.kind}: longest step {_pace(path)}" for path in two]
            show_label(at, model, longest)
        with right:
            sheet = once(_strips, [path.frames for path in two])
            text = f"Straight path above, spherical below, decoded by {model.title}"
            show_sheet(sheet, text, WIDEST_SHEET)


def _strips(paths: Sequence[NDArray[np.float32]]) -> NDArray[np.uint8]:
    return stacked([tile_sheet(frames, len(frames)) for frames in paths])


def show_along(paths: Sequence[Path], model: RunRecord) -> None:
    """Distance of neighbouring frames and the classifier's confidence, frame by frame."""
    judge = judge_of(model)
    left, right = st.columns(2)
    with left:
        st.markdown("**How evenly the picture changes**")
        text = "Distance between neighbouring frames along each path"
        show_chart("path_steps", text, _steps_figure, paths)
    with right:
        st.markdown("**How sure a classifier is of each frame**")
        if judge is None:
            st.caption(f"Train a classifier on {model.experiment.dataset} to see it.")
            return
        of_judge, text = (
            (judge.id, atlas().run_key(judge.id)),
            "Classifier's confidence along each path",
        )
        show_chart("path_confidence", text, _confidence_figure, paths, *of_judge)


def _steps_figure(paths: Sequence[Path]) -> go.Figure:
    at = np.linspace(0, 1, len(paths[0].frames))
    middle = (at[1:] + at[:-1]) / 2
    bands = [Band(p.name, p.colour, middle, steps(p.frames), None, DASH[p.kind]) for p in paths]
    return bands_figure(bands, "place on the path", "step, RMS per pixel")


def _confidence_figure(paths: Sequence[Path], judge_id: str, key: str) -> go.Figure:
    """`key` only tells versions apart."""
    assert key.startswith(judge_id)
    judge, at = atlas().run(judge_id).model, np.linspace(0, 1, len(paths[0].frames))
    assert isinstance(judge, Classifier)
    bands = [
        Band(p.name, p.colour, at, confidence(judge, p.frames), None, DASH[p.kind]) for p in paths
    ]
    return bands_figure(bands, "place on the path", "probability of the likeliest class")


def show_scores(models: Sequence[RunRecord]) -> list[PathScores] | None:
    """The same over many pairs of different classes, with intervals; None while it is measured."""
    judge = judge_of(models[0])
    scores = wait_for(
        [paths_of(model, judge) for model in models],
        f"Measuring {N_PAIRS} pairs on three kinds of path, which takes a few seconds",
        SCORES_HEIGHT,
    )
    if scores is None:
        return None
    has_classes = atlas().points(models[0].experiment.dataset).labels() is not None
    of = "test images of different classes" if has_classes else "test images"
    n = scores[0].evenness.shape[1]
    st.markdown(f"**Over {n} pairs of {of}**, mean and 95 % interval")
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
            show_chart(f"path_{what}", f"Mean {title}, by path", dots_figure, dots, title)
    return scores


def _dot(name: str, colour: str, kind: PathKind, values: NDArray[np.float32]) -> Dot:
    row = values[PATH_KINDS.index(kind)]
    interval = mean_interval(row)
    return Dot(name, colour, interval.mean, interval.half_width, SYMBOL[kind])


def _pace(path: Path) -> str:
    return f"{evenness(steps(path.frames)):.1f} × the mean"
