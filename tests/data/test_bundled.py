import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from vizmodels.data.bundled import digits


def all_of(first: Tensor, second: Tensor) -> Tensor:
    return torch.cat([first, second])


def test_digits_are_1500_train_and_297_test_images_of_8_by_8():
    image_set = digits()
    assert image_set.train.images.shape == (1500, 1, 8, 8)
    assert image_set.test.images.shape == (297, 1, 8, 8)
    assert image_set.class_names == tuple("0123456789")


def test_digits_are_scikit_learns_pictures_scaled_to_the_full_range():
    image_set = digits()
    ours = all_of(image_set.train.images, image_set.test.images).reshape(-1, 64).numpy()
    theirs = np.rint(load_digits().data / 16 * 255).astype(np.uint8)
    assert sorted(map(bytes, ours)) == sorted(map(bytes, theirs))
    assert ours.min() == 0
    assert ours.max() == 255


def test_every_digit_keeps_its_label_through_the_split():
    image_set = digits()
    images = all_of(image_set.train.images, image_set.test.images).reshape(-1, 64).numpy()
    labels = torch.cat([image_set.train.labels, image_set.test.labels]).tolist()
    bunch = load_digits()
    pixels = np.rint(bunch.data / 16 * 255).astype(np.uint8)
    expected = sorted(zip(map(bytes, pixels), bunch.target.tolist(), strict=True))
    assert sorted(zip(map(bytes, images), labels, strict=True)) == expected


def test_each_class_has_the_same_share_of_both_splits():
    image_set = digits()
    train, test = (torch.bincount(s.labels) / len(s) for s in (image_set.train, image_set.test))
    assert (train - test).abs().max() < 0.005


def test_the_split_of_the_digits_is_always_the_same():
    assert torch.equal(digits().test.images, digits().test.images)
