import numpy as np
import pytest
from scipy.ndimage import fourier_gaussian

from vizmodels.analysis.pictures.sharpness import DETAIL_ABOVE, detail_energy, detail_kept

SIDE = 32
X = np.arange(SIDE)


def wave(cycles: int, amplitude: float = 0.3) -> np.ndarray:
    """A picture of so many cycles across, (1, 1, H, W)."""
    row = amplitude * np.cos(2 * np.pi * cycles * X / SIDE)
    return np.tile(row, (SIDE, 1))[None, None]


@pytest.mark.parametrize("cycles", [9, 12, 15])
def test_a_fine_wave_has_its_whole_mean_square_as_detail(cycles: int) -> None:
    assert cycles / SIDE > DETAIL_ABOVE
    assert detail_energy(wave(cycles))[0] == pytest.approx(0.3**2 / 2, rel=1e-6)


@pytest.mark.parametrize("cycles", [0, 1, 8])
def test_a_coarse_wave_has_no_detail(cycles: int) -> None:
    assert detail_energy(wave(cycles))[0] == pytest.approx(0, abs=1e-12)


def test_detail_is_the_mean_square_of_the_high_pass_picture() -> None:
    x = np.random.default_rng(0).random((3, 2, 12, 10))
    spectrum = np.fft.fft2(x)
    u, v = np.meshgrid(np.fft.fftfreq(12), np.fft.fftfreq(10), indexing="ij")
    fine = np.fft.ifft2(np.where(u**2 + v**2 > DETAIL_ABOVE**2, spectrum, 0)).real
    np.testing.assert_allclose(detail_energy(x), np.square(fine).mean(axis=(1, 2, 3)), rtol=1e-9)


def test_a_blurred_picture_keeps_less_the_more_it_is_blurred() -> None:
    x = np.random.default_rng(0).random((4, 1, SIDE, SIDE))

    def blurred(sigma: float) -> np.ndarray:
        spectra = np.fft.fft2(x)[:, 0]
        each = [fourier_gaussian(spectrum, sigma) for spectrum in spectra]
        return np.fft.ifft2(np.stack(each)[:, None]).real

    whole = detail_energy(x)
    kept = [detail_kept(detail_energy(blurred(sigma)), whole) for sigma in (0.3, 0.6, 1.2)]
    assert 1 > kept[0] > kept[1] > kept[2] > 0
    # Of white noise the share kept is the mean of the squared transfer function e^(−4π²s²f²).
    u, v = np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE))
    square = (u**2 + v**2)[u**2 + v**2 > DETAIL_ABOVE**2]
    assert kept[1] == pytest.approx(np.exp(-4 * np.pi**2 * 0.36 * square).mean(), rel=0.1)


def test_the_same_pictures_keep_all_and_flat_ones_have_nothing_to_lose() -> None:
    x = detail_energy(np.random.default_rng(0).random((2, 1, 8, 8)))
    assert detail_kept(x, x) == 1
    assert detail_kept(np.zeros(2), np.zeros(2)) == 1
