"""The classifiers that judge what models make of pictures."""

from pages.parts.process.shared import library
from vizmodels.runs.library import RunRecord


def judge_of(run: RunRecord) -> RunRecord | None:
    """The classifier in whose features a run is judged: the first on the same images."""
    judges = (r for r in library().list() if r.experiment.model.family == "classifier")
    of_same = (r for r in judges if r.experiment.image_set == run.experiment.image_set)
    return next(of_same, None)
