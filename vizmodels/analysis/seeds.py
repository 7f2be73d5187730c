"""A figure over several seeds: its mean, and how far the mean can be believed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class OverSeeds:
    """A figure of one setting, measured with several seeds.

    Attributes
    ----------
    mean : over the seeds
    low, high : ends of the interval that holds the true mean with 95 % confidence, if the figure
        is spread like a Gaussian; the mean itself for a single seed
    n : seeds
    """

    mean: float
    low: float
    high: float
    n: int


def over_seeds(values: Sequence[float]) -> OverSeeds:
    """Mean and Student's interval of a figure measured with n ≥ 1 seeds.

    Parameters
    ----------
    values : one for each seed, finite

    References
    ----------
    Student 1908, The probable error of a mean.
    """
    from scipy.stats import t  # here, since it takes a second to import

    assert len(values) > 0
    mean, n = float(np.mean(values)), len(values)
    if n == 1:
        return OverSeeds(mean, mean, mean, 1)
    half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * float(np.std(values, ddof=1)) / n**0.5
    return OverSeeds(mean, mean - half, mean + half, n)
