"""Sampling token by token: the numbers, their figure and the panel."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from page_under_test import open_page
from streamlit.testing.v1 import AppTest

from pages.parts.samples import token_film
from vizmodels.analysis.codes.code_sampling import (
    GREY,
    NOT_DRAWN,
    TokenStep,
    code_colours,
    code_pictures,
    decode_codes,
    sample_tokens,
)
from vizmodels.figures.live import MAX_BARS, chances_svg
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.runs.run import Run

N_CELLS = 16  # of 4×4 codes, half of 8×8 pixels


@pytest.fixture
def prior(runs: dict[str, Run]) -> VQPrior:
    model = runs["pixelcnn"].model
    assert isinstance(model, VQPrior)
    return model


def steps_of(model: VQPrior, n: int, **options: float) -> list[TokenStep]:
    steps: list[TokenStep] = []
    last = sample_tokens(model.prior, n, 0, on_token=steps.append, **options)
    assert last is steps[-1]
    return steps


def test_each_step_draws_one_more_cell_and_leaves_those_before_it(prior: VQPrior) -> None:
    steps = steps_of(prior, 3)
    assert [step.position for step in steps] == list(range(N_CELLS))
    assert all(step.n_tokens == N_CELLS for step in steps)
    last = steps[-1].codes.reshape(3, -1)
    for step in steps:
        codes = step.codes.reshape(3, -1)
        np.testing.assert_array_equal(codes[:, : step.position + 1], last[:, : step.position + 1])
        assert (codes[:, step.position + 1 :] == NOT_DRAWN).all()
        np.testing.assert_array_equal(step.drawn, last[:, step.position])


def test_the_grids_are_those_that_the_prior_itself_draws_from_that_seed(prior: VQPrior) -> None:
    codes = steps_of(prior, 2, temperature=0.5)[-1].codes
    generator = torch.Generator().manual_seed(0)
    expected = prior.prior.sample_codes(2, generator, temperature=0.5)
    np.testing.assert_array_equal(codes, expected.numpy())
    pictures = prior.sample(2, torch.Generator().manual_seed(0), temperature=0.5)
    np.testing.assert_array_equal(decode_codes(prior, codes), pictures.numpy())


def test_the_chances_are_a_softmax_that_a_low_temperature_sharpens(prior: VQPrior) -> None:
    (warm, *_), (cold, *_) = steps_of(prior, 1), steps_of(prior, 1, temperature=0.1)
    for step in (warm, cold):
        np.testing.assert_allclose(step.chances.sum(axis=1), 1, rtol=1e-5)
        assert 0 <= step.entropy_bits[0] <= 4, "of 16 codes"
    assert cold.entropy_bits[0] < warm.entropy_bits[0]
    sharpened = warm.chances.astype(np.float64) ** 10
    np.testing.assert_allclose(cold.chances, sharpened / sharpened.sum(), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("chances", "bits"), [([1.0, 0, 0, 0], 0), ([0.25] * 4, 2), ([0.5, 0.5, 0, 0], 1)]
)
def test_entropy_is_in_bits(chances: list[float], bits: float) -> None:
    step = TokenStep(0, np.zeros((1, 1, 1), np.int64), np.array([chances], np.float32))
    assert step.entropy_bits.tolist() == [bits]
    assert not np.signbit(step.entropy_bits[0]), "shown as −0.00"


def test_a_prior_that_is_told_the_class_draws_what_is_asked_for(runs: dict[str, Run]) -> None:
    model = runs["pixelcnn by class"].model
    assert isinstance(model, VQPrior)
    first = [steps_of(model, 1, label=label)[0].chances for label in (3, 3, 4)]
    np.testing.assert_array_equal(first[0], first[1])
    assert not np.allclose(first[0], first[2])


def test_what_is_not_drawn_is_grey_in_pictures_and_codes(prior: VQPrior) -> None:
    half = steps_of(prior, 2)[7].codes  # two rows of four
    pictures = decode_codes(prior, half)
    assert pictures.shape == (2, 1, 8, 8) and pictures.dtype == np.float32
    assert (pictures[:, :, 4:] == GREY).all()
    assert (pictures[:, :, :4] != GREY).all()
    colours = code_colours(prior)
    cells = code_pictures(half, colours, (8, 8))
    assert cells.shape == (2, 3, 8, 8)
    assert (cells[:, :, 4:] == GREY).all()
    np.testing.assert_array_equal(cells[1, :, 2, 7], colours[half[1, 1, 3]])


def test_each_code_has_a_colour_of_its_own(prior: VQPrior) -> None:
    colours = code_colours(prior)
    assert colours.shape == (16, 3) and colours.dtype == np.float32
    assert colours.min() >= 0 and colours.max() <= 1
    assert len(np.unique(colours, axis=0)) == 16


def bars(chances: list[float], drawn: int) -> list[tuple[str, float, str]]:
    """Name, height and frame of each bar."""
    grey = np.full((len(chances), 3), 0.25)
    root = ElementTree.fromstring(chances_svg(np.array(chances), drawn, grey, "a < b", "#123456"))
    space = "{http://www.w3.org/2000/svg}"
    texts = [text.text or "" for text in root.iter(f"{space}text")]
    assert texts[0] == "a < b"
    rects = list(root.iter(f"{space}rect"))
    return [
        (name, float(rect.attrib["height"]), rect.attrib["stroke"])
        for name, rect in zip(texts[2::2], rects, strict=True)
    ]


def test_bars_stand_in_the_order_of_their_chances_and_the_drawn_one_is_framed() -> None:
    drawn = bars([0.1, 0.6, 0.3], drawn=2)
    assert [name for name, _, _ in drawn] == ["1", "2", "0"]
    heights = [height for _, height, _ in drawn]
    assert heights[0] / heights[2] == pytest.approx(6, rel=0.02)
    assert [frame for _, _, frame in drawn] == ["none", "#123456", "none"]


def test_a_code_drawn_against_the_odds_has_a_bar_and_the_others_share_one() -> None:
    chances = [0.9, *[0.1 / 19] * 19]
    drawn = bars(chances, drawn=19)
    names = [name for name, _, _ in drawn]
    assert len(names) == MAX_BARS + 1 and names[-2:] == ["19", "rest"]
    assert drawn[-1][1] / drawn[0][1] == pytest.approx(0.1 * (20 - MAX_BARS) / 19 / 0.9, rel=0.05)


def test_the_panel_fills_the_grids_and_keeps_them(
    runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_film, "WATCHED_SECONDS", 0.0)
    test = open_page("train", run=runs["pixelcnn by class"].id)
    assert pictures_at(test) == []
    next(b for b in test.button_group if b.label == "Pictures").set_value(16)
    test.slider(key="temperature").set_value(0.5)
    test.selectbox(key=f"class_{runs['pixelcnn by class'].id}").set_value("7")
    test.button(key="sample").click().run()
    assert not test.exception
    run_id, last = test.session_state["sampled"]
    assert run_id == runs["pixelcnn by class"].id
    assert last.codes.shape == (16, 4, 4) and (last.codes != NOT_DRAWN).all()
    assert pictures_at(test) == ["Pictures at token 16 of 16"]
    test.run()
    assert pictures_at(test) == ["Pictures at token 16 of 16"]
    np.testing.assert_array_equal(test.session_state["sampled"][1].codes, last.codes)
    test.button(key="sample").click().run()
    assert (test.session_state["sampled"][1].codes != last.codes).any(), "others at each press"


def pictures_at(test: AppTest) -> list[str]:
    shown = (re.search(r'alt="(Pictures at [^"]*)"', h.proto.body) for h in test.get("html"))
    return [found[1] for found in shown if found]
