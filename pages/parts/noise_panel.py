"""Noise by a slider: pictures, errors and arrows of each model, at once."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.parts.model_label import LETTERS, label_html
from pages.parts.pictures import ink, sheet_html, svg_html
from pages.parts.run_kinds import first_map_kind
from pages.parts.shared import atlas, library
from pages.parts.stage import axis_names
from vizmodels.analysis.denoising import Denoised, denoise, embed_all
from vizmodels.analysis.projection import Projection, project
from vizmodels.figures.arrows import arrows_svg
from vizmodels.figures.images import stacked, tile_sheet
from vizmodels.runs.library import RunRecord

N_SHOWN, N_ARROWS = 12, 30  # pictures; latents that are followed, the shown ones first
N_POINTS = 1000  # of the map, behind the arrows
KEPT = 256  # results, of a quarter of a megabyte each
WIDEST_SHEET, WIDEST_MAP = 860, 460  # px
FIRST_WEIGHT = 0.5  # that the shipped denoising models are trained with


@st.fragment
def show_noise(models: Sequence[RunRecord]) -> None:
    """The slider, and below it what each model makes of the noisy pictures."""
    weight = st.slider(
        "Noise weight w", 0.0, 1.0, FIRST_WEIGHT, 0.05, key="noise", bind="query-params",
        help="The models see clip(x + w·ε, 0, 1), with ε drawn from N(0, 1) at each pixel.",
    )  # fmt: skip
    ids = tuple(model.id for model in models)
    st.html(_seen(ids, tuple(atlas().run_key(run_id) for run_id in ids), weight, ink()))


@functools.lru_cache(KEPT)
def _seen(ids: tuple[str, ...], keys: tuple[str, ...], weight: float, of_ink: str) -> str:
    """All below the slider as one element: a browser takes 150 ms to exchange the forty that it
    would be. `keys` only tell versions apart."""
    models = [library().record(run_id) for run_id in ids]
    results = [_denoised(run_id, key, weight) for run_id, key in zip(ids, keys, strict=True)]
    return _pictures(models, results, weight) + _maps(models, results, of_ink)


def _pictures(models: Sequence[RunRecord], results: Sequence[Denoised], weight: float) -> str:
    """What the models see, and below it what each of them makes of it."""
    first = results[0]
    noise = f"Error of doing nothing: {first.noise_error[:N_SHOWN].mean():.4f}"
    said = f"<b>Clean</b>, and below <b>what the models see</b><br><small>{noise}</small>"
    sheets = [tile_sheet(p[:N_SHOWN], N_SHOWN) for p in (first.clean, first.noisy)]
    seen = f"Clean and noisy pictures, weight {weight:.2f}"
    rows = [_row(said, sheet_html(stacked(sheets), seen, WIDEST_SHEET))]
    for at, (model, result) in enumerate(zip(models, results, strict=True)):
        error = result.squared_error[:N_SHOWN].mean()
        label = label_html(at, model, [f"error to the clean pictures: {error:.4f}"])
        sheet = tile_sheet(result.denoised[:N_SHOWN], N_SHOWN)
        rows.append(_row(label, sheet_html(sheet, f"Denoised by {model.title}", WIDEST_SHEET)))
    return "".join(rows)


def _row(label: str, picture: str) -> str:
    """A label beside its picture; above it where there is no room."""
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:center;'
        f'margin-bottom:1rem"><div style="flex:1 1 14rem">{label}</div>'
        f'<div style="flex:3 1 20rem;min-width:0">{picture}</div></div>'
    )


def _maps(models: Sequence[RunRecord], results: Sequence[Denoised], of_ink: str) -> str:
    """Where the noise moves the latents of each model."""
    figures: list[str] = []
    for letter, model, result in zip(LETTERS, models, results, strict=False):
        moved = np.linalg.norm(result.z_noisy - result.z_clean, axis=1).mean()
        back = np.linalg.norm(result.z_again - result.z_clean, axis=1).mean()
        spread = _ground(model.id, atlas().run_key(model.id)).spread
        drawing = svg_html(_arrows(model, result, of_ink), f"Latents of {model.title}", WIDEST_MAP)
        figures.append(
            f'<div style="flex:1 1 14rem;min-width:0">{drawing}<small>{letter} · moved by '
            f"{moved / spread:.2f} of the map's spread, after decoding {back / spread:.2f} from "
            "the clean place</small></div>"
        )
    return (
        "<p><b>Where the noise moves the latents</b>: arrows from clean to noisy; dotted on to "
        "where the decoded picture is encoded again</p>"
        f'<div style="display:flex;flex-wrap:wrap;gap:1rem">{"".join(figures)}</div>'
    )


@functools.lru_cache(KEPT)
def _denoised(run_id: str, key: str, weight: float) -> Denoised:
    """The first test pictures with noise; `key` only tells versions apart."""
    assert key.startswith(run_id)
    run = atlas().run(run_id)
    images = atlas().points(run.experiment.dataset).pictures.images[:N_ARROWS]
    return denoise(run.autoencoder, images, weight)


class _Ground(NamedTuple):
    """The map under the arrows, and how far its latents lie from their mean (root mean square)."""

    shown: Projection
    spread: float


@functools.lru_cache(KEPT)
def _ground(run_id: str, key: str) -> _Ground:
    """Of the first thousand pictures; `key` only tells versions apart.

    Not the atlas's map, for which ten times as many pictures are encoded.
    """
    assert key.startswith(run_id)
    run = atlas().run(run_id)
    images = atlas().points(run.experiment.dataset).pictures.images[:N_POINTS]
    latents = embed_all(run.autoencoder, images)
    kind = first_map_kind(library().record(run_id))
    return _Ground(project(latents, kind), float(np.linalg.norm(latents.std(axis=0))))


def _arrows(model: RunRecord, result: Denoised, of_ink: str) -> str:
    shown = _ground(model.id, atlas().run_key(model.id)).shown
    labels = atlas().points(model.experiment.dataset).labels()
    start, end, again = (shown.place(z) for z in (result.z_clean, result.z_noisy, result.z_again))
    x_name, y_name = axis_names(shown.kind, shown.explained)
    return arrows_svg(
        shown.coordinates,
        None if labels is None else labels[: len(shown.coordinates)],
        start,
        end,
        again,
        (x_name, y_name),
        of_ink,
    )
