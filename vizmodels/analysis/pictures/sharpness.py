"""How sharp a picture is: the energy of its fine detail, by its Fourier transform."""

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

DETAIL_ABOVE = 0.25
"""Cycles per pixel, half of the highest that pixels can show (Nyquist): finer is called detail."""


def detail_energy(pictures: Float[NDArray[np.floating], "N C H W"]) -> NDArray[np.float64]:
    """Mean square per pixel and channel of what is finer than a period of four pixels.

    1/(C·H·W) Σ |F(u, v)|² over the frequencies with √(u² + v²) > 0.25 cycles per pixel, F the
    unitary Fourier transform of each channel; over all frequencies the sum is the mean square of
    the pixels (Parseval).

    Parameters
    ----------
    pictures : in [0, 1]

    Returns
    -------
    float64 array (N,)
    """
    height, width = pictures.shape[2:]
    spectrum = np.square(np.abs(np.fft.fft2(pictures, norm="ortho")))
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    return (spectrum * (frequency > DETAIL_ABOVE)).mean(axis=(1, 2, 3), dtype=np.float64)


def detail_kept(
    detail: Float[NDArray[np.floating], " N"], of_originals: Float[NDArray[np.floating], " N"]
) -> float:
    """Detail of reconstructions over that of their originals, both summed over the images.

    1 is as sharp as the originals, 0 has no detail. It says how much detail there is, not whether
    it is right: noise has detail too.
    """
    total = float(of_originals.sum())
    return float(detail.sum()) / total if total > 0 else 1.0
