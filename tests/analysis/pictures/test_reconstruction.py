import numpy as np
import pytest
import torch

from vizmodels.analysis.pictures.reconstruction import Reconstructions, reconstruct
from vizmodels.data.bundled import digits
from vizmodels.models import build_model
from vizmodels.specs import VAESpec
from vizmodels.training.evaluation import evaluate


@pytest.fixture(scope="module")
def result() -> Reconstructions:
    model = build_model(VAESpec(widths=(8,)), (1, 8, 8), torch.Generator().manual_seed(0))
    return reconstruct(model, digits().test.images)


def test_originals_are_the_images_from_0_to_1(result: Reconstructions) -> None:
    assert result.originals.dtype == np.float32
    np.testing.assert_array_equal((result.originals * 255).round(), digits().test.images.numpy())


def test_the_error_is_reconstruction_minus_original(result: Reconstructions) -> None:
    np.testing.assert_array_equal(result.error, result.pictures - result.originals)


def test_the_squared_error_of_each_picture_is_the_mean_over_its_pixels(
    result: Reconstructions,
) -> None:
    for at in (0, 7, 296):
        pairs = zip(result.originals[at].flat, result.pictures[at].flat, strict=True)
        expected = sum((float(a) - float(b)) ** 2 for a, b in pairs) / 64
        assert result.squared_error[at] == pytest.approx(expected, rel=1e-5)


def test_the_mean_squared_error_is_what_evaluation_gives(result: Reconstructions) -> None:
    model = build_model(VAESpec(widths=(8,)), (1, 8, 8), torch.Generator().manual_seed(0))
    expected = evaluate(model, digits().test.images)["reconstruction"]
    assert result.squared_error.mean() == pytest.approx(expected, rel=1e-5)


def test_brighter_than_the_original_is_a_positive_error() -> None:
    dark, bright = np.zeros((1, 1, 2, 2), np.float32), np.ones((1, 1, 2, 2), np.float32)
    assert Reconstructions(dark, bright).error.min() == 1
    assert Reconstructions(bright, dark).error.max() == -1


def test_pictures_of_another_shape_cannot_be_set_beside() -> None:
    with pytest.raises(AssertionError):
        Reconstructions(np.zeros((2, 1, 8, 8), np.float32), np.zeros((3, 1, 8, 8), np.float32))
