"""Families that need more than pictures: labels, or the run of a VQ-VAE."""

import dataclasses

import pytest
import torch
from small_training import (
    CPU,
    FAMILIES,
    FEW,
    VQ_EXPERIMENT,
    on_digits,
    small_prior,
    small_vqvae,
    whole_state,
)

from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import Experiment
from vizmodels.models.classifier import Classifier
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.runs.run import Run, train
from vizmodels.specs import VAESpec
from vizmodels.training.loop import fit
from vizmodels.training.preview import PreviewMaker

pytestmark = pytest.mark.usefixtures("one_thread")

CLASSIFIER = FAMILIES["classifier"]


def test_a_classifier_learns_the_labels(data: ImageSet) -> None:
    terms = fit(on_digits(CLASSIFIER, epochs=20, learning_rate=0.01), data, CPU).test_terms
    assert terms["accuracy"] > 0.8, "by chance it would be 0.1"


def test_a_classifier_learns_nothing_from_labels_of_other_images(data: ImageSet) -> None:
    assert data.train.labels is not None
    order = torch.randperm(400, generator=torch.Generator().manual_seed(0))
    shuffled = ImageSplit(data.train.images, data.train.labels[order])
    mixed_up = dataclasses.replace(data, train=shuffled)
    terms = fit(on_digits(CLASSIFIER, epochs=20, learning_rate=0.01), mixed_up, CPU).test_terms
    assert terms["accuracy"] < 0.35


def test_the_test_accuracy_is_counted_with_the_test_labels(data: ImageSet) -> None:
    fitted = fit(on_digits(CLASSIFIER, epochs=3), data, CPU)
    assert isinstance(fitted.model, Classifier) and data.test.labels is not None
    with torch.no_grad():
        guesses = fitted.model.classify(data.test.images.float() / 255).argmax(dim=1)
    n_right = int((guesses == data.test.labels).sum())
    assert 10 < n_right < 100
    assert fitted.test_terms["accuracy"] == pytest.approx(n_right / 100)


def test_the_preview_of_a_classifier_shows_the_images_it_finds_hardest(data: ImageSet) -> None:
    fitted = fit(on_digits(CLASSIFIER, epochs=3), data, CPU)
    preview = PreviewMaker(data).make(fitted.model)
    assert isinstance(fitted.model, Classifier) and data.test.labels is not None
    x = data.test.images.float() / 255
    with torch.no_grad():
        chances = fitted.model.classify(x).exp()[torch.arange(100), data.test.labels]
    hardest = chances.argsort()[:12]
    assert torch.equal(torch.from_numpy(preview.reconstructions), data.test.images[hardest])


def test_a_prior_learns_the_order_of_the_codes(data: ImageSet, vqvae: VQVAE) -> None:
    experiment = on_digits(small_prior(), epochs=20, learning_rate=0.01)
    terms = fit(experiment, data, CPU, vqvae=vqvae).test_terms
    assert terms["code_nll"] < 0.9 * terms["marginal_entropy"]


def test_a_prior_that_is_told_the_class_is_told_that_of_each_image(
    data: ImageSet, vqvae: VQVAE
) -> None:
    assert data.test.labels is not None
    wrong = ImageSplit(data.test.images, (data.test.labels + 1) % 10)
    settings = {"epochs": 20, "learning_rate": 0.01}
    experiment = on_digits(small_prior(class_conditional=True), **settings)
    right, mistaken = (
        fit(experiment, one, CPU, vqvae=vqvae).test_terms["code_nll"]
        for one in (data, dataclasses.replace(data, test=wrong))
    )
    assert right < mistaken - 0.02


def test_training_a_prior_leaves_its_vqvae_as_it_is(data: ImageSet, vqvae: VQVAE) -> None:
    before = whole_state(vqvae)
    model = fit(on_digits(small_prior()), data, CPU, vqvae=vqvae).model
    assert isinstance(model, VQPrior)
    ours, theirs = model.vqvae.state_dict(), whole_state(vqvae)
    assert all(torch.equal(theirs[name], before[name]) for name in before)
    assert all(torch.equal(weight, before[name]) for name, weight in ours.items())


def test_the_preview_of_a_prior_shows_samples_and_the_same_ones_each_time(
    data: ImageSet, vqvae: VQVAE
) -> None:
    model = fit(on_digits(small_prior()), data, CPU, vqvae=vqvae).model
    assert isinstance(model, VQPrior)
    first, again = (PreviewMaker(data).make(model).reconstructions for _ in range(2))
    assert torch.equal(torch.from_numpy(first), torch.from_numpy(again))
    expected = model.sample(12, torch.Generator().manual_seed(0))
    assert torch.equal(torch.from_numpy(first), (expected * 255).round().to(torch.uint8))


def test_a_prior_without_its_vqvae_is_refused_in_one_sentence(data: ImageSet) -> None:
    with pytest.raises(InvalidExperiment) as error:
        train(on_digits(small_prior()), device="cpu", data=data)
    assert str(error.value) == (
        "The VQ-VAE of a prior must be given with it; got only the name of its run, "
        f"{VQ_EXPERIMENT.id}. Train that run first, then pass vq_run=library.load(its id) to train."
    )


def elsewhere(experiment: Experiment) -> Experiment:
    return experiment.model_copy(update={"dataset": "other-digits"})


@pytest.mark.parametrize(
    ("experiment", "of_run"),
    [
        (on_digits(small_prior(vq_run="0" * 12)), VQ_EXPERIMENT),
        (on_digits(small_prior(vqvae=small_vqvae(codebook_size=17))), VQ_EXPERIMENT),
        (elsewhere(on_digits(small_prior())), VQ_EXPERIMENT),
        (on_digits(small_prior()), on_digits(small_vqvae(), seed=1)),
        (on_digits(VAESpec(widths=(32,))), VQ_EXPERIMENT),
    ],
    ids=["another id", "another spec", "other images", "another seed", "no prior"],
)
def test_a_run_that_is_not_the_priors_vqvae_is_refused_in_one_sentence(
    data: ImageSet, vq_run: Run, experiment: Experiment, of_run: Experiment
) -> None:
    given = dataclasses.replace(vq_run, experiment=of_run)
    with pytest.raises(InvalidExperiment) as error:
        named = dataclasses.replace(data, name=experiment.dataset)
        train(experiment, device="cpu", data=named, vq_run=given)
    assert str(error.value) == (
        "vq_run must be the VQ-VAE's run that a prior's spec names, on the same images; got run "
        f"{given.id}, vqvae on {FEW}. Pass the run of experiment.model.vq_run."
    )


def test_a_run_of_another_family_is_refused_as_a_priors_vqvae(data: ImageSet) -> None:
    vae = train(on_digits(), device="cpu", data=data)
    with pytest.raises(InvalidExperiment, match=rf"got run {vae.id}, vae on {FEW}\."):
        train(on_digits(small_prior(vq_run=vae.id)), device="cpu", data=data, vq_run=vae)


@pytest.mark.parametrize("spec", [CLASSIFIER, small_prior(class_conditional=True)])
def test_a_family_that_needs_labels_is_refused_on_a_set_without(
    data: ImageSet, vqvae: VQVAE, spec
) -> None:
    train_split, test_split = (ImageSplit(half.images) for half in (data.train, data.test))
    bare = ImageSet("own", (1, 8, 8), (), (), train_split, test_split)
    with pytest.raises(InvalidExperiment, match=r"^The image set must be labelled for a "):
        fit(on_digits(spec), bare, CPU, vqvae=vqvae)
