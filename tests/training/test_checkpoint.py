import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from small_training import CPU, FAMILIES, on_digits, same_state, with_noise

from vizmodels.data.image_set import ImageSet
from vizmodels.errors import TrainingSetAside, TrainingStopped, UnreadableCheckpoint
from vizmodels.experiment import Experiment
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.specs import AnySpec
from vizmodels.training import checkpoint, clock, loop
from vizmodels.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from vizmodels.training.control import FREE, Order
from vizmodels.training.fitted import Fitted
from vizmodels.training.loop import fit
from vizmodels.training.progress import Progress

EPOCHS = 4


@pytest.fixture(autouse=True)
def _every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(loop, "MAX_HISTORY_ROWS", 6)  # rows that do not end with each epoch


def interrupted_after(n_epochs: int) -> Callable[[Progress], None]:
    def stop(progress: Progress) -> None:
        if progress.epoch == n_epochs:
            raise TrainingStopped("The training", "wanted", "a click on Stop", "Train again.")

    return stop


def interrupt(
    experiment: Experiment,
    data: ImageSet,
    path: Path,
    n_epochs: int = 2,
    vqvae: VQVAE | None = None,
) -> None:
    with pytest.raises(TrainingStopped):
        fit(experiment, data, CPU, interrupted_after(n_epochs), path, vqvae)
    assert path.is_file()


def assert_same(a: Fitted, b: Fitted) -> None:
    assert same_state(a.model, b.model), "weights, or buffers such as a codebook's averages"
    assert a.history == b.history
    assert a.test_terms == b.test_terms
    assert (a.snapshots is None) == (b.snapshots is None)
    if a.snapshots is not None and b.snapshots is not None:
        assert a.snapshots.epochs == b.snapshots.epochs
        for epoch in a.snapshots.epochs:
            one, other = a.snapshots.weights[epoch], b.snapshots.weights[epoch]
            assert one.keys() == other.keys()
            assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("spec", FAMILIES.values(), ids=FAMILIES)
def test_an_interrupted_training_goes_on_as_if_it_had_not_been(
    data: ImageSet, vqvae: VQVAE, tmp_path: Path, spec: AnySpec
) -> None:
    experiment = on_digits(spec, epochs=3, **with_noise(spec))
    path = tmp_path / "checkpoint.safetensors"
    interrupt(experiment, data, path, 2, vqvae)
    reports: list[Progress] = []
    resumed = fit(experiment, data, CPU, reports.append, path, vqvae)
    assert reports[0].step > 2 * 4, "it started again"
    assert_same(resumed, fit(experiment, data, CPU, vqvae=vqvae))


@pytest.mark.parametrize("n_epochs", [1, 3])
@pytest.mark.parametrize("name", ["vae-mlp", "vae-conv", "vae-with-every-option"])
def test_an_interrupted_training_goes_on_with_its_schedules(
    data: ImageSet, tmp_path: Path, name: str, n_epochs: int
) -> None:
    settings = {"epochs": EPOCHS, "schedule": "one_cycle", "binarise": True}
    experiment = on_digits(FAMILIES[name], **settings)
    path = tmp_path / "checkpoint.safetensors"
    interrupt(experiment, data, path, n_epochs)
    assert_same(fit(experiment, data, CPU, None, path), fit(experiment, data, CPU))


def test_a_checkpoint_of_the_last_epoch_only_has_to_be_read(data: ImageSet, tmp_path: Path) -> None:
    experiment, path = on_digits(epochs=EPOCHS), tmp_path / "checkpoint.safetensors"
    interrupt(experiment, data, path, EPOCHS)
    assert_same(fit(experiment, data, CPU, None, path), fit(experiment, data, CPU))


@pytest.mark.parametrize("at_step", [1, 4, 6, 13])
def test_a_training_set_aside_at_any_step_goes_on_as_if_it_had_not_been(
    data: ImageSet, tmp_path: Path, one_thread: None, at_step: int
) -> None:
    experiment = on_digits(epochs=8, batch_size=150, noise_weight=0.2)
    path = tmp_path / "checkpoint.safetensors"
    n_asked = 0

    def ask() -> Order:
        nonlocal n_asked
        n_asked += 1
        return Order("yield") if n_asked > at_step else FREE

    with pytest.raises(TrainingSetAside):
        fit(experiment, data, CPU, None, path, ask=ask)
    resumed, whole = fit(experiment, data, CPU, None, path), fit(experiment, data, CPU)
    assert_same(resumed, whole)
    assert whole.snapshots is not None and whole.snapshots.epochs == tuple(range(8))


def test_a_checkpoint_of_a_loop_that_went_otherwise_is_not_used(
    data: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, path = on_digits(epochs=EPOCHS), tmp_path / "checkpoint.safetensors"
    interrupt(experiment, data, path)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_FORMAT", checkpoint.CHECKPOINT_FORMAT + 1)
    assert load_checkpoint(path, experiment.id) is None
    assert_same(fit(experiment, data, CPU, None, path), fit(experiment, data, CPU))


def test_a_checkpoint_of_another_experiment_is_not_used(data: ImageSet, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    interrupt(on_digits(epochs=EPOCHS, seed=1), data, path)
    experiment = on_digits(epochs=EPOCHS, seed=2)
    assert_same(fit(experiment, data, CPU, None, path), fit(experiment, data, CPU))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def cut_to_nothing(path: Path) -> None:
    path.write_bytes(b"")


def other_text(path: Path) -> None:
    path.write_text("not a checkpoint")


def without_record(path: Path) -> None:
    save_file({"model.encoder.1.weight": torch.zeros(2)}, path)


def with_bad_record(path: Path) -> None:
    save_file({"a": torch.zeros(2)}, path, metadata={"checkpoint": "[]"})


def with_bad_history(path: Path) -> None:
    save_file({"a": torch.zeros(2)}, path, metadata={"checkpoint": '{"history": []}'})


@pytest.mark.parametrize(
    "damage", [cut, cut_to_nothing, other_text, without_record, with_bad_record, with_bad_history]
)
def test_a_damaged_checkpoint_is_ignored(
    data: ImageSet, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    experiment, path = on_digits(epochs=EPOCHS), tmp_path / "checkpoint.safetensors"
    interrupt(experiment, data, path)
    damage(path)
    assert load_checkpoint(path, experiment.id) is None
    assert_same(fit(experiment, data, CPU, None, path), fit(experiment, data, CPU))


def test_a_checkpoint_that_cannot_be_read_now_is_not_written_over(
    data: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, path = on_digits(epochs=EPOCHS), tmp_path / "checkpoint.safetensors"
    interrupt(experiment, data, path)
    before, opened = path.read_bytes(), Path.open

    def without_handles(self: Path, *how: Any) -> Any:
        if self == path:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(self))
        return opened(self, *how)

    with monkeypatch.context() as short:
        short.setattr(Path, "open", without_handles)
        with pytest.raises(UnreadableCheckpoint, match="Train again: it goes on from there"):
            fit(experiment, data, CPU, None, path)
    assert path.read_bytes() == before
    assert_same(fit(experiment, data, CPU, None, path), fit(experiment, data, CPU))


@pytest.mark.parametrize("name", ["generator", "model.decoder.0.weight"])
def test_a_checkpoint_of_other_pictures_or_another_device_is_ignored(
    data: ImageSet, tmp_path: Path, name: str
) -> None:
    experiment, path = on_digits(epochs=EPOCHS), tmp_path / "checkpoint.safetensors"
    interrupt(experiment, data, path)
    kept = load_checkpoint(path, experiment.id)
    assert kept is not None
    tensors = {**kept.tensors, name: kept.tensors[name][:-1].clone()}
    save_checkpoint(Checkpoint(kept.experiment_id, 2, 1.0, kept.history, tensors), path)
    assert_same(fit(experiment, data, CPU, None, path), fit(experiment, data, CPU))


def test_a_checkpoint_that_cannot_be_finished_leaves_the_one_before(
    data: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, path = on_digits(epochs=EPOCHS), tmp_path / "checkpoint.safetensors"
    interrupt(experiment, data, path)
    before = path.read_bytes()
    kept = load_checkpoint(path, experiment.id)
    assert kept is not None

    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(kept, path)
    assert path.read_bytes() == before


def test_no_checkpoint_is_written_before_its_time(
    data: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "CHECKPOINT_SECONDS", 1000.0)
    path = tmp_path / "checkpoint.safetensors"
    fit(on_digits(), data, CPU, None, path)
    assert not path.exists()


def test_there_is_no_checkpoint_where_there_is_no_file(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "none", "0" * 12) is None
