"""Runs of every family on every page, and the form of each."""

import json
from typing import Any

import numpy as np
import pytest
from page_under_test import gallery_of, open_page
from streamlit.testing.v1 import AppTest

from pages.parts.process import shared
from pages.parts.stage.noise_ground import ground_json
from pages.train import experiment_form
from vizmodels.data import load_dataset
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.experiment import Experiment
from vizmodels.runs.run import Run
from vizmodels.runs.titles import title_of
from vizmodels.specs import SPECS, PixelCNNSpec, VQVAESpec

AUTOENCODING = ("pca", "autoencoder", "transformer", "vae", "discrete_vae", "vqvae")
NOT_AUTOENCODING = ("pixelcnn", "pixelcnn by class", "classifier")


def group(test: AppTest, label: str) -> Any:
    (found,) = [b for b in test.button_group if b.label == label]
    return found


def options(test: AppTest, label: str) -> list[str]:
    return [option.content for option in group(test, label).proto.options]


def labels(test: AppTest) -> set[str]:
    """Of every control on the page."""
    controls = (test.number_input, test.button_group, test.selectbox, test.toggle, test.text_input)
    return {widget.label for kind in controls for widget in kind}


def short(run: Run) -> str:
    """What a label calls the run."""
    return title_of(run.experiment).replace(" · digits", "")


def labels_of(test: AppTest) -> list[str]:
    """The labels of the models on the page, A first."""
    bodies = [element.proto.body for element in test.get("html")]
    return [body for body in bodies if "<b>" in body]


def pictures(test: AppTest, alt: str) -> list[str]:
    """Pictures and drawings whose description begins so."""
    bodies = [element.proto.body for element in test.get("html")]
    return [body for body in bodies if f'alt="{alt}' in body]


def open_form(family: str) -> AppTest:
    test = open_page("train")
    test.selectbox(key="train_dataset").set_value("digits")
    group(test, "Family").set_value(family)
    return test.run()


def captions(test: AppTest) -> str:
    return "\n".join(caption.value for caption in test.caption)


@pytest.mark.parametrize("name", AUTOENCODING)
def test_the_latent_space_of_every_autoencoder_is_on_the_stage(
    runs: dict[str, Run], name: str
) -> None:
    test = open_page("latent_space", a=runs[name].id, b="none", c="none")
    assert not test.exception and not test.error and not test.warning
    assert test.selectbox(key="pick_a").value == runs[name].id
    assert len(test.get("bidi_component")) == 1
    (shapes,) = test.dataframe
    n_gaussian = 0 if name == "discrete_vae" else runs[name].autoencoder.embedding_dim
    assert list(shapes.value["axes compared"]) == [n_gaussian]


@pytest.mark.parametrize("name", AUTOENCODING)
def test_every_autoencoder_reconstructs(runs: dict[str, Run], name: str) -> None:
    other = "autoencoder" if name == "vqvae" else "vqvae"
    test = open_page("reconstruction", a=runs[name].id, b=runs[other].id, c="none", d="none")
    assert not test.exception and not test.error and not test.warning
    a, b = labels_of(test)
    assert short(runs[name]) in a and short(runs[other]) in b
    mean = runs[name].evaluation["reconstruction"]
    if name in ("autoencoder", "transformer", "vqvae"):  # whose loss is the error itself
        assert f"error {mean:.5f} ±" in a
    assert ("KL" in a) == (name in ("vae", "discrete_vae"))
    assert ("16 × 1 of 16 = 64 bits" in a) == (name == "vqvae")


@pytest.mark.parametrize("name", AUTOENCODING)
def test_every_autoencoder_denoises_at_the_weight_of_the_address(
    runs: dict[str, Run], name: str
) -> None:
    a = runs[name].id
    test = open_page("denoising", a=a, b="none", c="none", d="none", noise="0.2")
    assert not test.exception and not test.error and not test.warning
    (panel,) = test.get("bidi_component")
    told = json.loads(panel.proto.json)
    assert told["weight"] == 0.2
    (model,) = told["models"]
    assert model["title"] == title_of(runs[name].experiment) and a in model["program"]
    assert model["latent_dim"] == runs[name].autoencoder.embedding_dim
    assert len(test.get("plotly_chart")) == 1, "the curve"


@pytest.mark.parametrize("noise", ["much", "2", "-0.1", "nan", ""])
def test_an_address_without_a_usable_weight_begins_at_one_half(
    runs: dict[str, Run], noise: str
) -> None:
    test = open_page(
        "denoising", a=runs["autoencoder"].id, b="none", c="none", d="none", noise=noise
    )
    assert not test.exception
    (panel,) = test.get("bidi_component")
    assert json.loads(panel.proto.json)["weight"] == 0.5


@pytest.mark.parametrize("name", AUTOENCODING)
def test_the_map_under_the_arrows_is_that_of_the_first_pictures(
    runs: dict[str, Run], name: str
) -> None:
    run = runs[name]
    told = json.loads(ground_json(run.id, shared.atlas().run_key(run.id)))
    images = shared.atlas().points("digits").pictures.images[:1000]
    z = run.autoencoder.embed(run.autoencoder.encode(images.float() / 255)).flatten(1).numpy()
    assert told["spread"] == pytest.approx(np.sqrt(z.var(axis=0).sum()), rel=1e-3)
    places = np.array(told["points"])
    if "components" in told:
        plane = np.array(told["components"])
        expected = (z - np.array(told["mean"])) @ plane.T
        np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-4)
    else:
        expected = z[:, :2]
    np.testing.assert_allclose(places, expected, atol=2e-3 * np.abs(expected).max())


@pytest.mark.parametrize("name", AUTOENCODING)
def test_every_autoencoder_interpolates_and_is_walked_along_its_axes(
    runs: dict[str, Run], name: str
) -> None:
    test = open_page("interpolation", a=runs[name].id, b="none", c="none")
    assert not test.exception and not test.error and not test.warning
    before = pictures(test, "Straight path above")
    pair = test.query_params["pair"]
    test.button(key="another_pair").click().run()
    assert not test.exception
    assert test.query_params["pair"] != pair
    assert pictures(test, "Straight path above") != before
    assert pictures(test, "Traversals of")


def test_an_address_with_a_pair_restores_it(runs: dict[str, Run]) -> None:
    a = runs["autoencoder"].id
    test = open_page("interpolation", a=a, b="none", c="none", pair="7-12")
    assert test.query_params["pair"] == "7-12"
    by_class = open_page("interpolation", a=a, b="none", c="none", pair="7-999999")
    assert not by_class.exception and by_class.query_params["pair"] != "7-999999"


def test_codes_have_no_raw_axes_and_two_axes_no_third(runs: dict[str, Run]) -> None:
    codes = open_page("latent_space", a=runs["vqvae"].id, b="none", c="none")
    assert options(codes, "Map") == ["PCA", "UMAP", "t-SNE"]
    assert group(codes, "Map").value == "pca"
    assert options(codes, "Axes") == ["2-D", "3-D"]
    group(codes, "Axes").set_value(3).run()
    assert not codes.exception
    assert "64 → 3 axes" in captions(codes)
    plane = open_page("latent_space", a=runs["autoencoder"].id, b="none", c="none")
    assert options(plane, "Map") == ["Raw axes", "PCA", "UMAP", "t-SNE"]
    assert group(plane, "Map").value == "raw"
    assert "Axes" not in labels(plane)


def test_a_plane_beside_codes_is_shown_by_pca(runs: dict[str, Run]) -> None:
    test = open_page("latent_space", a=runs["autoencoder"].id, b=runs["vqvae"].id)
    assert not test.exception
    assert group(test, "Map").value == "pca"


@pytest.mark.parametrize("name", NOT_AUTOENCODING)
def test_what_does_not_autoencode_cannot_be_model_a(runs: dict[str, Run], name: str) -> None:
    test = open_page("latent_space", a=runs[name].id, b="none", c="none")
    assert not test.exception
    (warning,) = test.warning
    assert warning.value.startswith("Model A must be one that encodes and decodes; the address")
    offered = "\n".join(test.selectbox(key="pick_a").options)
    assert "VQ-VAE" in offered
    assert "PixelCNN" not in offered and "Classifier" not in offered


@pytest.mark.parametrize("name", [*AUTOENCODING, *NOT_AUTOENCODING])
def test_the_train_page_shows_how_any_stored_run_learned(runs: dict[str, Run], name: str) -> None:
    test = open_page("train", run=runs[name].id)
    assert not test.exception and not test.error and not test.warning
    assert f"So learned the run **{title_of(runs[name].experiment)}**." in {
        markdown.value for markdown in test.markdown
    }
    family = runs[name].experiment.model.family
    below = {
        "pixelcnn": "below them samples from the prior",
        "classifier": "below them those it is least sure of",
    }.get(family, "below each its reconstruction")
    assert f"Test images above, {below}" in captions(test)
    maps = {"to_map", "to_pictures"}
    doors = {button.key for button in test.button} & (maps | {"sample"})
    assert doors == {"pixelcnn": {"sample"}, "classifier": set()}.get(family, maps)


def test_curves_are_of_every_term_and_measure_but_a_loss_that_is_its_only_term(
    runs: dict[str, Run],
) -> None:
    def curves(name: str) -> list[str]:
        test = open_page("train", run=runs[name].id)
        drawn = [h.proto.body for h in test.get("html") if " steps: " in h.proto.body]
        return [body.split('alt="')[1].split(" over ")[0] for body in drawn]

    assert curves("autoencoder") == ["reconstruction in squared error per pixel"]
    of_vae = ["reconstruction", "kl", "loss", "reconstruction of draws"]
    assert [c.split(" in ")[0] for c in curves("vae")] == of_vae
    of_measures = {"usage": "usage in % of the codes", "perplexity": "perplexity in codes"}
    measures = runs["vqvae"].history.measures
    moving = [of_measures[name] for name, values in measures.items() if len(set(values)) > 1]
    assert "perplexity in codes" in moving
    of_vqvae = curves("vqvae")
    terms, drawn = of_vqvae[:3], of_vqvae[3:]
    assert [c.split(" in ")[0] for c in terms] == ["reconstruction", "commitment", "loss"]
    assert drawn == moving
    assert curves("pixelcnn") == ["code nll in bits per code"]
    assert curves("classifier") == ["cross entropy in nats", "accuracy in % of the images"]
    assert curves("pca") == []


def test_cards_tell_each_family_by_its_own_figure(runs: dict[str, Run]) -> None:
    test = open_page("home")
    assert not test.exception and not test.warning
    cards = {card["run"]: card for fold in gallery_of(test)["folds"] for card in fold["cards"]}
    figure = {name: cards[run.id]["figure"] for name, run in runs.items()}
    told = runs["vqvae"].evaluation
    error, used = told["reconstruction"], 100 * told["usage"]
    assert figure["vqvae"] == (f"error {error:.4f} · {used:.0f} % of codes used")
    assert figure["vae"] == f"cross-entropy {runs['vae'].evaluation['reconstruction']:.4f}"
    nats = runs["pixelcnn"].evaluation
    assert figure["pixelcnn"] == (
        f"{nats['code_nll'] * 1.442695:.2f} bits per code "
        f"(marginal {nats['marginal_entropy'] * 1.442695:.2f})"
    )
    accuracy = 100 * runs["classifier"].evaluation["accuracy"]
    assert figure["classifier"] == f"accuracy {accuracy:.1f} %"


@pytest.mark.parametrize("name", NOT_AUTOENCODING)
def test_the_card_of_what_has_no_map_leads_to_how_it_learned(
    runs: dict[str, Run], name: str
) -> None:
    test = open_page("home")
    test.session_state["gallery"] = {"opened": runs[name].id}
    test.run()
    assert not test.exception
    assert test.query_params["run"] == runs[name].id
    shown = {markdown.value for markdown in test.markdown}
    assert f"So learned the run **{title_of(runs[name].experiment)}**." in shown


@pytest.mark.parametrize("family", list(SPECS))
def test_the_form_as_it_opens_describes_the_familys_own_defaults(
    runs: dict[str, Run], family: str
) -> None:
    test = open_form(family)
    assert not test.exception and not test.error
    vq = runs["vqvae"]
    if family == "pixelcnn":
        assert isinstance(vq.experiment.model, VQVAESpec)
        spec = PixelCNNSpec(vq_run=vq.id, vqvae=vq.experiment.model)
    else:
        spec = SPECS[family]()
    assert f"MB · run {Experiment(dataset='digits', model=spec).id}" in captions(test)
    assert test.button(key="start").label == "Train"
    has_kl = family in ("vae", "discrete_vae")
    assert ("KL weight 0.001: λ = 0.064" in captions(test)) == has_kl
    assert not labels(test) & {"Vq run", "Vqvae"}
    assert ("Backbone" in labels(test)) == (family in ("autoencoder", "vae", "discrete_vae"))
    assert ("VQ-VAE" in labels(test)) == (family == "pixelcnn")
    assert labels(test).isdisjoint({"Noise weight", "Binarise"}) == (family == "pixelcnn")


def test_a_choice_in_the_form_reaches_the_experiment(runs: dict[str, Run]) -> None:
    test = open_form("vqvae")
    test.toggle(key="vqvae_reset_dead_codes").set_value(False)
    group(test, "Codebook update").set_value("gradient")
    test.number_input(key="vqvae_commitment_weight").set_value(0.5)
    test.run()
    spec = VQVAESpec(reset_dead_codes=False, codebook_update="gradient", commitment_weight=0.5)
    assert f"run {Experiment(dataset='digits', model=spec).id}" in captions(test)
    assert "Decay" not in labels(test), "of moving averages, which there are none"


def test_a_closed_form_has_no_knobs_of_gradient_descent(runs: dict[str, Run]) -> None:
    test = open_form("autoencoder")
    descent = {"Epochs", "Batch size", "Learning rate", "Noise weight", "Schedule", "Binarise"}
    assert labels(test) >= descent | {"Widths"} and "Solver" not in labels(test)
    group(test, "Backbone").set_value("linear").run()
    assert labels(test) >= descent | {"Solver"} and "Widths" not in labels(test)
    group(test, "Solver").set_value("closed_form").run()
    assert not test.exception and not test.error
    assert not labels(test) & descent


def test_only_gumbel_softmax_has_temperatures(runs: dict[str, Run]) -> None:
    test = open_form("discrete_vae")
    temperatures = {"Temperature", "Final temperature"}
    assert labels(test) >= temperatures
    test.selectbox(key="discrete_vae_estimator").set_value("straight_through").run()
    assert not test.exception
    assert not labels(test) & temperatures


def test_a_prior_without_a_vq_vae_is_told_what_to_train_first(
    runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.library(), "shipped", None)  # which has one on strokes
    test = open_form("pixelcnn")
    test.selectbox(key="train_dataset").set_value("strokes").run()
    assert not test.exception
    (info,) = test.info
    assert info.value.startswith("Train a VQ-VAE on these images first")
    assert "start" not in {button.key for button in test.button}


@pytest.mark.parametrize("family", ["classifier", "pixelcnn"])
def test_what_needs_labels_says_so(
    runs: dict[str, Run], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = load_dataset("digits")
    train, test = ImageSplit(digits.train.images), ImageSplit(digits.test.images)
    unlabelled = ImageSet("digits", digits.image_shape, (), (), train, test)
    monkeypatch.setattr(experiment_form, "load_dataset", lambda *_, **__: unlabelled)
    page = open_form(family)
    if family == "pixelcnn":
        assert not page.error
        page.toggle(key="pixelcnn_class_conditional").set_value(True).run()
    assert not page.exception
    (error,) = page.error
    assert error.value.startswith(f"The image set must be labelled for a {family}")
    assert "start" not in {button.key for button in page.button}
