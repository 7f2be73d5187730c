"""The optional file of a run: its weights after some epochs."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from vizmodels.errors import DamagedRun
from vizmodels.jobs.parcel import pack_run, unpack_run
from vizmodels.runs.library import EPOCHS_FILE, FILES, RunLibrary
from vizmodels.runs.run import Run
from vizmodels.training.snapshots import Snapshots


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "runs")


@pytest.fixture
def watched(run: Run) -> Run:
    """The run with its weights halved, before training, and after epoch 1."""
    weights = run.model.state_dict()
    by_epoch = {
        epoch: {name: (weight * share).half() for name, weight in weights.items()}
        for epoch, share in ((0, 0.25), (1, 0.5))
    }
    return dataclasses.replace(run, snapshots=Snapshots(by_epoch))


def assert_same(one: Run, other: Run) -> None:
    assert one.snapshots is not None and other.snapshots is not None
    assert one.snapshots.epochs == other.snapshots.epochs == (0, 1)
    for epoch, weights in one.snapshots.weights.items():
        again = other.snapshots.weights[epoch]
        assert weights.keys() == again.keys()
        assert all(torch.equal(weight, again[name]) for name, weight in weights.items())


def test_epochs_are_saved_and_loaded_as_they_were(library: RunLibrary, watched: Run) -> None:
    folder = library.save(watched)
    assert {path.name for path in folder.iterdir()} == {*FILES, EPOCHS_FILE}
    assert_same(library.load(watched.id), watched)


def test_a_run_without_the_file_is_whole(library: RunLibrary, watched: Run) -> None:
    (library.save(watched) / EPOCHS_FILE).unlink()
    assert library.load(watched.id).snapshots is None


def test_epochs_travel_in_the_parcel(watched: Run, run: Run) -> None:
    assert_same(unpack_run(pack_run(watched), watched.id), watched)
    assert unpack_run(pack_run(run), run.id).snapshots is None
    with pytest.raises(DamagedRun, match=r"The parcel of run"):
        unpack_run({**pack_run(watched), "more.bin": b""}, watched.id)


def _changed(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], object]:
    def damage(path: Path) -> None:
        tensors = load_file(path)
        change(tensors)
        save_file(tensors, path)

    return damage


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), r".+"),
        (lambda path: path.write_bytes(b""), r".+"),
        (_changed(lambda t: t.pop(sorted(t)[-1])), r"weights of epoch 1 that are not"),
        (_changed(lambda t: t.update({"1/more": torch.zeros(2)})), r"weights of epoch 1 that"),
        (_changed(lambda t: t.update({"x/y": torch.zeros(2)})), r"invalid literal"),
        (_changed(lambda t: t[sorted(t)[-1]].fill_(torch.nan)), r"epoch 1 is not a finite number"),
        (_changed(lambda t: t.clear()), r"a file of epochs without any"),
    ],
    ids=["cut", "empty", "missing", "too many", "no epoch", "NaN", "none"],
)
def test_a_damaged_file_of_epochs_is_a_damaged_run(
    library: RunLibrary, watched: Run, damage: Callable[[Path], object], found: str
) -> None:
    damage(library.save(watched) / EPOCHS_FILE)
    with pytest.raises(DamagedRun, match=found):
        library.load(watched.id)
