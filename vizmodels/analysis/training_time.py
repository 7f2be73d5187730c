"""How long a training will take: by steps that were timed, or by trainings that are alike."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.experiment import Experiment
from vizmodels.models import build_model
from vizmodels.models.backbones import ImageShape
from vizmodels.runs.library import RunRecord
from vizmodels.runs.training_cost import cost_of
from vizmodels.training.device import choose_compute
from vizmodels.training.evaluation import evaluate_whole
from vizmodels.training.preview import PreviewMaker
from vizmodels.training.step import TrainingStep

N_NEAREST = 3  # runs whose speeds are averaged
WARM_UP_STEPS = {"cuda": 5, "cpu": 1, "mps": 1}  # a captured step is captured in the fourth
TIMING_SECONDS = 0.4  # of steps that are timed, and three at least
TOLD_SECONDS = 1.0  # that a training took at least, for its speed to tell others
ALIKE = 10  # times as much or as little arithmetic an image
N_TEST = 500  # images whose evaluation is timed


@dataclass(frozen=True)
class StepTime:
    """What the parts of a training take on the machine that timed them, in seconds.

    Attributes
    ----------
    step : one training step
    test_image : the evaluation of one test image
    once : first codes, the preview at the beginning and the one at the end
    """

    step: float
    test_image: float
    once: float

    def of_training(self, experiment: Experiment, n_train: int, n_test: int) -> float:
        """Of a whole training on so many images."""
        training = experiment.training
        evaluation = training.epochs * n_test * self.test_image
        return self.once + training.n_steps(n_train) * self.step + evaluation


def time_steps(
    experiment: Experiment, image_shape: Sequence[int], n_classes: int, processor: str
) -> StepTime:
    """Time some steps of an experiment, on images drawn at random.

    Parameters
    ----------
    experiment : whose model, batch size and kind of input are timed; for a prior over codes its
        VQ-VAE is untrained
    image_shape, n_classes : of the image set
    processor : that will time them, for the name of the question alone

    Notes
    -----
    About a second for most models. The median of the steps, so that what else the machine does now
    and then counts for little.
    """
    assert processor
    training, compute = experiment.training, choose_compute()
    generator = torch.Generator().manual_seed(training.seed)
    shape = (image_shape[0], image_shape[1], image_shape[2])
    train, test = (
        ImageSplit(
            torch.randint(0, 256, (n, *shape), dtype=torch.uint8, generator=generator),
            torch.randint(max(n_classes, 1), (n,), generator=generator),
        )
        for n in (training.batch_size, N_TEST)
    )
    data = ImageSet("random", shape, tuple(map(str, range(n_classes))), (), train, test)
    model = build_model(experiment.model, shape, generator, n_classes).to(compute.device)
    draw = torch.Generator(compute.device).manual_seed(training.seed)
    began = time.perf_counter()
    model.start(train.images.to(compute.device), draw)
    once = time.perf_counter() - began
    assert train.labels is not None
    step = TrainingStep(
        model,
        model.resident(train.images.to(compute.device)),
        training.batch_size,
        training.learning_rate,
        training.noise_weight,
        draw,
        compute,
        labels=train.labels.to(compute.device),
        binarise=training.binarise,
    )
    indices = torch.arange(training.batch_size, device=compute.device)
    times: list[float] = []
    for _ in range(WARM_UP_STEPS[compute.device.type]):
        step(indices)
    while len(times) < 3 or sum(times) < TIMING_SECONDS:
        times.append(_seconds(step, indices))
    test_images = test.images.to(compute.device)
    evaluations = [_seconds(evaluate_whole, model, test_images, test.labels) for _ in range(2)]
    once += 2 * _seconds(PreviewMaker(data).make, model)
    return StepTime(statistics.median(times), min(evaluations) / N_TEST, once)


def _seconds(function: Callable[..., object], *args: object) -> float:
    """What a call takes until the device is done with it."""
    began = time.perf_counter()
    function(*args)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began


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
    """Scale the speed of runs that are alike by what a step costs, where none has been timed.

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
    training, spec = experiment.training, experiment.model
    if training.solver == "closed_form":
        return None
    batch_size = min(training.batch_size, n_images)
    own = cost_of(spec, image_shape, n_classes).flops(batch_size) / batch_size
    alike = [
        record
        for record in records
        if record.experiment.model.backbone == spec.backbone
        and (record.experiment.model.family == "pixelcnn") == (spec.family == "pixelcnn")
        and record.experiment.training.solver == "adam"
        and float(record.environment.get("images_per_second", 0)) > 0
        and float(record.environment.get("flops_per_image", 0)) > 0  # not in the oldest runs
    ]

    def flops(record: RunRecord) -> float:
        return float(record.environment["flops_per_image"])

    def tells(record: RunRecord) -> bool:
        """Whether its speed is that of arithmetic; a moment's shows what starting costs."""
        is_near = abs(math.log(flops(record) / own)) <= math.log(ALIKE)
        return is_near and float(record.environment.get("training_seconds", 0)) >= TOLD_SECONDS

    here = [r for r in alike if r.environment.get("processor") in processors]
    made_here = [r for r in here if not r.shipped and tells(r)]
    chosen = made_here or list(filter(tells, here)) or list(filter(tells, alike)) or here or alike
    if not chosen:
        return None

    nearest = sorted(chosen, key=lambda r: abs(math.log(flops(r) / own)))[:N_NEAREST]
    rates = [float(r.environment["images_per_second"]) * flops(r) for r in nearest]
    seconds = training.n_steps(n_images) * batch_size * own / (sum(rates) / len(rates))
    return TimeEstimate(seconds, len(nearest), bool(here))
