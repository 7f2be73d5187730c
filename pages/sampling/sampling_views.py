"""What the page Sampling shows: sheets of samples, their quality, and where they come from."""

import numpy as np
import streamlit as st

from pages.parts.frame.charts import show_chart
from pages.parts.frame.export import offer_export
from pages.parts.frame.notices import bound, drop_notices
from pages.parts.frame.pictures import show_sheet
from pages.parts.models.judges import judge_on
from pages.parts.process.shared import atlas
from pages.parts.results.background import find, measure
from pages.sampling.samplers_panel import (
    Drawn,
    aggregate,
    pictures_of,
    sampler,
    samplers_of,
    wanted_quality,
)
from vizmodels.analysis.pictures.sample_quality import SampleQuality, entropy_bits
from vizmodels.analysis.pictures.samplers import LatentSampler
from vizmodels.figures.images import tile_sheet
from vizmodels.figures.sampling import (
    Bar,
    axis_spread_figure,
    class_shares_figure,
    frechet_figure,
    latents_and_prior_figure,
    shares_figure,
)
from vizmodels.figures.theme import MODEL_COLOURS
from vizmodels.runs.library import RunRecord

N_PICTURES, COLUMNS = 15, 5
WIDEST = 300  # px of a sheet
N_DRAWN = 1_000  # latents shown beside those of the images
SLOTS = "ABCD"


@st.fragment
def show_sampling_page(models: list[RunRecord]) -> None:
    """Everything below the pickers; a control runs this again and nothing else."""
    temperature, seed = _controls()
    rows = [samplers_of(model) for model in models]
    columns = st.columns(len(models))
    judge = judge_on(models[0].experiment.dataset)
    quality = _quality([drawn for row in rows for drawn in row], judge, temperature)
    with st.spinner("Drawing samples", show_time=True):
        for slot, column, row in zip(SLOTS, columns, rows, strict=False):
            with column:
                _show_sheet(row[0], seed, temperature, quality.get(row[0].key), slot)
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
                    _show_sheet(drawn, seed, temperature, quality.get(drawn.key), slot)
    if quality:
        _show_classes(rows, quality)
    _offer(rows, quality, seed, temperature)


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
    wanted = {one.key: wanted_quality(one, judge, temperature) for one in drawn}
    found = find(list(wanted.values()))
    missing = [one for one in wanted.values() if one.name not in found]
    if missing and (temperature == 1.0 or _asks(temperature)):
        measure(missing, "3 s (a PixelCNN a minute)")
    kept = {key: found.get(named.name) for key, named in wanted.items()}
    return {key: value for key, value in kept.items() if isinstance(value, SampleQuality)}


def _asks(temperature: float) -> bool:
    return st.button(
        f"Measure the samples of temperature {temperature:g}", key=f"measure_{temperature:g}"
    )


def _show_sheet(
    drawn: Drawn, seed: int, temperature: float, quality: SampleQuality | None, slot: str
) -> None:
    pictures = pictures_of(drawn, N_PICTURES, seed, temperature)
    told = "" if quality is None else f" · Fréchet **{quality.frechet:,.0f}**"
    st.markdown(f"**{slot}** · {drawn.caption}{told}")
    alt = f"Samples of {drawn.model.title}: {drawn.caption}"
    show_sheet(tile_sheet(pictures, COLUMNS), alt, widest=WIDEST)


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
    show_chart(
        frechet_figure(bars, some.floor), "frechet", "Fréchet distance of each sampler, worst first"
    )


def _show_aggregate(drawn: Drawn, colour: str, temperature: float) -> None:
    seen = aggregate(drawn.model)
    title = drawn.model.title
    if seen.latents.shape[1] == 0:
        st.caption("How often each value is used; dashed: what is drawn, all alike.")
        chart, alt = shares_figure(seen.shares, colour), f"Usage of the latent values of {title}"
        show_chart(chart, f"shares_{drawn.model.id}", alt)
        return
    prior = sampler(drawn.run.id, atlas().run_key(drawn.run.id), drawn.name)
    first, second = seen.widest if seen.latents.shape[1] > 1 else (0, 0)
    plane = np.array([first, second])
    if isinstance(prior, LatentSampler):
        points = prior.density.sample(N_DRAWN, 0, temperature)
    else:
        rng = np.random.default_rng(0)
        points = temperature * rng.standard_normal((N_DRAWN, seen.latents.shape[1]))
    names = [f"z{axis + 1}" for axis in plane]
    chart = latents_and_prior_figure(
        seen.latents[:, plane], points[:, plane], colour, names, has_prior=True
    )
    st.caption("Grey: training images. In colour: drawn from N(0, I), rings at 1 and 2.")
    alt = f"Latents of images and draws from the prior of {title}"
    show_chart(chart, f"aggregate_{drawn.model.id}", alt)
    mean, deviation = seen.latents.mean(axis=0), seen.latents.std(axis=0)
    st.caption("Mean and standard deviation on each axis; the band is the prior's 0 ± 1.")
    show_chart(
        axis_spread_figure(mean, deviation, colour),
        f"spread_{drawn.model.id}",
        f"Mean and standard deviation of the latents of {title} on each axis",
    )


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
    bits = [entropy_bits(row) for row in shares]
    captions = ["Test images", *known]
    told = [f"{name} · {value:.2f} bits" for name, value in zip(captions, bits, strict=True)]
    st.markdown("#### Which classes come out")
    st.caption(
        f"Share of the samples that the classifier takes for each class, and the entropy of these "
        f"shares, at most {np.log2(len(names)):.2f} bits. A sampler that draws few classes has "
        "few; one that draws no digit at all may still look balanced."
    )
    show_chart(
        class_shares_figure(told, shares, names), "class_shares", "Share of each class per sampler"
    )


def _offer(
    rows: list[list[Drawn]], quality: dict[str, SampleQuality], seed: int, temperature: float
) -> None:
    drawn = [one for row in rows for one in row]
    known = [one for one in drawn if one.key in quality]
    offer_export(
        f"samples-{rows[0][0].model.experiment.dataset}",
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
