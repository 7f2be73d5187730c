"""Measures what comes with the app into `assets/results/`: every question that pages open with."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.analysis.pictures.samplers import sampler_names
from vizmodels.data import is_available
from vizmodels.results import questions
from vizmodels.results.question import Question
from vizmodels.results.store import Results, keys_read
from vizmodels.runs.library import RunRecord
from vizmodels.shipped.sweep import SHIPPED
from vizmodels.specs import AutoencodingSpec

log = logging.getLogger(__name__)

MEASURED = ("strokes", "mnist")
"""Image sets of whose runs the slow figures ship."""
AT_ONCE = "strokes"
"""The one that every machine has: of its runs ships all that their pages show."""


def shipped_questions(atlas: Atlas, dataset: str) -> Iterator[Question[Any]]:
    """All that is measured of the shipped runs on an image set, what is quick first."""
    records = [r for r in atlas.library.list() if r.experiment.dataset == dataset]
    judge = next(r for r in records if r.experiment.model.family == "classifier")
    models = [r for r in records if isinstance(r.experiment.model, AutoencodingSpec)]
    if dataset == AT_ONCE:
        for record in models:
            yield questions.reconstruction(record)
            yield questions.noise(record)
            yield questions.paths(record, judge)
            yield questions.shape(record)
    for record in records:
        yield from _of_samples(atlas, record, judge)
    yield questions.originals(dataset)
    for record in sorted(models, key=_is_large):
        yield questions.information(record)
    if dataset == SHIPPED.base.dataset:
        for experiment in SHIPPED.experiments():
            yield questions.training(experiment)


def _of_samples(atlas: Atlas, record: RunRecord, judge: RunRecord) -> Iterator[Question[Any]]:
    family = record.experiment.model.family
    if family == "pixelcnn":  # its uniform and marginal codes are its VQ-VAE's, which has them
        yield questions.samples(record, "pixelcnn", judge)
    elif family != "classifier":
        for sampler in sampler_names(atlas.run(record.id).autoencoder):
            yield questions.samples(record, sampler, judge)


def _is_large(record: RunRecord) -> bool:
    """Whether measuring takes longest; what is quick comes first."""
    return record.experiment.model.backbone in ("conv", "transformer")


def build(results: Results, *, again: bool = False) -> int:
    """Measure what is not in the store's folder yet, and remove what is no longer asked.

    What was measured on image sets that are not on this machine stays as it is.

    Parameters
    ----------
    results : whose folder is that of the shipped answers, over the shipped runs
    again : whether to measure also what is there already

    Returns
    -------
    int
        How many answers were measured.
    """
    absent = [dataset for dataset in MEASURED if not is_available(dataset)]
    for dataset in absent:
        log.warning("%s is not on this machine: what was measured on it stays as it is", dataset)
    wanted = [
        question
        for dataset in MEASURED
        if dataset not in absent
        for question in shipped_questions(results.atlas, dataset)
    ]
    _remove_others(results, wanted, absent)
    n_measured = 0
    for question in wanted:
        if again or results.find(question) is None:
            seconds = results.measure(question).record["seconds"]
            log.info("%s: %.1f s", question.title, seconds)
            n_measured += 1
    return n_measured


def _remove_others(
    results: Results, wanted: Iterable[Question[Any]], absent: Iterable[str]
) -> None:
    names = {question.name(results.atlas) for question in wanted}
    for file in results.files():
        reads_absent = any(f" {name}-" in key for key in keys_read(file) for name in absent)
        if file.stem not in names and not reads_absent:
            log.info("%s is no longer asked: removed", file.stem)
            file.unlink()
