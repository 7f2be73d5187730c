import numpy as np
import pytest
import torch

from vizmodels.analysis.pictures.denoising import NoiseCurve, denoise, noise_curve
from vizmodels.data.bundled import digits
from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.specs import AutoencoderSpec, VQVAESpec
from vizmodels.training.step import add_noise

IMAGES = digits().test.images[:20]


@pytest.fixture(scope="module")
def model() -> Autoencoder:
    built = build_model(AutoencoderSpec(widths=(8,)), (1, 8, 8), torch.Generator().manual_seed(0))
    assert isinstance(built, Autoencoder)
    return built.eval().requires_grad_(False)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_noise_is_gaussian_of_its_weight_and_cut_to_pixels() -> None:
    x = torch.full((50, 1, 20, 20), 0.5)
    moved = add_noise(x, 0.1, seeded(1)) - x
    assert float(moved.mean()) == pytest.approx(0, abs=3e-3)
    assert float(moved.std()) == pytest.approx(0.1, rel=0.02)
    cut = add_noise(x, 1.0, seeded(1))
    assert float(cut.min()) == 0 and float(cut.max()) == 1
    # Half a standard deviation on each side is left: 2 · (1 − Φ(0.5)) of the pixels are cut.
    assert float(((cut == 0) | (cut == 1)).float().mean()) == pytest.approx(0.6171, abs=0.01)


def test_the_noise_of_one_seed_is_the_same_at_every_weight() -> None:
    x = torch.full((2, 1, 4, 4), 0.5)
    small, large = (add_noise(x, weight, seeded(3)) - x for weight in (0.01, 0.02))
    torch.testing.assert_close(large, 2 * small, atol=1e-6, rtol=1e-4)


def test_without_noise_the_noisy_picture_is_the_clean_one(model: Autoencoder) -> None:
    result = denoise(model, IMAGES, 0.0)
    np.testing.assert_array_equal(result.noisy, result.clean)
    np.testing.assert_allclose(result.z_noisy, result.z_clean, atol=1e-6)


def test_the_second_latent_is_that_of_the_decoded_picture(model: Autoencoder) -> None:
    result = denoise(model, IMAGES, 0.4)
    again = model.encode(torch.from_numpy(result.denoised)).numpy()
    np.testing.assert_allclose(result.z_again, again, atol=1e-5)


def test_codes_are_followed_by_their_vectors() -> None:
    spec = VQVAESpec(codebook_size=8, code_dim=3, channels=4, n_residual=0, grid="half")
    built = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(0)).eval()
    assert isinstance(built, Autoencoder)
    assert denoise(built, IMAGES, 0.5).z_noisy.shape == (20, 4 * 4 * 3)


def test_a_curve_has_each_pictures_error_at_each_weight(model: Autoencoder) -> None:
    curve = noise_curve(model, IMAGES, (0.0, 0.3), seed=5)
    result = denoise(model, IMAGES, 0.3, seed=5)
    np.testing.assert_allclose(curve.denoised[1], result.squared_error, rtol=1e-4)
    of_noise = np.square(result.noisy - result.clean).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(curve.noisy[1], of_noise, rtol=1e-4)
    assert curve.noisy[0].max() == 0


def test_the_interval_is_that_of_the_mean_and_shrinks_with_the_root_of_n() -> None:
    draws = np.random.default_rng(0).normal(2.0, 0.5, (1, 400)).astype(np.float32)
    weights = np.zeros(1, np.float32)
    curve = NoiseCurve(weights, draws, draws)
    assert curve.half_width[0] == pytest.approx(1.96 * 0.5 / 20, rel=0.1)
    assert abs(curve.mean[0] - 2.0) < 2 * curve.half_width[0]
