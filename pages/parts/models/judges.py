"""The classifiers that judge what models make of pictures."""

from pages.parts.process.shared import library
from vizmodels.runs.library import RunRecord


def judge_on(dataset: str) -> RunRecord | None:
    """The classifier in whose features samples are compared: the first on these images."""
    judges = (r for r in library().list() if r.experiment.model.family == "classifier")
    return next((r for r in judges if r.experiment.dataset == dataset), None)
