"""Builds `assets/runs/`, the runs that come with the app: `python -m vizmodels.gallery`."""

import argparse
import dataclasses
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from vizmodels.data import is_available, load_dataset
from vizmodels.experiment import Experiment, Training
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train
from vizmodels.runs.titles import title_of
from vizmodels.specs import AutoencoderSpec, VAESpec
from vizmodels.training.evaluation import evaluate

WIDTHS = (256, 128)
"""Narrower than the default: half a million weights, 0.9 MB a run, for 1 % more error."""

EPOCHS = {"strokes": 40, "mnist": 15}  # about the same number of steps on both
LATENT_DIMS = (2, 16)
KL_WEIGHT = 1e-3

log = logging.getLogger(__name__)


def gallery_experiments() -> Iterator[Experiment]:
    """The shipped runs: PCA, AE and VAE, on two and on sixteen axes, on both sets of digits."""
    for dataset, epochs in EPOCHS.items():
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


def rounded_to_half(run: Run) -> Run:
    """The run with weights that float16 holds exactly, and the evaluation of those weights."""
    with torch.no_grad():
        for weight in run.model.state_dict().values():
            weight.copy_(weight.half().float())
    test = load_dataset(run.experiment.dataset).test
    terms = evaluate(run.model, test.images, test.labels, binarise=run.experiment.training.binarise)
    measures = {measure.name: measure.value for measure in run.model.measure(test.images)}
    return dataclasses.replace(run, evaluation=terms | measures)


def build(folder: Path, *, again: bool = False) -> None:
    """Train every shipped run that is not in `folder` yet, and remove what is no longer shipped."""
    library = RunLibrary(folder)
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
        run = rounded_to_half(train(experiment))
        library.save(run, half=True)
        log.info(
            "%s: test reconstruction %.4f after %.0f s",
            title_of(experiment),
            run.evaluation["reconstruction"],
            run.environment["training_seconds"],
        )


def main() -> None:
    """Command line of the gallery."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true", help="train also what is there already")
    parser.add_argument("--folder", type=Path, default=ASSETS / "runs")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    build(arguments.folder, again=arguments.again)


if __name__ == "__main__":
    main()
