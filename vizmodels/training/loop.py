"""The training loop: from an experiment and its images to a fitted model, on any device."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vizmodels.data.image_set import ImageSet
from vizmodels.errors import InvalidExperiment, TrainingDiverged
from vizmodels.experiment import Experiment
from vizmodels.models import build_model
from vizmodels.models.autoencoder import PlainAutoencoder
from vizmodels.models.linear import fit_pca
from vizmodels.models.trainable import Batch, Trainable
from vizmodels.models.vq_prior import VQPrior
from vizmodels.models.vqvae import VQVAE
from vizmodels.training import checkpoint as checkpoints
from vizmodels.training.device import Compute
from vizmodels.training.evaluation import evaluate
from vizmodels.training.preview import PreviewMaker
from vizmodels.training.progress import History, Progress
from vizmodels.training.snapshots import SnapshotKeeper, Snapshots
from vizmodels.training.step import TrainingStep

REPORT_SECONDS = 0.1  # between reports; each waits for the device once
PREVIEW_SECONDS = 0.4  # between previews; one costs 5 to 50 ms, of a prior's samples more
PREVIEW_SHARE = 0.1  # of the time at most that goes into previews
CHECKPOINT_SECONDS = 5.0  # between checkpoints, which are written at the end of an epoch
MAX_HISTORY_ROWS = 600  # of training terms; more than a chart can show

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Fitted:
    """A model as it left training, with what it went through.

    Attributes
    ----------
    model : in evaluation mode, its weights without gradient
    history : loss terms over the run
    test_terms : name of each loss term -> its mean over the test set, after the last step; and of
        each figure that only a whole set has, such as the perplexity -> its value
    seconds : spent in training steps, without evaluation, previews and checkpoints
    images_seen : training images that went through the model, repeats included
    snapshots : weights of a few epochs before the last, of models that have a map
    """

    model: Trainable
    history: History
    test_terms: dict[str, float]
    seconds: float
    images_seen: int
    snapshots: Snapshots | None = None


def fit(
    experiment: Experiment,
    data: ImageSet,
    compute: Compute,
    on_progress: OnProgress | None = None,
    checkpoint_path: Path | None = None,
    vqvae: VQVAE | None = None,
) -> Fitted:
    """Train the experiment's model on the data.

    Parameters
    ----------
    experiment : what to train; everything random comes from its seed
    data : the image set the experiment names
    compute : device and precision
    on_progress : called at most every 0.1 s, and at the end; an exception it raises stops the run
    checkpoint_path : file to go on from if it is there, and to write now and then
    vqvae : trained, whose codes a prior is to learn

    Raises
    ------
    InvalidExperiment : the model does not fit the pictures, or a prior has no VQ-VAE
    TrainingDiverged : a loss term became infinite or not a number
    """
    if experiment.training.solver == "closed_form":
        return _fit_closed_form(experiment, data, on_progress)
    loop = _Loop(experiment, data, compute, vqvae)
    if checkpoint_path is not None:
        loop.restore(checkpoint_path)
    loop.run(on_progress, checkpoint_path)
    return Fitted(
        freeze(loop.model),
        loop.history,
        loop.history.last_test(),
        loop.seconds,
        loop.n_steps * loop.batch_size,
        loop.snapshots.snapshots(),
    )


def freeze(model: Trainable) -> Trainable:
    """The same model in evaluation mode, on the CPU, its weights without gradient."""
    model.eval().requires_grad_(False).cpu()
    return model.to(memory_format=torch.contiguous_format)


class _Loop:
    """The state of one run. Batch order comes from seed and epoch alone, so a resumed run meets
    the same batches; noise comes from a generator whose state the checkpoint keeps."""

    def __init__(
        self, experiment: Experiment, data: ImageSet, compute: Compute, vqvae: VQVAE | None
    ) -> None:
        self.experiment, self.compute = experiment, compute
        training, device = experiment.training, compute.device
        weight_seed = torch.Generator().manual_seed(training.seed)
        n_classes = len(data.class_names)
        model = build_model(experiment.model, data.image_shape, weight_seed, n_classes)
        if isinstance(model, VQPrior):
            model.adopt(_needed(vqvae, experiment))
        self.model = model.to(device)
        self.generator = torch.Generator(device).manual_seed(training.seed)
        self.test_images, self.test_labels = data.test.images.to(device), data.test.labels
        images, labels = data.train.images.to(device), data.train.labels
        self.model.start(images, self.generator)
        self.batch_size = min(training.batch_size, len(images))
        self.step = TrainingStep(
            self.model,
            self.model.resident(images),
            self.batch_size,
            training.learning_rate,
            training.noise_weight,
            self.generator,
            compute,
            labels=None if labels is None else labels.to(device),
            binarise=training.binarise,
        )
        self.previews = PreviewMaker(data)
        self.history = History(self.step.names, self.step.units)
        # The remainder of each shuffle is left out, so that every step has one shape.
        self.n_images = len(images)
        self.steps_per_epoch = self.n_images // self.batch_size
        self.n_steps = self.steps_per_epoch * training.epochs
        self.history_every = math.ceil(self.n_steps / MAX_HISTORY_ROWS)
        self.epochs_done = 0
        self.seconds = 0.0
        self.snapshots = SnapshotKeeper(self.model, training.epochs)
        self.snapshots.offer(0, self.model)

    def run(self, on_progress: OnProgress | None, checkpoint_path: Path | None) -> None:
        step_offset = self.epochs_done * self.steps_per_epoch
        began = reported = previewed = saved = resumed = time.perf_counter()
        for epoch in range(self.epochs_done, self.experiment.training.epochs):
            for at, indices in enumerate(self._batches(epoch), start=1):
                done = epoch * self.steps_per_epoch + at
                self._follow_schedules(done - 1)
                self.step(indices)
                epoch_ends = at == self.steps_per_epoch
                if done % self.history_every == 0 or epoch_ends:
                    self.step.close_row()
                    self.history.steps.append(done)
                if time.perf_counter() - reported < REPORT_SECONDS and not epoch_ends:
                    continue
                self._collect_rows()
                now = time.perf_counter()
                self.seconds += now - resumed
                if epoch_ends:
                    self._end_epoch(epoch)
                    if checkpoint_path and now - saved > CHECKPOINT_SECONDS:
                        self._save(checkpoint_path)
                        saved = now
                if on_progress is not None:
                    wait = max(PREVIEW_SECONDS, self.previews.seconds / PREVIEW_SHARE)
                    due = now - previewed > wait or done == self.n_steps
                    left = (now - began) / (done - step_offset) * (self.n_steps - done)
                    on_progress(self._progress(done, left, epoch_ends, due))
                    previewed = now if due else previewed
                reported = resumed = time.perf_counter()

    def _follow_schedules(self, steps_done: int) -> None:
        training = self.experiment.training
        self.model.set_epoch(steps_done / self.steps_per_epoch, training.epochs)
        if training.schedule == "one_cycle":
            share = one_cycle_share(steps_done, self.n_steps)
            self.step.set_learning_rate(share * training.learning_rate)

    def restore(self, path: Path) -> None:
        """Go on from the checkpoint at `path`, if one of this experiment is there."""
        kept = checkpoints.load_checkpoint(path, self.experiment.id)
        if kept is None or not self._fits(kept.tensors):
            return
        weights = {
            k.removeprefix("model."): v for k, v in kept.tensors.items() if k.startswith("model.")
        }
        for name, tensor in _whole_state(self.model).items():
            tensor.data.copy_(weights[name])
        checkpoints.restore_optimizer(self.step.optimizer, kept.tensors)
        self.generator.set_state(kept.tensors["generator"])
        self.history, self.seconds, self.epochs_done = kept.history, kept.seconds, kept.epoch

    def _fits(self, tensors: dict[str, Tensor]) -> bool:
        """Whether a checkpoint is of pictures of this shape and from this kind of device."""
        expected = {f"model.{k}": v.shape for k, v in _whole_state(self.model).items()}
        expected["generator"] = self.generator.get_state().shape
        found = {k: v.shape for k, v in tensors.items() if not k.startswith("adam.")}
        return found == expected

    def _save(self, path: Path) -> None:
        weights = {f"model.{k}": v for k, v in _whole_state(self.model).items()}
        moments = checkpoints.optimizer_tensors(self.step.optimizer)
        tensors = {**weights, **moments, "generator": self.generator.get_state()}
        kept = checkpoints.Checkpoint(
            self.experiment.id, self.epochs_done, self.seconds, self.history, tensors
        )
        checkpoints.save_checkpoint(kept, path)

    def _batches(self, epoch: int) -> Iterator[Tensor]:
        device = self.compute.device
        # A prime stride keeps the orders of nearby seeds and epochs apart.
        order_seed = torch.Generator(device).manual_seed(
            self.experiment.training.seed * 1_000_003 + epoch
        )
        order = torch.randperm(self.n_images, generator=order_seed, device=device)
        return iter(order.split(self.batch_size)[: self.steps_per_epoch])

    def _collect_rows(self) -> None:
        rows = self.step.take_rows()
        for row in rows:
            for name, value in zip(self.history.names, row, strict=True):
                if not math.isfinite(value):
                    _refuse_divergence(name, value, self.experiment)
        self.history.train_rows += rows

    def _end_epoch(self, epoch: int) -> None:
        binarise = self.experiment.training.binarise
        terms = evaluate(self.model, self.test_images, self.test_labels, binarise=binarise)
        for name, value in terms.items():
            if not math.isfinite(value):
                _refuse_divergence(f"test {name}", value, self.experiment)
        self.history.test_rows.append(list(terms.values()))
        self.history.add_measures(self.model.measure(self.test_images))
        self.epochs_done = epoch + 1
        self.snapshots.offer(self.epochs_done, self.model)
        self.history.epochs.append(self.epochs_done)

    def _progress(self, done: int, left: float, epoch_ends: bool, preview_due: bool) -> Progress:
        names, history = self.history.names, self.history
        recent = history.train_rows[-1] if history.train_rows else [math.nan] * len(names)
        test = history.last_test() if epoch_ends else {}
        return Progress(
            step=done,
            n_steps=self.n_steps,
            epoch=self.epochs_done,
            n_epochs=self.experiment.training.epochs,
            terms=dict(zip(names, recent, strict=True)),
            test_terms=test,
            images_per_second=done * self.batch_size / self.seconds,
            seconds_left=left,
            preview=self.previews.make(self.model) if preview_due else None,
            units=dict(zip(names, history.units, strict=True)) | history.measure_units,
        )


RISING_SHARE = 0.1  # of the steps of a one-cycle schedule
FIRST_SHARE = 0.04  # of the learning rate, at the first step


def one_cycle_share(steps_done: int, n_steps: int) -> float:
    """Share of the learning rate for the next step: a linear rise, then half a cosine to nothing.

    References
    ----------
    Smith & Topin 2019, Super-Convergence; the shape of its two parts is ours.
    """
    rising = max(1, round(RISING_SHARE * n_steps))
    if steps_done < rising:
        return FIRST_SHARE + (1 - FIRST_SHARE) * steps_done / rising
    return 0.5 * (1 + math.cos(math.pi * (steps_done - rising) / max(1, n_steps - rising)))


def _whole_state(model: Trainable) -> dict[str, Tensor]:
    """Weights and all buffers, those too that a stored run does without."""
    return dict(model.named_parameters()) | dict(model.named_buffers())


def _needed(vqvae: VQVAE | None, experiment: Experiment) -> VQVAE:
    if vqvae is None:
        assert experiment.model.family == "pixelcnn"
        raise InvalidExperiment(
            "The VQ-VAE of a prior",
            "given with it",
            f"only the name of its run, {experiment.model.vq_run}",
            "Train that run first, then pass vq_run=library.load(its id) to train.",
        )
    return vqvae


def _fit_closed_form(
    experiment: Experiment, data: ImageSet, on_progress: OnProgress | None
) -> Fitted:
    began = time.perf_counter()
    generator = torch.Generator().manual_seed(experiment.training.seed)
    model = build_model(experiment.model, data.image_shape, generator)
    assert isinstance(model, PlainAutoencoder)
    fit_pca(model, data.train.images, experiment.training.seed)
    seconds = time.perf_counter() - began
    test_terms, train_terms = (evaluate(model, s.images) for s in (data.test, data.train))
    names = tuple(test_terms)
    one = data.test.images[:1].float()
    units = model.losses(Batch.of(one), None).units
    history = History(
        names, units, [1], [list(train_terms.values())], [1], [list(test_terms.values())]
    )
    if on_progress is not None:
        rate = len(data.train) / seconds
        preview = PreviewMaker(data).make(model)
        of = dict(zip(names, units, strict=True))
        on_progress(Progress(1, 1, 1, 1, train_terms, test_terms, rate, 0.0, preview, of))
    return Fitted(freeze(model), history, test_terms, seconds, len(data.train))


def _refuse_divergence(name: str, value: float, experiment: Experiment) -> None:
    rate = experiment.training.learning_rate
    raise TrainingDiverged(
        f"The training term {name}",
        "a finite number",
        f"{value} at learning rate {rate:g}",
        f"Lower the learning rate to {rate / 10:g} and train again.",
    )
