"""The image set `strokes`: the same every time, labelled, and caused by the factors it names."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge

from vizmodels.data import strokes as strokes_module
from vizmodels.data.image_set import ImageSet
from vizmodels.data.stroke_glyphs import ALLOGRAPHS
from vizmodels.data.strokes import strokes

N_TRAIN, N_TEST = 4000, 1000
SLOWEST = 15.0  # s for 24,000 pictures; about 2.5 s on two free cores


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LATENTARIUM_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageSet]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTARIUM_HOME", str(tmp_path_factory.mktemp("home")))
        yield strokes(seed=3, n_train=N_TRAIN, n_test=N_TEST)


def ink(image_set: ImageSet) -> NDArray[np.float64]:
    return image_set.train.images[:, 0].numpy() / 255.0


def factor(image_set: ImageSet, name: str) -> NDArray[np.float32]:
    assert image_set.train.factors is not None
    return image_set.train.factors[:, image_set.factor_names.index(name)].numpy()


def labels(image_set: ImageSet) -> NDArray[np.int64]:
    assert image_set.train.labels is not None
    return image_set.train.labels.numpy()


def correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def same(a: ImageSet, b: ImageSet) -> bool:
    return all(
        torch.equal(getattr(getattr(a, split), key), getattr(getattr(b, split), key))
        for split in ("train", "test")
        for key in ("images", "labels", "factors")
    )


def only_file(folder: Path) -> Path:
    (path,) = (folder / "cache").iterdir()
    return path


def moments(pictures: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Centre of the ink (px from the sheet's centre) and its second moments, per picture."""
    at = np.arange(28) - 13.5
    share = pictures / pictures.sum(axis=(1, 2), keepdims=True)
    x, y = (share * at).sum(axis=(1, 2)), (share * at[:, None]).sum(axis=(1, 2))
    dx, dy = at - x[:, None, None], at[:, None] - y[:, None, None]
    xy, yy = (share * dx * dy).sum(axis=(1, 2)), (share * dy**2).sum(axis=(1, 2))
    return {"x": x, "y": y, "xy": xy, "yy": yy}


# What it is


def test_images_labels_and_factors_have_the_promised_shapes_and_types(drawn: ImageSet) -> None:
    assert drawn.name == "strokes"
    assert drawn.image_shape == (1, 28, 28)
    assert drawn.class_names == tuple("0123456789")
    assert drawn.factor_names == ("slant", "thickness", "scale", "x", "y", "style")
    for split, n in ((drawn.train, N_TRAIN), (drawn.test, N_TEST)):
        assert split.images.shape == (n, 1, 28, 28) and split.images.dtype == torch.uint8
        assert split.labels is not None and split.labels.dtype == torch.int64
        assert split.factors is not None and split.factors.shape == (n, 6)
        assert split.factors.dtype == torch.float32


def test_classes_are_balanced_in_both_splits(drawn: ImageSet) -> None:
    for split, n in ((drawn.train, N_TRAIN), (drawn.test, N_TEST)):
        assert split.labels is not None
        assert torch.bincount(split.labels).tolist() == [n // 10] * 10


def test_a_number_of_images_that_ten_does_not_divide_is_balanced_to_within_one() -> None:
    train = strokes(n_train=37, n_test=10).train
    assert train.labels is not None
    assert set(torch.bincount(train.labels).tolist()) == {3, 4}


def test_every_way_of_writing_has_two_poses_with_the_same_points() -> None:
    for allograph in ALLOGRAPHS:
        angular, ample = allograph.poses()
        assert [len(stroke) for stroke in angular] == [len(stroke) for stroke in ample], allograph


# Randomness


def test_one_seed_gives_the_same_bytes_twice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = strokes(seed=5, n_train=200, n_test=50)
    monkeypatch.setenv("LATENTARIUM_HOME", str(home / "elsewhere"))
    assert same(first, strokes(seed=5, n_train=200, n_test=50))


def test_another_seed_gives_other_images_and_other_factors() -> None:
    a, b = (strokes(seed=seed, n_train=100, n_test=10).train for seed in (0, 1))
    assert not (a.images.flatten(1)[:, None] == b.images.flatten(1)).all(dim=2).any()
    assert a.factors is not None and b.factors is not None
    assert not torch.equal(a.factors, b.factors)


def test_the_test_images_do_not_depend_on_the_number_of_training_images() -> None:
    a, b = (strokes(n_train=n, n_test=30).test for n in (10, 60))
    assert torch.equal(a.images, b.images)


def test_drawing_leaves_the_global_generators_alone() -> None:
    torch_before, numpy_before = torch.get_rng_state(), repr(np.random.get_state())  # noqa: NPY002
    strokes(n_train=50, n_test=10)
    assert torch.equal(torch_before, torch.get_rng_state())
    assert numpy_before == repr(np.random.get_state())  # noqa: NPY002


def test_no_image_occurs_twice_within_or_between_the_splits(drawn: ImageSet) -> None:
    everything = torch.cat([drawn.train.images, drawn.test.images]).numpy()
    assert len({image.tobytes() for image in everything}) == N_TRAIN + N_TEST


# What the pictures show


def test_ink_is_light_on_black_and_covers_as_much_as_in_mnist(drawn: ImageSet) -> None:
    pictures = ink(drawn)
    assert pictures.mean() == pytest.approx(0.1307, abs=0.01)  # MNIST's training images
    assert (pictures > 0).mean() == pytest.approx(0.191, abs=0.015)


def test_hardly_any_digit_leaves_the_sheet(drawn: ImageSet) -> None:
    pictures = ink(drawn)
    border = np.concatenate(
        [pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1]], axis=1
    )
    assert (border.max(axis=1) > 0.5).mean() < 0.03


def test_a_linear_classifier_reads_most_digits_but_not_all(drawn: ImageSet) -> None:
    classifier = LogisticRegression(C=0.02, max_iter=300)
    classifier.fit(drawn.train.images.flatten(1).numpy() / 255.0, labels(drawn))
    assert drawn.test.labels is not None
    pixels = drawn.test.images.flatten(1).numpy() / 255.0
    accuracy = classifier.score(pixels, drawn.test.labels.numpy())
    assert 0.86 < accuracy < 0.98


# The factors, measured in the pixels


@pytest.mark.parametrize("digit", range(10))
def test_slant_is_the_shear_of_the_ink_within_each_class(drawn: ImageSet, digit: int) -> None:
    of_class = labels(drawn) == digit
    measured = moments(ink(drawn)[of_class])
    shear = -measured["xy"] / measured["yy"]  # y is down
    assert correlation(factor(drawn, "slant")[of_class], shear) > 0.7


def test_thickness_is_twice_the_area_of_the_ink_over_its_outline(drawn: ImageSet) -> None:
    pictures = ink(drawn)
    across, down = np.diff(pictures, axis=2)[:, :-1], np.diff(pictures, axis=1)[:, :, :-1]
    outline = np.hypot(across, down).sum(axis=(1, 2))
    width = 2 * pictures.sum(axis=(1, 2)) / outline
    thickness = factor(drawn, "thickness")
    assert correlation(thickness, width) > 0.85
    assert width.mean() == pytest.approx(thickness.mean(), rel=0.15)


def test_scale_is_the_longest_side_of_the_ink_less_its_thickness(drawn: ImageSet) -> None:
    inked = ink(drawn) > 0.5
    height, width = inked.any(axis=2).sum(axis=1), inked.any(axis=1).sum(axis=1)
    size = np.maximum(height, width) - factor(drawn, "thickness")
    assert correlation(factor(drawn, "scale"), size) > 0.8


@pytest.mark.parametrize("axis", ["x", "y"])
def test_position_is_the_centre_of_the_ink_in_pixels(drawn: ImageSet, axis: str) -> None:
    measured = moments(ink(drawn))[axis]
    position = factor(drawn, axis)
    assert correlation(position, measured) > 0.85
    assert np.abs(measured - position).mean() < 0.3


@pytest.mark.parametrize("digit", [0, 2, 3, 8, 9])  # a stem has hardly any style to show
def test_style_can_be_seen_in_the_pixels_of_a_class(drawn: ImageSet, digit: int) -> None:
    of_class = labels(drawn) == digit
    pixels = drawn.train.images.flatten(1).numpy()[of_class] / 255.0
    style = factor(drawn, "style")[of_class]
    half = len(style) // 2
    guess = Ridge(alpha=30.0).fit(pixels[:half], style[:half]).predict(pixels[half:])
    assert correlation(style[half:], guess) > 0.3


@pytest.mark.parametrize("name", ["slant", "thickness", "scale", "x", "y", "style"])
def test_a_factor_says_nothing_about_the_class(drawn: ImageSet, name: str) -> None:
    values = factor(drawn, name)
    means = np.asarray([values[labels(drawn) == digit].mean() for digit in range(10)])
    standard_error = values.std() / (N_TRAIN / 10) ** 0.5
    assert np.abs(means - values.mean()).max() < 4 * standard_error


def test_the_factors_are_independent_of_each_other(drawn: ImageSet) -> None:
    assert drawn.train.factors is not None
    between = np.corrcoef(drawn.train.factors.numpy().T) - np.eye(6)
    assert np.abs(between).max() < 4 / N_TRAIN**0.5


# The cache


def test_the_second_call_reads_what_the_first_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = strokes(n_train=60, n_test=20)
    assert only_file(home).suffix == ".safetensors"
    monkeypatch.delattr(strokes_module, "_draw_split")
    assert same(first, strokes(n_train=60, n_test=20))


@pytest.mark.parametrize("damage", ["cut", "changed byte", "empty", "other tensors"])
def test_a_damaged_cache_file_is_drawn_again_and_replaced(home: Path, damage: str) -> None:
    first = strokes(n_train=60, n_test=20)
    path = only_file(home)
    good = path.read_bytes()
    middle = len(good) // 2
    damaged = {
        "cut": good[:middle],
        "changed byte": good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :],
        "empty": b"",
        "other tensors": safetensors.torch.save({"train.images": torch.zeros(3)}),
    }
    path.write_bytes(damaged[damage])
    assert same(first, strokes(n_train=60, n_test=20))
    assert only_file(home).read_bytes() == good


def test_a_cache_folder_that_cannot_be_made_is_not_fatal(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = home / "a file, not a folder"
    blocked.write_text("")
    monkeypatch.setenv("LATENTARIUM_HOME", str(blocked))
    assert len(strokes(n_train=20, n_test=10).train) == 20


def test_the_default_set_is_drawn_in_seconds() -> None:
    start = time.perf_counter()
    image_set = strokes()
    assert time.perf_counter() - start < SLOWEST
    assert (len(image_set.train), len(image_set.test)) == (20_000, 4_000)


def test_the_edition_names_all_that_the_pictures_are_drawn_from() -> None:
    small, other = strokes(0, 30, 20), strokes(1, 30, 20)
    assert small.edition == "v1.0.30.20"
    assert other.edition == "v1.1.30.20"
    assert set(small.edition) <= set("v.0123456789"), "part of file names and addresses"
