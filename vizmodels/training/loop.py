"""The training loop: from an experiment and its images to a fitted model, on any device."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor

from vizmodels.data.image_set import ImageSet
from vizmodels.errors import InvalidExperiment, TrainingDiverged
from vizmodels.experiment import Experiment
from vizmodels.models import build_model
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.trainable import Trainable
from vizmodels.training.checkpoint import (
    Checkpoint,
    CheckpointFiles,
    load_newest,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
)
from vizmodels.training.clock import Clock
from vizmodels.training.closed_form import fit_closed_form
from vizmodels.training.control import AskOrder, Governor, run_freely
from vizmodels.training.device import Compute
from vizmodels.training.evaluation import evaluate, evaluate_draws
from vizmodels.training.fitted import Fitted, freeze
from vizmodels.training.knobs import Knobs
from vizmodels.training.preview import PreviewMaker
from vizmodels.training.progress import History, Progress
from vizmodels.training.schedule import one_cycle_share
from vizmodels.training.snapshots import SNAPSHOT_PREFIX, SnapshotKeeper
from vizmodels.training.step import TrainingStep

MAX_HISTORY_ROWS = 600  # of training terms; more than a chart can show

OnProgress = Callable[[Progress], None]


def fit(
    experiment: Experiment,
    data: ImageSet,
    compute: Compute,
    on_progress: OnProgress | None = None,
    checkpoints: CheckpointFiles | Path | None = None,
    vqvae: VQVAE | None = None,
    ask: AskOrder = run_freely,
) -> Fitted:
    """Train the experiment's model on the data.

    Parameters
    ----------
    experiment : what to train; everything random comes from its seed
    data : the image set the experiment names
    compute : device and precision
    on_progress : called a few times a second, and at the end; an exception it raises stops the run
    checkpoints : file to go on from if it is there, and to write now and then; or two of them
    vqvae : trained, whose codes a prior is to learn
    ask : answers what is asked of the training now: to wait, to go slower, to turn a knob

    Raises
    ------
    InvalidExperiment : the model does not fit the pictures, or a prior has no VQ-VAE
    TrainingDiverged : a loss term became infinite or not a number
    TrainingStopped, TrainingSetAside : it was asked to end
    """
    _check_pictures(data)
    if experiment.training.solver == "closed_form":
        return fit_closed_form(experiment, data, on_progress)
    loop = _Loop(experiment, data, compute, vqvae)
    if isinstance(checkpoints, Path):
        checkpoints = CheckpointFiles(checkpoints, checkpoints)
    if checkpoints is not None:
        loop.restore(checkpoints)
    loop.run(on_progress, checkpoints, ask)
    return Fitted(
        freeze(loop.model),
        loop.history,
        loop.history.last_test(),
        loop.seconds,
        loop.n_steps * loop.batch_size,
        loop.snapshots.snapshots(),
    )


class _Loop:
    """The state of one run. First weights, batch orders and noise come from streams of their own.
    Batch order comes from seed and epoch alone, so a resumed run meets the same batches; noise
    comes from a generator whose state the checkpoint keeps."""

    def __init__(
        self, experiment: Experiment, data: ImageSet, compute: Compute, vqvae: VQVAE | None
    ) -> None:
        self.experiment, self.compute = experiment, compute
        training, device = experiment.training, compute.device
        weights = torch.Generator().manual_seed(training.stream_seed("weights"))
        n_classes = len(data.class_names)
        model = build_model(experiment.model, data.image_shape, weights, n_classes)
        if isinstance(model, VQPrior):
            model.adopt(_needed(vqvae, experiment))
        self.model = model.to(device)
        self.generator = self._stream("noise")
        self.test_images, self.test_labels = data.test.images.to(device), data.test.labels
        images, labels = data.train.images.to(device), data.train.labels
        self.model.start(images, self._stream("codes"))
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
        self.n_images = len(images)
        self.steps_per_epoch = training.steps_per_epoch(self.n_images)
        self.n_steps = training.n_steps(self.n_images)
        _check_moves(experiment, self.n_steps)
        self.history_every = math.ceil(self.n_steps / MAX_HISTORY_ROWS)
        self.steps_done = 0
        self.seconds = 0.0
        self.notice = ""
        self.n_stepped = 0  # single steps that were taken before this attempt
        self.knobs = Knobs(experiment, self.model, self.step, self.history.moves)
        self.snapshots = SnapshotKeeper(self.model, training.epochs)
        self.snapshots.offer(0, self.model)

    def run(
        self, on_progress: OnProgress | None, checkpoints: CheckpointFiles | None, ask: AskOrder
    ) -> None:
        """Take the remaining steps; what the parameters are says `fit`."""

        def tell(*, is_waiting: bool = False) -> None:
            if on_progress is not None:
                on_progress(self._progress(clock, is_waiting))

        def set_aside() -> bool:
            self._collect_rows()
            return checkpoints is not None and self._save(checkpoints, governor.n_stepped)

        governor = Governor(
            ask,
            obey=lambda order: self.knobs.turn(order.turns, self.steps_done),
            set_aside=set_aside,
            say_waiting=lambda: tell(is_waiting=True),
            n_stepped=self.n_stepped,
        )
        clock = Clock(governor, self.steps_done)
        for indices, epoch_ends in self._remaining_batches():
            governor.admit_step()
            clock.resume()
            self._follow_schedules()
            self.step(indices)
            self.steps_done += 1
            if self.steps_done % self.history_every == 0 or epoch_ends:
                self.step.close_row()
                self.history.steps.append(self.steps_done)
            if not (epoch_ends or clock.report_is_due()):
                continue
            self._collect_rows()
            self.seconds += clock.pause()
            if epoch_ends:
                self._end_epoch()
            if checkpoints is not None and clock.checkpoint_is_due():
                self._save(checkpoints, governor.n_stepped)
            tell()
            clock.reported()

    def _follow_schedules(self) -> None:
        training, done = self.experiment.training, self.steps_done
        self.knobs.follow_plan(done)
        self.model.set_epoch(done / self.steps_per_epoch, training.epochs)
        if training.schedule == "one_cycle":
            share = one_cycle_share(done, self.n_steps)
            self.step.set_learning_rate(share * self.knobs.values["learning_rate"])

    def restore(self, files: CheckpointFiles) -> None:
        """Go on from the checkpoint of this experiment, if one is there."""
        kept = load_newest(files, self.experiment.id)
        if kept is None or not self._fits(kept.tensors):
            return
        weights = {
            k.removeprefix("model."): v for k, v in kept.tensors.items() if k.startswith("model.")
        }
        for name, tensor in _whole_state(self.model).items():
            tensor.data.copy_(weights[name])
        restore_optimizer(self.step.optimizer, kept.tensors)
        self.generator.set_state(kept.tensors["generator"])
        self.step.restore_row(kept.tensors["row.sums"], kept.tensors["row.n_summed"])
        self.history, self.seconds, self.steps_done = kept.history, kept.seconds, kept.step
        self.knobs.restore(self.history.moves, kept.last_turn, kept.step)
        self.snapshots.restore(kept.tensors)
        self.n_stepped = kept.n_stepped

    def _fits(self, tensors: dict[str, Tensor]) -> bool:
        """Whether a checkpoint is of pictures of this shape and from this kind of device."""

        def fixed(state: dict[str, Tensor]) -> dict[str, torch.Size]:
            grown = ("adam.", SNAPSHOT_PREFIX)
            return {k: v.shape for k, v in state.items() if not k.startswith(grown)}

        return fixed(tensors) == fixed(self._state())

    def _state(self) -> dict[str, Tensor]:
        """Everything of a checkpoint but its record."""
        sums, n_summed = self.step.unfinished_row()
        return {
            **{f"model.{k}": v for k, v in _whole_state(self.model).items()},
            **optimizer_tensors(self.step.optimizer),
            "generator": self.generator.get_state(),
            "row.sums": sums,
            "row.n_summed": n_summed,
            **self.snapshots.tensors(),
        }

    def _save(self, files: CheckpointFiles, n_stepped: int) -> bool:
        """Write a checkpoint; on a full disk the training goes on without, and says so."""
        kept = Checkpoint(
            self.experiment.id,
            self.steps_done,
            self.seconds,
            self.history,
            self._state(),
            self.knobs.last_turn,
            n_stepped,
        )
        try:
            save_checkpoint(kept, files.steered if self.knobs.last_turn else files.plain)
        except (OSError, SafetensorError) as error:
            trouble = getattr(error, "strerror", None) or str(error)
            self.notice = f"No checkpoint could be written ({trouble}): a lost worker costs it all."
            return False
        self.notice = ""
        return True

    def _stream(self, name: str, epoch: int = 0) -> torch.Generator:
        seed = self.experiment.training.stream_seed(name, epoch)
        return torch.Generator(self.compute.device).manual_seed(seed)

    def _remaining_batches(self) -> Iterator[tuple[Tensor, bool]]:
        """Indices of each step from here on, and whether an epoch ends with it.

        A pass shows every image. Its last batch is filled up with the first images of the same
        shuffle, so that every step has one shape.
        """
        n_filled_up = self.steps_per_epoch * self.batch_size - self.n_images
        first, at = divmod(self.steps_done, self.steps_per_epoch)
        for epoch in range(first, self.experiment.training.epochs):
            draw = self._stream("order", epoch)
            order = torch.randperm(self.n_images, generator=draw, device=self.compute.device)
            batches = torch.cat([order, order[:n_filled_up]]).split(self.batch_size)
            for number in range(at, self.steps_per_epoch):
                yield batches[number], number + 1 == self.steps_per_epoch
            at = 0

    def _collect_rows(self) -> None:
        rows = self.step.take_rows()
        for row in rows:
            for name, value in zip(self.history.names, row, strict=True):
                if not math.isfinite(value):
                    self._refuse_divergence(name, value)
        self.history.train_rows += rows

    def _end_epoch(self) -> None:
        binarise = self.experiment.training.binarise
        terms = evaluate(self.model, self.test_images, self.test_labels, binarise=binarise)
        measures = (
            *self.model.measure(self.test_images),
            *evaluate_draws(self.model, self.test_images, binarise=binarise),
        )
        told = terms | {measure.name: measure.value for measure in measures}
        for name, value in told.items():
            if not math.isfinite(value):
                self._refuse_divergence(f"test {name}", value)
        self.history.test_rows.append(list(terms.values()))
        self.history.add_measures(measures)
        epochs_done = self.steps_done // self.steps_per_epoch
        self.history.epochs.append(epochs_done)
        self.snapshots.offer(epochs_done, self.model)

    def _progress(self, clock: Clock, is_waiting: bool) -> Progress:
        names, history, done = self.history.names, self.history, self.steps_done
        epoch_ends = done > 0 and done % self.steps_per_epoch == 0 and not is_waiting
        if clock.governor.is_slow and done:
            recent = self.step.latest_terms()
        else:
            recent = history.train_rows[-1] if history.train_rows else [math.nan] * len(names)
        is_due = is_waiting or clock.preview_is_due(self.previews.seconds) or done == self.n_steps
        return Progress(
            step=done,
            n_steps=self.n_steps,
            epoch=done // self.steps_per_epoch,
            n_epochs=self.experiment.training.epochs,
            terms=dict(zip(names, recent, strict=True)),
            test_terms=history.last_test() if epoch_ends else {},
            images_per_second=done * self.batch_size / max(self.seconds, 1e-9),
            seconds_left=clock.seconds_left(done, self.n_steps),
            preview=self.previews.make(self.model) if is_due else None,
            units=dict(zip(names, history.units, strict=True)) | history.measure_units,
            is_waiting=is_waiting,
            notice=self.notice,
            moves=tuple((move.step, move.knob, move.value) for move in history.moves),
        )

    def _refuse_divergence(self, name: str, value: float) -> None:
        rate = self.knobs.values["learning_rate"]
        raise TrainingDiverged(
            f"The training term {name}",
            "a finite number",
            f"{value} at learning rate {rate:g}",
            f"Lower the learning rate to {rate / 10:g} and train again.",
        )


def _check_pictures(data: ImageSet) -> None:
    channels = data.image_shape[0]
    if channels not in (1, 3):
        rule, remedy = "grey or in three colours", "Convert them first."
        raise InvalidExperiment("The pictures", rule, f"{channels} channels", remedy)


def _check_moves(experiment: Experiment, n_steps: int) -> None:
    """A move that is never made would leave a run of another id than was asked for."""
    late = [move.step for move in experiment.training.moves if move.step >= n_steps]
    if late:
        rule = f"made before the last of {n_steps:,} steps"
        remedy = "Move it earlier, or train longer."
        raise InvalidExperiment("training.moves", rule, f"a move after step {late[0]:,}", remedy)


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
