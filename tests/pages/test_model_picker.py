"""Which models stand on a page, chosen or not."""

import pytest
from page_under_test import TIMEOUT_S
from streamlit.testing.v1 import AppTest

from pages.parts.models.line_ups import best_of, default_partner, kind_of
from pages.parts.process import shared
from vizmodels.runs.library import RunRecord

LINE_UP = ("vae", "autoencoder", "pca", "vqvae")
SCRIPT = f"""
import streamlit as st
from pages.parts.models.model_picker import pick_up_to_four
st.text(" ".join(record.id for record in pick_up_to_four({LINE_UP!r})))
"""


def opened(**query: str) -> AppTest:
    test = AppTest.from_string(SCRIPT, default_timeout=TIMEOUT_S)
    for key, value in query.items():
        test.query_params[key] = value
    return test.run()


def shown(test: AppTest) -> list[RunRecord]:
    assert not test.exception
    return [shared.library().record(run_id) for run_id in test.text[0].value.split()]


def by_title(title: str) -> RunRecord:
    return next(record for record in shared.library().list() if record.title == title)


def test_a_page_opens_with_one_model_of_each_kind_in_its_line_up() -> None:
    records = shown(opened())
    assert [kind_of(record) for record in records] == list(LINE_UP)
    assert [record.experiment.dataset for record in records] == ["strokes"] * 4
    assert [record.embedding_dim for record in records[:3]] == [16] * 3


def test_models_beside_the_one_asked_for_have_as_many_axes() -> None:
    a = by_title("AE mlp · 2-D · strokes")
    records = shown(opened(a=a.id))
    assert [kind_of(record) for record in records] == ["autoencoder", "vae", "pca", "vqvae"]
    assert [record.embedding_dim for record in records[:3]] == [2, 2, 2]


def test_an_address_with_four_models_restores_them() -> None:
    titles = (
        "PCA · 2-D · strokes",
        "AE conv · 16-D · strokes",
        "VQ-VAE · 128 codes of 16-D · strokes",
    )
    a, b, d = (by_title(title).id for title in titles)
    test = opened(a=a, b=b, c="none", d=d)
    assert [record.id for record in shown(test)] == [a, b, d]
    assert [test.query_params[slot] for slot in "abcd"] == [a, b, "none", d]


def test_what_nobody_chose_is_not_kept_and_what_was_chosen_is() -> None:
    test = opened()
    assert not [f"model_{slot}" for slot in "abcd" if f"model_{slot}" in test.session_state]
    other = by_title("Discrete VAE mlp · 20×10 classes · strokes · KL weight 0.001").id
    test.selectbox(key="pick_c").set_value(other).run()
    assert shown(test)[2].id == other
    assert test.query_params["c"] == other
    assert shown(test.run())[2].id == other
    assert test.session_state["model_c"] == other


def test_the_same_model_twice_is_shown_once() -> None:
    a = by_title("PCA · 2-D · strokes").id
    assert len(shown(opened(a=a, b=a, c="none", d="none"))) == 1


@pytest.mark.parametrize(
    ("title", "partner"),
    [
        ("VAE mlp · 2-D · strokes · KL weight 0.001", "AE mlp · 2-D · strokes"),
        ("AE mlp · 16-D · strokes", "VAE mlp · 16-D · strokes · KL weight 0.001"),
        ("VQ-VAE · 128 codes of 16-D · strokes", "VAE conv · 16-D · strokes · KL weight 0.001"),
        ("PCA · 2-D · strokes", "VAE mlp · 2-D · strokes · KL weight 0.001"),
        (
            "Discrete VAE mlp · 20×10 classes · strokes · KL weight 0.001",
            "VAE mlp · 16-D · strokes · KL weight 0.001",
        ),
    ],
)
def test_every_model_has_a_partner(title: str, partner: str) -> None:
    found = default_partner(shared.library().list(), by_title(title))
    assert found is not None and found.title == partner


def test_the_run_of_a_kind_is_the_one_most_alike() -> None:
    records = [r for r in shared.library().list() if r.experiment.dataset == "strokes"]
    found = best_of("vae", records, 16, "transformer")
    assert found is not None and found.experiment.model.backbone == "transformer"
    assert best_of("vqvae", [], 16) is None
