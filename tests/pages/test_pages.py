"""Every page runs without an exception from shipped runs, and does one action."""

import shutil
import time
from pathlib import Path

import pytest
from page_under_test import gallery_of, open_page

from pages.parts.frame import later
from pages.parts.process import shared
from vizmodels.analysis.training_time import StepTime

SHOWN_FIRST = "VAE mlp · 2-D · strokes · KL weight 0.001"


@pytest.mark.parametrize(
    "name", ["home", "train", "latent_space", "reconstruction", "denoising", "interpolation"]
)
def test_a_page_opens_without_an_exception(name: str) -> None:
    test = open_page(name)
    assert not test.exception
    assert not test.error


def test_home_opens_on_the_stage_and_every_run_has_a_card_in_the_fold_of_its_images() -> None:
    test = open_page("home")
    assert not test.exception
    assert len(test.get("bidi_component")) == 2, "the stage and the gallery"
    records = shared.library().list()
    folds = gallery_of(test)["folds"]
    assert folds[0]["name"] == "strokes" and len(folds) >= 2
    for fold in folds:
        of_set = [r.id for r in records if r.experiment.dataset == fold["name"]]
        assert sorted(card["run"] for card in fold["cards"]) == sorted(of_set)
    assert sum(len(fold["cards"]) for fold in folds) == len(records)


def test_a_card_makes_its_run_model_a() -> None:
    test = open_page("home")
    (sixteen,) = _ids("VAE mlp · 16-D · strokes · KL weight 0.001")
    test.session_state["gallery"] = {"opened": sixteen}
    test.run()
    assert not test.exception
    assert test.selectbox(key="pick_a").value == sixteen


def test_the_latent_space_page_shows_the_stage_of_the_vae_beside_the_autoencoder() -> None:
    test = open_page("latent_space")
    assert test.selectbox(key="pick_a").value in _ids(SHOWN_FIRST)
    assert test.selectbox(key="pick_b").value in _ids("AE mlp · 2-D · strokes")
    assert test.selectbox(key="pick_c").value in _ids("VQ-VAE · 128 codes of 16-D · strokes")
    assert len(test.get("bidi_component")) == 2, "the third model has a map of its own"


def test_model_a_chosen_on_one_page_is_in_the_address_and_shown_after_a_rerun() -> None:
    test = open_page("latent_space")
    (pca,) = _ids("PCA · 2-D · strokes")
    test.selectbox(key="pick_a").set_value(pca).run()
    assert test.query_params["a"] == pca
    assert not test.exception
    assert test.selectbox(key="pick_a").value == pca


def test_an_address_with_a_run_restores_it() -> None:
    (sixteen,) = _ids("AE mlp · 16-D · strokes")
    test = open_page("latent_space", a=sixteen)
    assert test.selectbox(key="pick_a").value == sixteen


def test_an_address_that_names_no_run_gets_a_sentence_and_the_default() -> None:
    test = open_page("latent_space", a="000000000000")
    assert not test.exception
    (warning,) = test.warning
    assert warning.value.startswith(
        "Model A must be in the library; the address names `000000000000`. Shown instead: VAE mlp"
    )
    assert test.selectbox(key="pick_a").value in _ids(SHOWN_FIRST)


def test_an_address_whose_models_saw_different_images_gets_a_sentence(real_data: Path) -> None:
    (strokes,) = _ids(SHOWN_FIRST)
    (mnist,) = _ids("AE mlp · 2-D · mnist")
    test = open_page("latent_space", a=strokes, b=mnist)
    (warning,) = test.warning
    assert warning.value.startswith("Model B must be trained on model A's images")


def test_pca_and_three_axes_are_a_click_away() -> None:
    (sixteen,) = _ids("VAE mlp · 16-D · strokes · KL weight 0.001")
    test = open_page("latent_space", a=sixteen)
    (kind,) = [b for b in test.button_group if b.label == "Map"]
    assert kind.value == "pca"
    axes = next(b for b in test.button_group if b.label == "Axes")
    axes.set_value(3).run()
    assert not test.exception
    assert len(test.get("plotly_chart")) == 4, "three maps, and the axes beside N(0, 1)"
    assert any("trustworthiness" in caption.value for caption in test.caption)


def test_a_map_that_the_engine_has_to_compute_says_so_when_there_is_no_engine() -> None:
    test = open_page("latent_space")
    next(b for b in test.button_group if b.label == "Map").set_value("umap").run()
    assert not test.exception
    assert any("PCA is shown instead" in warning.value for warning in test.warning)


def test_the_reconstruction_page_ranks_pictures_by_model_a() -> None:
    test = open_page("reconstruction")
    shown: dict[str, float] = {}
    for order in ("best", "median", "worst"):
        next(b for b in test.button_group if b.label == "Pictures").set_value(order).run()
        assert not test.exception
        text = next(h.proto.body for h in test.get("html") if "<b>A</b>" in h.proto.body)
        shown[order] = float(text.split("on these ")[1].split("<")[0])
    assert shown["best"] < shown["median"] < shown["worst"]


def test_the_train_page_shows_how_the_shipped_run_learned() -> None:
    test = open_page("train")
    assert any(SHOWN_FIRST in markdown.value for markdown in test.markdown)
    assert any("λ = 0.784, decoder variance c = 0.392" in c.value for c in test.caption)


def test_the_train_page_offers_only_the_knobs_of_the_family() -> None:
    test = open_page("train")
    assert "KL weight" in [n.label for n in test.number_input]
    next(b for b in test.button_group if b.label == "Family").set_value("autoencoder").run()
    assert not test.exception
    assert "KL weight" not in [n.label for n in test.number_input]


def test_the_train_page_says_why_it_cannot_train_without_an_engine() -> None:
    test = open_page("train")
    test.button(key="start").click().run()
    assert not test.exception
    assert any("must be" in error.value for error in test.error)


def test_the_train_page_refuses_more_axes_than_pixels_with_a_sentence() -> None:
    test = open_page("train")
    test.selectbox(key="train_dataset").set_value("digits").run()
    test.number_input(key="vae_latent_dim").set_value(65).run()
    assert not test.exception
    assert any("at most 64, the number of values in one picture" in e.value for e in test.error)


def test_the_train_page_offers_no_more_than_a_server_gives() -> None:
    test = open_page("train")
    assert test.number_input(key="vae_latent_dim").max == 512
    assert test.number_input(key="vae_epochs").max == 200
    test.text_input(key="vae_widths").set_value("1, 2, 3, 4, 5").run()
    assert not test.exception
    assert any("widths must be at most 4 numbers" in error.value for error in test.error)


def test_the_train_page_says_that_a_job_in_the_address_is_not_known() -> None:
    test = open_page("train", job="000000000000")
    assert not test.exception
    assert len(test.warning) == 1


def test_images_that_are_not_here_come_with_one_button_that_fetches_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTARIUM_DATA", str(tmp_path))
    (mnist,) = _ids("VAE mlp · 2-D · mnist · KL weight 0.001")
    test = open_page("reconstruction", a=mnist)
    assert not test.exception
    assert test.info[0].value == "The images of mnist are not on this machine."
    assert test.button(key="fetch_mnist").label == "Fetch mnist"


def _ids(title: str) -> list[str]:
    return [record.id for record in shared.library().list() if record.title == title]


def test_a_truncated_file_of_images_gets_a_sentence(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in (real_data / "MNIST" / "raw").iterdir():
        (raw / file.name).write_bytes(file.read_bytes()[:5000])
    monkeypatch.setenv("LATENTARIUM_DATA", str(tmp_path))
    (mnist,) = _ids("VAE mlp · 2-D · mnist · KL weight 0.001")
    test = open_page("reconstruction", a=mnist)
    assert not test.exception
    (error,) = test.error
    assert "5000 bytes" in error.value or "5,000 bytes" in error.value
    assert "Delete it" in error.value


def test_a_damaged_run_is_named_and_the_others_are_shown(session_cache: Path) -> None:
    folder = session_cache / "runs" / "0123456789ab"
    folder.mkdir(parents=True)
    (folder / "experiment.json").write_text("{")
    test = open_page("latent_space")
    assert not test.exception
    (warning,) = test.warning
    assert warning.value.startswith("Run 0123456789ab must be whole and readable; got no ")
    assert len(test.get("bidi_component")) == 2
    assert folder.is_dir(), "it is left where it is"
    shutil.rmtree(folder)


def test_charts_and_code_wait_for_the_first_picture_of_a_visit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(later, "WAIT_SECONDS", 2.0)
    page = open_page("reconstruction")
    assert not page.get("plotly_chart") and not page.code, "their places are kept empty"
    time.sleep(2.0)
    assert page.run().get("plotly_chart") and page.code
    assert page.run().get("plotly_chart"), "and there it stays"


def test_the_train_page_tells_the_time_by_steps_that_were_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timed = StepTime(step=0.01, test_image=1e-4, once=1.0)
    monkeypatch.setattr("pages.train.experiment_form.find", lambda _: [timed])
    test = open_page("train")
    test.number_input(key="vae_epochs").set_value(5).run()
    # 5 passes of ceil(20,000 / 256) = 79 steps, 5 evaluations of 4,000 images, and a second.
    assert any("weights · about 7 s · " in caption.value for caption in test.caption)
