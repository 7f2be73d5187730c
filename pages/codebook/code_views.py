"""What a codebook's page shows below the picture: usage, one code, one patch, and the collapse."""

from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.codebook.code_stage import codebook_report
from pages.codebook.collapse_panel import show_collapse
from pages.parts.frame.charts import show_chart
from pages.parts.frame.export import offer_export
from pages.parts.frame.notices import bound, drop_notices
from pages.parts.frame.pictures import show_sheet
from pages.parts.models.code_picker import priors_of
from pages.parts.process.cache import CACHE
from pages.parts.process.shared import atlas
from pages.parts.samples.token_film import show_sampling
from vizmodels.analysis.codes.codebook import (
    CodebookReport,
    code_patches,
    distances_to_codes,
    picture_full_of,
)
from vizmodels.figures.codes import codebook_figure, distances_figure, patches_sheet, usage_figure
from vizmodels.figures.images import tile_sheet
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.runs.library import RunRecord

N_PATCHES, PATCH_COLUMNS = 48, 12
PATCH_CELLS = 3  # along each side of a patch
WIDEST_PATCHES, WIDEST_PICTURE = 720, 240  # px


def report_of(record: RunRecord) -> CodebookReport:
    """The codes of the whole test set, counted once."""
    with st.spinner("Encoding the whole test set", show_time=True):
        return codebook_report(record.id, atlas().run_key(record.id))


def show_usage(record: RunRecord) -> None:
    """How many codes live, how often each is used, and where it lies."""
    report = report_of(record)
    k = len(report.counts)
    figures = {
        "Codes": f"{k}",
        "Used somewhere": f"{k - report.n_dead}",
        "Dead": f"{report.n_dead}",
        "Perplexity": f"{report.perplexity:.1f}",
        "Bits per code": f"{report.entropy_bits:.2f} of {np.log2(k):.0f}",
    }
    with st.container(horizontal=True, gap="large"):
        for name, value in figures.items():
            st.metric(name, value, width="content")
    usage, places = st.columns(2)
    with usage:
        st.caption(
            f"How often each code stands in {len(report.codes):,} test images; dashed: if all "
            "were used equally often."
        )
        text = f"Usage of the {k} codes, perplexity {report.perplexity:.1f}"
        show_chart("code_usage", text, usage_figure, report.shares, report.colours)
    with places:
        st.caption("Code vectors on their two principal axes, as large as they are used.")
        show_chart(
            "code_places",
            f"The {k} code vectors on their two principal axes",
            codebook_figure,
            report.coordinates,
            report.shares,
            report.colours,
            report.explained,
            st.session_state.get("code"),
        )
    offer_export(
        f"codebook-{record.id}",
        lambda: {
            "code": np.arange(k),
            "cells": report.counts,
            "pc1": report.coordinates[:, 0],
            "pc2": report.coordinates[:, 1],
        },
        lambda: {"codes": report.codes, "counts": report.counts, "colours": report.colours},
    )


@st.fragment
def show_more(record: RunRecord) -> None:
    """One more look at the codes, of the visitor's choice."""
    looks: dict[str, Callable[[RunRecord], None]] = {
        "One code": _show_code,
        "One patch": _show_patch,
        "Sampling": _show_sampling,
        "Collapse and cure": lambda r: show_collapse(r.experiment.dataset),
    }
    chosen = bound("look", "What to look at", lambda: st.segmented_control(
        "Look at", list(looks), default="One code", required=True, key="look", wrap=True,
        bind="query-params", on_change=drop_notices,
    ))  # fmt: skip
    looks[chosen](record)


def _show_code(record: RunRecord) -> None:
    report, run = report_of(record), atlas().run(record.id)
    assert isinstance(run.model, VQVAE)
    most_used = np.argsort(-report.counts, kind="stable")
    rows, columns = run.model.grid
    in_the_middle = report.codes[0, rows // 2, columns // 2]  # chosen in the picture above, too
    code = st.selectbox(
        "Code",
        most_used.tolist(),
        index=most_used.tolist().index(in_the_middle),
        format_func=lambda k: f"{k} · in {report.shares[k]:.2%} of the cells",
        key="code",
        help="The most used codes come first.",
    )
    of_code = (record.id, atlas().run_key(record.id), code)
    everywhere, places = st.columns([1, 3])
    with everywhere:
        st.caption(f"A grid of nothing but code {code}, decoded")
        show_sheet(_full_of(*of_code), f"Code {code} in every cell", widest=WIDEST_PICTURE)
    with places:
        n, sheet = _places_of(*of_code)
        if n == 0:
            st.info(f"Code {code} is dead: it stands in no test image.")
            return
        st.caption(
            f"{n} of the {report.counts[code]:,} places in test images where it "
            "stands: the framed cell of each, with its neighbours"
        )
        show_sheet(sheet, f"Parts of test images coded {code}", widest=WIDEST_PATCHES)


@CACHE.cached
def _full_of(run_id: str, key: str, code: int) -> NDArray[np.uint8]:
    """A grid of nothing but one code, decoded; `key` only tells versions apart."""
    assert key.startswith(run_id)
    model = atlas().run(run_id).model
    assert isinstance(model, VQVAE)
    return tile_sheet(picture_full_of(model, code)[None], 1)


@CACHE.cached
def _places_of(run_id: str, key: str, code: int) -> tuple[int, NDArray[np.uint8]]:
    """How many places of a code are shown, and the sheet of them."""
    report, run = codebook_report(run_id, key), atlas().run(run_id)
    images = atlas().data(run).test.images.numpy()
    patches = code_patches(images, report.codes, code, N_PATCHES, seed=0)
    if len(patches) == 0:
        return 0, np.empty((0, 0, 3), np.uint8)
    return len(patches), patches_sheet(patches, PATCH_CELLS, PATCH_COLUMNS, report.colours[code])


def _show_patch(record: RunRecord) -> None:
    report, run = report_of(record), atlas().run(record.id)
    assert isinstance(run.model, VQVAE)
    images = atlas().data(run).test.images
    rows, columns = run.model.grid
    controls = st.columns(3)
    image = controls[0].number_input("Test image", 0, len(images) - 1, 0, key="patch_image")
    row = controls[1].number_input("Row of the cell", 1, rows, rows // 2 + 1, key="patch_row")
    column = controls[2].number_input(
        "Column of the cell", 1, columns, columns // 2 + 1, key="patch_column"
    )
    where = (slice(image, image + 1), slice(row - 1, row), slice(column - 1, column))
    distances = distances_to_codes(run.model, images[image], row - 1, column - 1)
    code = int(report.codes[where].item())
    seen, chart = st.columns([1, 3])
    with seen:
        st.caption("The image, and the cell with its neighbours")
        show_sheet(
            tile_sheet(images[image : image + 1].numpy(), 1), f"Test image {image}", WIDEST_PICTURE
        )
        mask = np.full_like(report.codes[image : image + 1], -1)
        mask[0, row - 1, column - 1] = 0
        patch = code_patches(images[image : image + 1].numpy(), mask, 0, 1, seed=0)
        framed = patches_sheet(patch, PATCH_CELLS, 1, report.colours[code])
        show_sheet(framed, "The cell with its neighbours", WIDEST_PICTURE // 2)
    with chart:
        st.caption(
            f"Distance from what the encoder gives for this cell to each code. Code {code} is the "
            "nearest, and takes its place."
        )
        text = f"Distances of one cell to its nearest codes; code {code} is nearest"
        show_chart("code_distances", text, distances_figure, distances, report.colours)


def _show_sampling(record: RunRecord) -> None:
    priors = priors_of(record.id)
    if not priors:
        st.caption(
            "No PixelCNN has learned these codes yet; the page Train makes one. Uniform and "
            "marginal sampling need none."
        )
    show_sampling(
        (priors[0] if priors else record).id, ("uniform", "marginal", "pixelcnn"), "marginal"
    )
