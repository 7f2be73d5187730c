"""The page Ablation, and how the Train page lists jobs, with a board whose engine is not up."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from page_under_test import open_page
from scipy import stats
from streamlit.testing.v1 import AppTest

from pages.ablation.sweep_grid import settings_of
from pages.parts.process import shared
from pages.parts.process.cache import CACHE
from vizmodels import jobs
from vizmodels.analysis.latents.size import rate
from vizmodels.experiment import Experiment, Training
from vizmodels.jobs import JobBoard
from vizmodels.jobs.journal import Entry, Journal
from vizmodels.runs.run import train
from vizmodels.specs import OF_DRAWS, VAESpec
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


def test_two_settings_are_compared_seed_by_seed() -> None:
    test = open_page("ablation")
    of, to = test.selectbox(key="sweep_difference_of"), test.selectbox(key="sweep_difference_to")
    progress = shared.sweeps().progress(shared.sweeps().first_shipped())
    one, other = (settings_of(progress)[at.value] for at in (of, to))
    values = [
        [figures["reconstruction"] for figures in setting.evaluations] for setting in (one, other)
    ]
    low, high = stats.ttest_rel(*values).confidence_interval(0.95)
    (told,) = [m.value for m in test.markdown if m.value.startswith("Test reconstruction:")]
    assert f"**{(low + high) / 2:+.3g}** ± {(high - low) / 2:.2g}" in told
    assert "differences of 3 seeds" in told


def test_the_plane_is_of_draws_and_knows_the_rate_of_classes() -> None:
    told = {"kl_classes": 3.0, "kl_axes": 2.0, "reconstruction": 0.1, OF_DRAWS: 0.2}
    older = {"kl": 1.0, "reconstruction": 0.1}
    assert rate(told) == 5.0 and rate(older) == 1.0 and rate({"reconstruction": 0.1}) is None

    def page() -> None:
        from pages.ablation.sweep_charts import _show_plane
        from vizmodels.analysis.sweep_table import Setting

        told = {"kl_classes": 3.0, "kl_axes": 2.0, "reconstruction_of_draws": 0.2}
        _show_plane([Setting({"epochs": 1}, (told, {"kl": 1.0}), (0, 1))], ["epochs"])

    test = AppTest.from_function(page).run()
    assert not test.exception
    (caption,) = test.caption
    assert "draws z ~ q(z|x)" in caption.value and "Left out: 1 of 2" in caption.value
    (chart,) = test.get("plotly_chart")
    (dots,) = json.loads(chart.proto.spec)["data"]
    assert (numbers(dots["x"]), numbers(dots["y"])) == ([5.0], [0.2])


def numbers(axis: object) -> list[float]:
    """Of a chart's axis, plain or in base64."""
    if isinstance(axis, dict):
        return np.frombuffer(base64.b64decode(axis["bdata"]), axis["dtype"]).tolist()
    return list(axis)
