"""The page Ablation, and how the Train page lists jobs, with a board whose engine is not up."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from page_under_test import open_page
from streamlit.testing.v1 import AppTest

from pages.parts.process import shared
from pages.parts.process.cache import CACHE
from vizmodels import jobs
from vizmodels.experiment import Experiment, Training
from vizmodels.jobs import JobBoard
from vizmodels.jobs.journal import Entry, Journal
from vizmodels.runs.run import train
from vizmodels.specs import VAESpec
from vizmodels.sweep import Sweep

BASE = Experiment(dataset="digits", model=VAESpec(widths=(8,)), training=Training(epochs=1))
SWEEP = Sweep(base=BASE, latent_dim=(1, 2), kl_weight=(0.1, 0.01), seeds=(0, 1))


@pytest.fixture
def idle_board(
    session_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[JobBoard]:
    monkeypatch.setenv("LATENTARIUM_HOME", str(tmp_path))
    for cached in (shared.library, shared.atlas, shared.sweeps):
        cached.cache_clear()
    CACHE.clear()
    board = JobBoard(shared.library(), journal=tmp_path / "jobs")
    monkeypatch.setattr(jobs, "_open", board)
    yield board
    board.close()
    shared.sweeps.cache_clear()


def grid(test: AppTest) -> dict[str, object]:
    """What the browser draws."""
    (component,) = test.get("bidi_component")
    return json.loads(component.proto.json)


def test_the_page_opens_on_the_shipped_sweep_with_its_measured_figures() -> None:
    test = open_page("ablation")
    assert not test.exception and not test.error
    assert any("27 of 27 runs" in (bar.proto.text or "") for bar in test.get("progress"))
    assert len(test.get("plotly_chart")) == 2
    cells = [cell for row in grid(test)["rows"] for cell in row["cells"]]
    assert len(cells) == 9 and all("±" in cell["detail"] for cell in cells)
    assert all(float(cell["text"]) > 0 for cell in cells)


def test_a_preset_fills_the_form_and_says_how_many_runs_it_is() -> None:
    test = open_page("ablation")
    test.selectbox(key="sweep_preset").set_value("KL weight").run()
    assert not test.exception
    assert test.text_input(key="sweep_kl_weight").value == "0.0001, 0.001, 0.01"
    assert any(
        caption.value.startswith("6 runs, 6 of them to be trained") for caption in test.caption
    )


def test_values_that_are_no_numbers_get_a_sentence() -> None:
    test = open_page("ablation")
    test.text_input(key="sweep_epochs").set_value("five").run()
    assert not test.exception
    assert any("Epochs must be numbers with commas; got five" in e.value for e in test.error)


@pytest.mark.parametrize(
    ("axis", "text", "sentence"),
    [
        ("epochs", "5, 500", "epochs must be a whole number from 1 to 200; got 500"),
        ("latent_dim", "1000", "latent_dim must be a whole number from 1 to 512; got 1000"),
        ("epochs", ", ".join(map(str, range(1, 102))), "A sweep must be at most 100 runs; got "),
    ],
)
def test_a_sweep_too_large_for_a_server_gets_a_sentence(
    axis: str, text: str, sentence: str
) -> None:
    test = open_page("ablation")
    test.text_input(key=f"sweep_{axis}").set_value(text).run()
    assert not test.exception
    assert any(error.value.startswith(sentence) for error in test.error)


def test_a_link_to_no_sweep_gets_a_sentence() -> None:
    test = open_page("ablation", sweep="000000000000")
    assert not test.exception
    assert any("Sweep must be one that was started here" in w.value for w in test.warning)


def test_starting_without_an_engine_says_why(idle_board: JobBoard) -> None:
    test = open_page("ablation")
    test.button(key="sweep_start").click().run()
    assert not test.exception
    assert any("The engine that trains must be a running one" in e.value for e in test.error)


def test_runs_that_are_there_fill_the_grid_and_the_rest_is_missing(idle_board: JobBoard) -> None:
    for experiment in SWEEP.experiments()[:5]:
        idle_board.library.save(train(experiment))
    shared.sweeps()._keep(SWEEP)
    assert shared.sweeps().n_missing(SWEEP) == 3
    test = open_page("ablation", sweep=SWEEP.id)
    assert not test.exception
    rows = grid(test)["rows"]
    assert [row["name"] for row in rows] == ["Latent axes 1", "Latent axes 2"]
    details = [cell["detail"] for row in rows for cell in row["cells"]]
    assert "1 of 2" in details[1] and "1 of 2" not in details[0] and "±" in details[0]
    assert test.button(key="sweep_go_on").label == "Go on"


def test_the_train_page_lists_what_was_interrupted(
    idle_board: JobBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle_board.close()
    Journal(tmp_path / "jobs").note(Entry(BASE.id, "tag", BASE, 1.0))
    board = JobBoard(shared.library(), journal=tmp_path / "jobs")
    monkeypatch.setattr(jobs, "_open", board)
    test = open_page("train", job=BASE.id)
    assert not test.exception
    assert any("The server ended before it was done" in info.value for info in test.info)
    test.button(key="go_on").click().run()
    assert any("must be a running one" in error.value for error in test.error)
    test.button(key="dismiss").click().run()
    assert not test.exception
    assert board.progress(BASE.id).state == "cancelled"
    board.close()
