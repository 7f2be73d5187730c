"""What the page Sampling shows: sheets of samples, their quality, and where they come from."""

import numpy as np
import streamlit as st

from pages.parts.frame.charts import show_chart
from pages.parts.frame.export import offer_export
from pages.parts.frame.notices import bound, drop_notices
from pages.parts.frame.pictures import show_sheet
from pages.parts.models.judges import judge_of
from pages.parts.process.shared import atlas
from pages.parts.results.answers import find, go_on_without
from pages.sampling.aggregate_figures import (
    latents_and_draws,
    n_latent_axes,
    spread_of_axes,
    usage_of_values,
)
from pages.sampling.samplers_panel import (
    Drawn,
    pictures_key,
    pictures_of,
    quality_of,
    samplers_of,
    sheet_of,
)
from vizmodels.analysis.entropy import entropy_bits
from vizmodels.analysis.pictures.sample_quality import SampleQuality
from vizmodels.errors import TooFewImages
from vizmodels.figures.sampling import (
    Bar,
    class_shares_figure,
    frechet_figure,
)
from vizmodels.figures.theme import MODEL_COLOURS
from vizmodels.runs.library import RunRecord

N_PICTURES, COLUMNS = 15, 5
WIDEST = 300  # px of a sheet
SLOTS = "ABCD"


@st.fragment
def show_sampling_page(models: list[RunRecord]) -> None:
    """Everything below the pickers; a control runs this again and nothing else."""
    temperature, seed = _controls()
    rows = [samplers_of(model) for model in models]
    columns = st.columns(len(models))
    judge = judge_of(models[0])
    quality = _quality([drawn for row in rows for drawn in row], judge, temperature)
    drawable: list[Drawn] = []
    with st.spinner("Drawing samples", show_time=True):
        for slot, column, row in zip(SLOTS, columns, rows, strict=False):
            with column:
                if _show_sheet(row[0], seed, temperature, quality.get(row[0].key), slot):
                    drawable.append(row[0])
    if judge is None:
        st.info("Train a classifier on these images, and samples are measured in its features.")
    elif quality:
        _show_frechet(rows, quality)
    st.markdown("#### Why: where the images lie, and where the sampler draws")
    for column, row, colour in zip(st.columns(len(models)), rows, MODEL_COLOURS, strict=False):
        with column:
            _show_aggregate(row[0], colour, temperature)
    st.markdown("#### Other samplers of the same decoders")
    with st.spinner("Fitting densities to the latents and drawing from them", show_time=True):
        for slot, column, row in zip(SLOTS, st.columns(len(models)), rows, strict=False):
            with column:
                for drawn in row[1:]:
                    if _show_sheet(drawn, seed, temperature, quality.get(drawn.key), slot):
                        drawable.append(drawn)
    if quality:
        _show_classes(rows, quality)
    _offer(drawable, quality, seed, temperature)


def _controls() -> tuple[float, int]:
    controls = st.columns([4, 2, 6], vertical_alignment="bottom")
    temperature = bound("sampling_temperature", "The temperature", lambda: controls[0].slider(
        "Temperature", 0.1, 2.0, 1.0, 0.1, key="sampling_temperature", bind="query-params",
        help="Scales the deviations of Gaussian latents; divides the logits of codes and classes.",
        on_change=drop_notices,
    ))  # fmt: skip
    if controls[1].button("Draw others", key="draw_others", width="stretch"):
        st.session_state["samples_seed"] = st.session_state.get("samples_seed", 0) + 1
    return temperature, st.session_state.get("samples_seed", 0)


def _quality(
    drawn: list[Drawn], judge: RunRecord | None, temperature: float
) -> dict[str, SampleQuality]:
    """What is known of these samplers; the rest is measured, on demand where it is not usual."""
    if judge is None:
        return {}
    questions = [quality_of(one, judge, temperature) for one in drawn]
    found = find(questions)
    missing = [one for one, answer in zip(questions, found, strict=True) if answer is None]
    if missing and (temperature == 1.0 or _asks(temperature)):
        go_on_without(missing, "3 s (a PixelCNN a minute)")
    answers = zip(drawn, found, strict=True)
    return {one.key: answer for one, answer in answers if answer is not None}


def _asks(temperature: float) -> bool:
    return st.button(
        f"Measure the samples of temperature {temperature:g}", key=f"measure_{temperature:g}"
    )


def _show_sheet(
    drawn: Drawn, seed: int, temperature: float, quality: SampleQuality | None, slot: str
) -> bool:
    """Whether there are samples; where images are too few to fit a density to, a sentence is."""
    try:
        sheet = sheet_of(*pictures_key(drawn, N_PICTURES, seed, temperature), COLUMNS)
    except TooFewImages as error:
        st.markdown(f"**{slot}** · {drawn.caption}")
        st.caption(str(error))
        return False
    told = "" if quality is None else f" · Fréchet **{quality.frechet:,.0f}**"
    st.markdown(f"**{slot}** · {drawn.caption}{told}")
    alt = f"Samples of {drawn.model.title}: {drawn.caption}"
    show_sheet(sheet, alt, widest=WIDEST)
    return True


def _show_frechet(rows: list[list[Drawn]], quality: dict[str, SampleQuality]) -> None:
    bars = [
        Bar(f"{slot} · {drawn.caption}", colour, quality[drawn.key].frechet)
        for slot, colour, row in zip(SLOTS, MODEL_COLOURS, rows, strict=False)
        for drawn in row
        if drawn.key in quality
    ]
    some = next(iter(quality.values()))
    st.caption(
        f"Fréchet distance of {some.n:,} samples to {some.n:,} test images in the features of the "
        f"classifier, the shorter the better. Dashed: as many training images, {some.floor:.2g}."
    )
    alt = "Fréchet distance of each sampler, worst first"
    show_chart("frechet", alt, frechet_figure, bars, some.floor)


def _show_aggregate(drawn: Drawn, colour: str, temperature: float) -> None:
    title, run_id = drawn.model.title, drawn.model.id
    of_model = (run_id, atlas().run_key(run_id))
    if not n_latent_axes(*of_model):
        st.caption("How often each value is used; dashed: what is drawn, all alike.")
        alt = f"Usage of the latent values of {title}"
        show_chart(f"shares_{run_id}", alt, usage_of_values, *of_model, colour)
        return
    of_prior = (drawn.run.id, atlas().run_key(drawn.run.id), drawn.name)
    st.caption(
        "Grey: training images, a draw of each posterior where there is one. In colour: drawn from "
        "N(0, I), rings at 1 and 2."
    )
    alt = f"Latents of images and draws from the prior of {title}"
    places = (*of_model, *of_prior, colour, temperature)
    show_chart(f"aggregate_{run_id}", alt, latents_and_draws, *places)
    st.caption("Mean and standard deviation on each axis; the band is the prior's 0 ± 1.")
    alt = f"Mean and standard deviation of the latents of {title} on each axis"
    show_chart(f"spread_{run_id}", alt, spread_of_axes, *of_model, colour)


def _show_classes(rows: list[list[Drawn]], quality: dict[str, SampleQuality]) -> None:
    names = atlas().data(atlas().run(rows[0][0].model.id)).class_names
    some = next(iter(quality.values()))
    known = {
        f"{slot} · {drawn.caption}": quality[drawn.key]
        for slot, row in zip(SLOTS, rows, strict=False)
        for drawn in row
        if drawn.key in quality
    }
    shares = np.stack([some.test_shares, *(one.class_shares for one in known.values())])
    bits = entropy_bits(shares)
    captions = ["Test images", *known]
    told = [f"{name} · {value:.2f} bits" for name, value in zip(captions, bits, strict=True)]
    st.markdown("#### Which classes come out")
    st.caption(
        f"Share of the samples that the classifier takes for each class, and the entropy of these "
        f"shares, at most {np.log2(len(names)):.2f} bits. A sampler that draws few classes has "
        "few; one that draws no digit at all may still look balanced."
    )
    alt = "Share of each class per sampler"
    show_chart("class_shares", alt, class_shares_figure, told, shares, names)


def _offer(
    drawn: list[Drawn], quality: dict[str, SampleQuality], seed: int, temperature: float
) -> None:
    known = [one for one in drawn if one.key in quality]
    offer_export(
        f"samples-{drawn[0].model.experiment.dataset}",
        None
        if not known
        else lambda: {
            "model": [one.model.title for one in known],
            "sampler": [one.caption for one in known],
            "frechet": np.array([quality[one.key].frechet for one in known]),
            "floor": np.array([quality[one.key].floor for one in known]),
            "class_entropy_bits": np.array([quality[one.key].entropy_bits for one in known]),
            "confidence": np.array([quality[one.key].confidence for one in known]),
        },
        lambda: {one.key: pictures_of(one, N_PICTURES, seed, temperature) for one in drawn},
    )
