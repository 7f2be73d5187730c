import io
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from PIL import Image

from vizmodels import data
from vizmodels.data import dataset_names, is_available, load_dataset
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.data.own_images import add_own_images, delete_own_images
from vizmodels.errors import DataUnavailable, UnknownDataset

BUILT_IN = ("strokes", "digits", "mnist", "fashion_mnist", "cifar10")


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "_kept", type(data._kept)())


def add(name: str, level: int) -> ImageSet:
    stream, png = io.BytesIO(), io.BytesIO()
    Image.new("L", (8, 8), level).save(png, "PNG")
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("1.png", png.getvalue())
        archive.writestr("2.png", png.getvalue())
    return add_own_images(stream, name)


def test_the_names_are_the_built_in_sets_and_then_ones_own():
    assert dataset_names() == BUILT_IN
    add("zebra", 0)
    add("apes", 0)
    assert dataset_names() == (*BUILT_IN, "apes", "zebra")


def test_an_unknown_name_is_answered_by_the_known_ones():
    add("apes", 0)
    with pytest.raises(UnknownDataset) as caught:
        load_dataset("mnits")
    assert str(caught.value) == (
        "The image set must be one of strokes, digits, mnist, fashion_mnist, cifar10, apes; "
        "got mnits. Choose one of these, or add your own images under that name."
    )
    assert not is_available("mnits")


@pytest.mark.parametrize("name", ["digits", "apes"])
def test_a_set_goes_by_the_name_it_was_asked_for(name: str):
    add("apes", 0)
    assert load_dataset(name).name == name


def test_real_mnist_is_loaded_by_name(real_data: Path):
    assert is_available("mnist")
    assert load_dataset("mnist", download=False).train.images.shape == (60_000, 1, 28, 28)


def test_what_is_not_on_this_machine_is_not_available(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LATENTARIUM_DATA", str(tmp_path))
    available = [name for name in dataset_names() if is_available(name)]
    assert available == ["strokes", "digits"]
    with pytest.raises(DataUnavailable, match="The files of cifar10 must be in"):
        load_dataset("cifar10", download=False)


def test_a_set_asked_for_again_is_the_same_object():
    assert load_dataset("digits") is load_dataset("digits")


def test_two_threads_asking_at_once_load_once(monkeypatch: pytest.MonkeyPatch):
    digits, loads, both_are_there = data.digits(), [], threading.Barrier(2)

    def slow_digits() -> ImageSet:
        loads.append(threading.get_ident())
        threading.Event().wait(0.05)
        return digits

    def ask() -> ImageSet:
        both_are_there.wait(10)
        return load_dataset("digits")

    monkeypatch.setattr(data, "digits", slow_digits)
    with ThreadPoolExecutor(2) as pool:
        first, second = (future.result(10) for future in [pool.submit(ask), pool.submit(ask)])
    assert first is second
    assert len(loads) == 1


def test_a_failed_load_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("LATENTARIUM_DATA", str(tmp_path))
    for _ in range(2):
        with pytest.raises(DataUnavailable, match="must be in"):
            load_dataset("mnist", download=False)


def test_another_data_folder_means_other_data(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    load_dataset("mnist")
    monkeypatch.setenv("LATENTARIUM_DATA", str(tmp_path))
    with pytest.raises(DataUnavailable, match="must be in"):
        load_dataset("mnist", download=False)


def test_a_set_added_again_under_its_name_is_the_new_one():
    add("apes", 10)
    assert load_dataset("apes").train.images.unique().tolist() == [10]
    delete_own_images("apes")
    with pytest.raises(UnknownDataset, match="got apes"):
        load_dataset("apes")
    add("apes", 20)
    assert load_dataset("apes").train.images.unique().tolist() == [20]


def test_memory_is_bounded_and_the_longest_unused_set_goes_first(monkeypatch: pytest.MonkeyPatch):
    images = ImageSplit(torch.zeros(1, 1, 8, 8, dtype=torch.uint8))
    n_bytes = 2 * 64
    monkeypatch.setattr(data, "KEPT_BYTES", 2 * n_bytes)
    monkeypatch.setattr(
        data, "_load", lambda name, *_: ImageSet(name, (1, 8, 8), (), (), images, images)
    )
    digits, strokes = load_dataset("digits"), load_dataset("strokes")
    assert load_dataset("digits") is digits
    load_dataset("mnist")
    assert load_dataset("digits") is digits
    assert load_dataset("strokes") is not strokes


def test_a_set_larger_than_the_bound_is_kept_until_the_next(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(data, "KEPT_BYTES", 1)
    assert load_dataset("digits") is load_dataset("digits")
