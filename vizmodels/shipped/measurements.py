"""Measures the shipped runs: `python -m vizmodels.shipped.measurements`."""

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.analysis.pictures.information import (
    EPOCHS,
    NEIGHBOURS,
    SEEDS,
    TRAIN_IMAGES,
    information_in_originals,
    information_kept,
)
from vizmodels.analysis.pictures.sample_quality import SEED, sample_quality
from vizmodels.analysis.pictures.samplers import sampler_names
from vizmodels.data import is_available
from vizmodels.places import ASSETS, cache_folder
from vizmodels.results.measured import (
    Measurements,
    Result,
    how_measured,
    information_name,
    originals_name,
    samples_name,
)
from vizmodels.runs.library import RunLibrary, RunRecord
from vizmodels.runs.run import Run

log = logging.getLogger(__name__)

DATASETS = ("strokes", "mnist")
Task = tuple[str, Callable[[], Result], dict[str, Any]]


def tasks(library: RunLibrary) -> Iterator[Task]:
    """Everything that is measured of the shipped runs: name, how, and with which settings."""
    atlas = Atlas(library, cache_folder() / "projections")
    for dataset in DATASETS:
        records = [r for r in library.list() if r.experiment.dataset == dataset]
        judge = next(r for r in records if r.experiment.model.family == "classifier")
        models = [r for r in records if r is not judge]
        for record in models:
            yield from _of_samples(atlas, record, judge)
        settings = {
            "seeds": list(SEEDS),
            "epochs": EPOCHS,
            "train_images_at_most": TRAIN_IMAGES,
            "neighbours": NEIGHBOURS,
        }
        yield originals_name(dataset), lambda d=dataset: information_in_originals(d), settings
        for record in sorted(models, key=_is_large):
            if record.experiment.model.family != "pixelcnn":  # keeps what its VQ-VAE keeps
                name, run = information_name(atlas.run_key(record.id)), atlas.run(record.id)
                yield name, lambda r=run: information_kept(r), settings


def _is_large(record: RunRecord) -> bool:
    """Whether measuring takes longest; what is quick comes first."""
    return record.experiment.model.backbone in ("conv", "transformer")


def _of_samples(atlas: Atlas, record: RunRecord, judge: RunRecord) -> Iterator[Task]:
    run, judging = atlas.run(record.id), atlas.run(judge.id)
    of_codes = record.experiment.model.family == "pixelcnn"
    # A prior's uniform and marginal codes are those of its VQ-VAE, which has them measured.
    for sampler in ("pixelcnn",) if of_codes else sampler_names(run.autoencoder):
        name = samples_name(atlas.run_key(run.id), sampler, atlas.run_key(judge.id), 1.0)

        def measure(run: Run = run, sampler: Any = sampler, judging: Run = judging) -> Result:
            return sample_quality(run, sampler, judging)

        yield name, measure, {"seed": SEED, "judge": judge.id}


def build(folder: Path, library: RunLibrary, *, again: bool = False) -> None:
    """Measure what is not in `folder` yet, and remove what is no longer shipped.

    Parameters
    ----------
    folder : of the shipped measurements
    library : of the shipped runs
    again : whether to measure also what is there already
    """
    kept = Measurements(folder)
    wanted = {name: (measure, settings) for name, measure, settings in tasks(library)}
    for name in kept.names() - set(wanted):
        (folder / f"{name}.json").unlink()
    for name, (measure, settings) in wanted.items():
        if not again and kept.find(name) is not None:
            continue
        began = time.perf_counter()
        result = measure()
        seconds = round(time.perf_counter() - began, 1)
        kept.keep(name, result, {**settings, **how_measured(), "seconds": seconds})
        log.info("%s: %.0f s", name, seconds)


def main() -> None:
    """Command line of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true", help="measure also what is there already")
    parser.add_argument("--folder", type=Path, default=ASSETS / "measurements")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    missing = [dataset for dataset in DATASETS if not is_available(dataset)]
    if missing:
        log.warning("%s not on this machine: nothing measured", ", ".join(missing))
        return
    build(arguments.folder, RunLibrary(ASSETS / "runs"), again=arguments.again)


if __name__ == "__main__":
    main()
