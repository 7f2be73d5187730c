"""How long a training is going to take, told from the trainings that are in the library."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vizmodels.experiment import Experiment
from vizmodels.models.backbones import ImageShape
from vizmodels.runs.library import RunRecord
from vizmodels.runs.training_cost import cost_of

N_NEAREST = 3  # runs whose speeds are averaged


@dataclass(frozen=True)
class TimeEstimate:
    """Seconds that a training will take.

    Attributes
    ----------
    seconds : of training steps
    n_runs : whose speed it rests on
    is_of_this_machine : whether they were trained on this processor
    """

    seconds: float
    n_runs: int
    is_of_this_machine: bool


def estimate_time(
    experiment: Experiment,
    n_images: int,
    image_shape: ImageShape,
    n_classes: int,
    records: Sequence[RunRecord],
    processors: Sequence[str],
) -> TimeEstimate | None:
    """Scale the speed of runs that are alike by what one image costs.

    Parameters
    ----------
    experiment : to be trained
    n_images, image_shape, n_classes : of its training set
    records : of the library; those with the same kind of network count first, made here before
        shipped ones, the nearest in size of them
    processors : names of those that will train it

    Returns
    -------
    TimeEstimate, or None where nothing alike has been trained.
    """
    if experiment.training.solver == "closed_form":
        return None
    spec = experiment.model
    own = cost_of(spec, image_shape, n_classes).flops_per_image
    alike = [
        record
        for record in records
        if record.experiment.model.backbone == spec.backbone
        and (record.experiment.model.family == "pixelcnn") == (spec.family == "pixelcnn")
        and record.experiment.training.solver == "adam"
        and float(record.environment.get("images_per_second", 0)) > 0
        and float(record.environment.get("flops_per_image", 0)) > 0  # not in the oldest runs
    ]
    here = [r for r in alike if r.environment.get("processor") in processors]
    made_here = [r for r in here if not r.shipped]
    chosen = made_here or here or alike
    if not chosen:
        return None

    def flops(record: RunRecord) -> float:
        return float(record.environment["flops_per_image"])

    nearest = sorted(chosen, key=lambda r: abs(math.log(flops(r) / own)))[:N_NEAREST]
    rates = [float(r.environment["images_per_second"]) * flops(r) for r in nearest]
    training = experiment.training
    n_seen = training.n_steps(n_images) * min(training.batch_size, n_images)
    seconds = n_seen * own / (sum(rates) / len(rates))
    return TimeEstimate(seconds, len(nearest), bool(here))
