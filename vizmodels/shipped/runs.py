"""Trains the runs that come with the app into `assets/runs/`."""

import dataclasses
import json
import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from vizmodels.data import digest_of, is_available, load_dataset
from vizmodels.experiment import Experiment, Training
from vizmodels.files import whole_file
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train
from vizmodels.runs.titles import title_of
from vizmodels.specs import (
    AnySpec,
    AutoencoderSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
)
from vizmodels.training.evaluation import evaluate_whole

WIDTHS = (256, 128)
"""Narrower than the default: half a million weights, 0.9 MB a run, for 1 % more error."""

EPOCHS = {"strokes": 40, "mnist": 15}  # about the same number of steps on both
LATENT_DIMS = (2, 16)
KL_WEIGHT = 1e-3
NOISE_WEIGHT = 0.5

log = logging.getLogger(__name__)


def gallery_experiments() -> Iterator[Experiment]:
    """The shipped runs, each prior after the VQ-VAE whose codes it learns."""
    for dataset, epochs in EPOCHS.items():
        yield from _of_two_sizes(dataset, epochs)
        yield from _of_every_kind(dataset, epochs)
    yield from _of_every_backbone("strokes", EPOCHS["strokes"])
    judge = ClassifierSpec(widths=(16, 32), n_features=64)
    yield Experiment(dataset="digits", model=judge, training=Training(epochs=30))
    yield from _in_colour()


def _of_two_sizes(dataset: str, epochs: int) -> Iterator[Experiment]:
    """PCA, AE and VAE on two and on sixteen axes."""
    for latent_dim in LATENT_DIMS:
        pca = AutoencoderSpec(backbone="linear", latent_dim=latent_dim)
        yield Experiment(
            dataset=dataset, model=pca, training=Training(epochs=1, solver="closed_form")
        )
        for spec in (
            AutoencoderSpec(latent_dim=latent_dim, widths=WIDTHS),
            VAESpec(latent_dim=latent_dim, widths=WIDTHS, kl_weight=KL_WEIGHT),
        ):
            yield Experiment(dataset=dataset, model=spec, training=Training(epochs=epochs))
    conv = VAESpec(backbone="conv", latent_dim=16, kl_weight=KL_WEIGHT)
    yield Experiment(dataset=dataset, model=conv, training=Training(epochs=epochs // 3))


def _of_every_kind(dataset: str, epochs: int) -> Iterator[Experiment]:
    """What else there is: denoising, categorical latents, codes and their prior, a judge."""
    trained = partial(_trained_on, dataset, epochs)
    denoising = AutoencoderSpec(latent_dim=16, widths=WIDTHS)
    yield trained(denoising, noise_weight=NOISE_WEIGHT)
    yield trained(DiscreteVAESpec(widths=WIDTHS, kl_weight=KL_WEIGHT), schedule="one_cycle")
    yield trained(digit_and_style())
    yield vqvae_on(dataset)
    yield prior_on(dataset)
    judge = ClassifierSpec(widths=(16, 32), n_features=64)
    yield trained(judge, 1 / 3, schedule="one_cycle")


def _of_every_backbone(dataset: str, epochs: int) -> Iterator[Experiment]:
    """A linear autoencoder by gradient descent, beside PCA; convolutions; attention."""
    trained = partial(_trained_on, dataset, epochs)
    yield trained(AutoencoderSpec(backbone="linear", latent_dim=2), schedule="one_cycle")
    yield trained(AutoencoderSpec(backbone="conv", latent_dim=16), 1 / 3)
    for spec in (
        AutoencoderSpec(backbone="transformer", latent_dim=16),
        VAESpec(backbone="transformer", latent_dim=16, kl_weight=KL_WEIGHT),
    ):
        yield trained(spec, 1 / 2, schedule="one_cycle")


def _trained_on(
    dataset: str, epochs: int, model: AnySpec, share: float = 1.0, **training: Any
) -> Experiment:
    settings = Training(epochs=max(1, round(share * epochs)), **training)
    return Experiment(dataset=dataset, model=model, training=settings)


def _in_colour() -> Iterator[Experiment]:
    """A VQ-VAE on CIFAR-10, and a classifier."""
    yield vqvae_on("cifar10")
    judge = ClassifierSpec(widths=(32, 64, 128))
    settings = Training(epochs=3, batch_size=128, schedule="one_cycle")
    yield Experiment(dataset="cifar10", model=judge, training=settings)


def vqvae_on(dataset: str) -> Experiment:
    """512 codes of colour pictures, 128 of digits. Small batches: codes learn by the step."""
    epochs, batch_size, codebook_size = {
        "strokes": (13, 64, 128),
        "mnist": (5, 64, 128),
        "cifar10": (20, 32, 512),
    }[dataset]
    training = Training(epochs=epochs, batch_size=batch_size, schedule="one_cycle")
    return Experiment(
        dataset=dataset, model=VQVAESpec(codebook_size=codebook_size), training=training
    )


def digit_and_style() -> DiscreteVAESpec:
    """One variable of ten classes beside two Gaussian axes: a digit and its style, it is hoped.

    Without the warm-up the axes carry everything and the variable next to nothing.
    """
    return DiscreteVAESpec(
        n_variables=1,
        n_classes=10,
        continuous_dim=2,
        estimator="enumeration",
        kl_weight=KL_WEIGHT,
        kl_warm_up=5,
        widths=WIDTHS,
    )


def prior_on(dataset: str) -> Experiment:
    """The prior over the codes of `vqvae_on` those images; told the class where that is a digit."""
    vqvae = vqvae_on(dataset)
    assert isinstance(vqvae.model, VQVAESpec)
    spec = PixelCNNSpec(vq_run=vqvae.id, vqvae=vqvae.model, class_conditional=dataset in EPOCHS)
    epochs = {"strokes": 9, "mnist": 3, "cifar10": 3}[dataset]
    training = Training(epochs=epochs, batch_size=128, schedule="one_cycle")
    return Experiment(dataset=dataset, model=spec, training=training)


def rounded_to_half(run: Run) -> Run:
    """The run with weights that float16 holds exactly, and the evaluation of those weights."""
    with torch.no_grad():
        for weight in run.model.state_dict().values():
            weight.copy_(weight.half().float())
    test = load_dataset(run.experiment.dataset).test
    binarise = run.experiment.training.binarise
    evaluation = evaluate_whole(run.model, test.images, test.labels, binarise=binarise)
    return dataclasses.replace(run, evaluation=evaluation)


def build(library: RunLibrary, *, again: bool = False, trained: RunLibrary | None = None) -> None:
    """Train every shipped run that is not there yet, and remove what is no longer shipped.

    Parameters
    ----------
    library : of the shipped runs
    again : whether to train also what is there already
    trained : runs from elsewhere, taken where they are of a wanted experiment
    """
    record_digests(library)
    wanted = {experiment.id: experiment for experiment in gallery_experiments()}
    for record in library.list():
        if record.id not in wanted:
            library.delete(record.id)
    for experiment in wanted.values():
        if experiment in library and not again:
            continue
        if not is_available(experiment.dataset):
            log.warning("%s is not on this machine: skipped", experiment.dataset)
            continue
        found = None if trained is None else trained.find(experiment)
        run = _as_shipped(rounded_to_half(found or _trained(experiment, library)))
        library.save(run, half=True)
        figure, value = next(iter(run.evaluation.items()))
        log.info(
            "%s: test %s %.4f after %.0f s",
            title_of(experiment),
            figure,
            value,
            run.environment["training_seconds"],
        )


def record_digests(library: RunLibrary) -> int:
    """Add the digest of the pictures to records from before it was kept; returns to how many.

    The sets are verified when they are loaded, so the pictures are those of then.
    """
    n_added = 0
    for record in library.list():
        dataset = record.experiment.dataset
        if record.data_digest or not is_available(dataset):
            continue
        if load_dataset(dataset).source != record.environment.get("data", ""):
            log.warning("%s: trained on other files of %s", record.title, dataset)
            continue
        path = record.folder / "environment.json"
        told = {**json.loads(path.read_bytes()), "data_digest": digest_of(dataset)}
        with whole_file(path) as unfinished:
            unfinished.write_text(json.dumps(told, indent=2))
        n_added += 1
    return n_added


def _as_shipped(run: Run) -> Run:
    """Without the weights of its epochs, but for those runs whose learning the stage shows."""
    return run if shows_its_epochs(run.experiment) else dataclasses.replace(run, snapshots=None)


def shows_its_epochs(experiment: Experiment) -> bool:
    """Whether a shipped run keeps its epochs: the 2-D autoencoder and VAE on `strokes`."""
    is_small = experiment.dataset == "strokes" and experiment.model.family in ("autoencoder", "vae")
    return is_small and experiment.model.backbone == "mlp" and experiment.model.latent_dim == 2


def _trained(experiment: Experiment, library: RunLibrary) -> Run:
    model = experiment.model
    vq_run = library.load(model.vq_run) if model.family == "pixelcnn" else None
    return train(experiment, vq_run=vq_run)
