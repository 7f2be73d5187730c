"""Sampling, Codebook and Information kept: from shipped runs, and with runs of every family."""

import re

import numpy as np
import pytest
from page_under_test import open_page
from streamlit.testing.v1 import AppTest

from pages.information import information_views
from pages.parts.models import judges
from pages.parts.process import shared
from pages.parts.samples import token_film
from vizmodels.analysis.pictures.information import FIGURES, InformationKept
from vizmodels.analysis.pictures.sample_quality import SampleQuality
from vizmodels.analysis.pictures.samplers import SamplerName, sampler_names
from vizmodels.results import questions
from vizmodels.results.answer import Answer
from vizmodels.results.store import keys_read
from vizmodels.runs.run import Run

AUTOENCODING = ("pca", "autoencoder", "transformer", "vae", "discrete_vae", "vqvae")


def sheets(test: AppTest) -> list[str]:
    """Descriptions of the pictures on the page."""
    found = (re.search(r'alt="([^"]*)"', html.proto.body) for html in test.get("html"))
    return [match[1] for match in found if match]


def charts(test: AppTest) -> int:
    return len(test.get("plotly_chart"))


@pytest.mark.parametrize("name", ["sampling", "codebook", "information"])
def test_a_page_is_alive_at_first_open_from_shipped_runs(name: str) -> None:
    test = open_page(name)
    assert not test.exception and not test.error and not test.warning
    assert charts(test) >= 2


def test_the_shipped_figures_say_that_the_autoencoder_is_worst_from_its_prior() -> None:
    test = open_page("sampling")
    told = {
        match[1]: float(match[2].replace(",", ""))
        for markdown in test.markdown
        if (match := re.search(r"\*\*([A-D]\*\* · .*) · Fréchet \*\*([\d,.]+)", markdown.value))
    }
    assert told["A** · N(0, I)"] == max(told.values())
    assert told["D** · PixelCNN"] == min(told.values())
    assert told["A** · fitted mixture of 10"] < told["B** · N(0, I)"]


@pytest.mark.parametrize("name", AUTOENCODING)
def test_every_family_is_sampled_by_each_of_its_samplers(runs: dict[str, Run], name: str) -> None:
    test = open_page("sampling", a=runs[name].id, b="none", c="none", d="none")
    assert not test.exception and not test.error
    drawn = [alt for alt in sheets(test) if alt.startswith("Samples of")]
    n_learned = 1 if name == "vqvae" else 0  # whose codes a PixelCNN of these runs has learned
    assert len(drawn) == len(sampler_names(runs[name].autoencoder)) + n_learned


def test_samplers_that_nobody_measured_say_why_there_is_no_figure(runs: dict[str, Run]) -> None:
    test = open_page("sampling", a=runs["vae"].id, b="none", c="none", d="none")
    assert any("3 figures are missing until then" in warning.value for warning in test.warning)
    assert not any("Fréchet **" in markdown.value for markdown in test.markdown)


def test_a_figure_that_was_measured_here_is_shown(runs: dict[str, Run]) -> None:
    record = shared.library().record(runs["pca"].id)
    judge = judges.judge_of(record)
    assert judge is not None
    shares = np.full(10, 0.1)
    samplers: tuple[SamplerName, ...] = ("prior", "gaussian", "mixture")
    for at, sampler in enumerate(samplers):
        quality = SampleQuality(360, 100.0 * (at + 1), 2.0, shares, shares, 0.9, 0.99)
        shared.results().keep(questions.samples(record, sampler, judge), Answer(quality, {}))
    test = open_page("sampling", a=runs["pca"].id, b="none", c="none", d="none")
    assert not test.exception and not test.warning
    told = "\n".join(markdown.value for markdown in test.markdown)
    assert "N(0, I) · Fréchet **100**" in told and "fitted Gaussian · Fréchet **200**" in told


def test_temperature_draws_again_and_asks_before_it_measures(runs: dict[str, Run]) -> None:
    test = open_page("sampling", a=runs["autoencoder"].id, b="none", c="none", d="none")
    test.slider(key="sampling_temperature").set_value(0.5).run()
    assert not test.exception and not test.warning
    assert any(button.key == "measure_0.5" for button in test.button)
    before = [html.proto.body for html in test.get("html")]
    test.button(key="draw_others").click().run()
    assert not test.exception
    assert [html.proto.body for html in test.get("html")] != before


def test_the_codebook_page_counts_the_codes_of_a_run(runs: dict[str, Run]) -> None:
    test = open_page("codebook", vq=runs["vqvae"].id)
    assert not test.exception and not test.error and not test.warning
    assert test.selectbox(key="pick_vq").value == runs["vqvae"].id
    assert len(test.get("bidi_component")) == 1
    figures = {metric.label: metric.value for metric in test.metric}
    assert figures["Codes"] == "16"
    assert int(figures["Used somewhere"]) + int(figures["Dead"]) == 16
    perplexity = runs["vqvae"].evaluation["perplexity"]
    assert float(figures["Perplexity"]) == pytest.approx(perplexity, abs=0.06)


def test_an_address_that_names_no_vqvae_gets_a_sentence_and_a_vqvae(runs: dict[str, Run]) -> None:
    test = open_page("codebook", vq=runs["vae"].id)
    assert not test.exception
    (warning,) = test.warning
    assert warning.value.startswith("The model must be a VQ-VAE in the library; the address names")
    assert "VQ-VAE" in test.selectbox(key="pick_vq").options[0]


def test_one_code_one_patch_and_collapse_are_a_click_away(runs: dict[str, Run]) -> None:
    test = open_page("codebook", vq=runs["vqvae"].id)
    assert any(alt.endswith("in every cell") for alt in sheets(test))
    look = next(b for b in test.button_group if b.label == "Look at")
    look.set_value("One patch").run()
    assert not test.exception
    test.number_input(key="patch_image").set_value(5).run()
    assert not test.exception and "Test image 5" in sheets(test)
    next(b for b in test.button_group if b.label == "Look at").set_value("Collapse and cure").run()
    assert not test.exception
    test.button(key="collapse").click().run()
    assert not test.exception
    assert any("must be" in error.value for error in test.error), "there is no engine here"


@pytest.mark.parametrize("prior", ["uniform", "marginal", "pixelcnn"])
def test_each_prior_draws_token_by_token(
    runs: dict[str, Run], prior: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_film, "WATCHED_SECONDS", 0.0)
    test = open_page("codebook", vq=runs["vqvae"].id)
    next(b for b in test.button_group if b.label == "Look at").set_value("Sampling").run()
    next(b for b in test.button_group if b.label == "Prior").set_value(prior).run()
    test.button(key="sample").click().run()
    assert not test.exception
    step = test.session_state["sampled"][1]
    assert step.codes.shape == (4, 4, 4)
    if prior == "uniform":
        np.testing.assert_allclose(step.chances, 1 / 16, rtol=1e-5)


def test_runs_that_nobody_measured_are_measured_on_demand(
    runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    test = open_page("information")
    next(b for b in test.button_group if b.label == "Images").set_value("digits").run()
    assert not test.exception
    test.button(key="measure_information").click().run()
    assert not test.exception
    assert any("figures are missing until then" in warning.value for warning in test.warning)


@pytest.mark.parametrize("name", AUTOENCODING)
def test_what_a_run_of_any_family_keeps_is_shown_once_it_is_measured(
    runs: dict[str, Run], name: str
) -> None:
    run = runs[name]
    question = questions.information(shared.library().record(run.id))
    shared.results().keep(question, Answer(kept_by(run), {"measured_at": "2030"}))
    test = open_page("information")
    next(b for b in test.button_group if b.label == "Images").set_value("digits").run()
    test.multiselect(key="information_models_digits").set_value([run.id]).run()
    assert not test.exception and not test.error
    assert charts(test) == 3
    assert any("Measured 2030 with seeds 0, 1" in caption.value for caption in test.caption)
    assert any("once reconstructed" in caption.value for caption in test.caption)


def kept_by(run: Run) -> InformationKept:
    accuracies = {figure: np.array([0.5, 0.7]) for figure in FIGURES}
    return InformationKept((0, 1), 1000, 50, **accuracies, confusion=np.full((10, 10), 1))  # pyright: ignore[reportArgumentType]


def test_shipped_figures_are_of_the_shipped_runs_as_they_are() -> None:
    """A run whose weights changed must be measured again."""
    shipped = shared.results().shipped
    assert shipped is not None
    keys = {shared.library().key(record.id) for record in shared.library().list() if record.shipped}
    files = list(shipped.glob("*.npz"))
    assert files
    for file in files:
        read = keys_read(file)
        assert read, file.name
        runs_read = {key.split()[1] for key in read if key.startswith(("Model", "Judge"))}
        assert runs_read <= keys, file.name


def test_every_main_run_on_strokes_has_shipped_figures() -> None:
    records = [r for r in shared.library().list() if r.shipped and information_views.autoencodes(r)]
    on_strokes = [r for r in records if r.experiment.dataset == "strokes"]
    assert len(on_strokes) > 10
    for record in on_strokes:
        assert shared.results().find(questions.information(record)) is not None, record.title
