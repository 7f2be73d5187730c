"""How round the clusters of classes are: how many axes each fills, whatever the set's size."""

import numpy as np
from jaxtyping import Float, Int64
from numpy.typing import NDArray

from vizmodels.analysis.intervals import Interval, mean_interval

FEWEST = 10  # images of a class; the estimates of fewer scatter by half of what they measure


def roundness(
    places: Float[NDArray[np.floating], "N E"], labels: Int64[NDArray[np.int64], " N"]
) -> Interval:
    """Mean of `roundness_of` over the classes, with Student's 95 % interval; NaN where no class has
    ten images or there is one axis."""
    classes = [places[labels == k] for k in np.unique(labels)]
    told = np.array([roundness_of(members) for members in classes if len(members) >= FEWEST])
    known = told[np.isfinite(told)]
    return mean_interval(known) if len(known) else Interval(float("nan"), float("nan"))


def roundness_of(places: Float[NDArray[np.floating], "N E"]) -> float:
    """(PR − 1)/(E − 1), of the participation ratio PR = (tr Σ)²/tr Σ² of a cluster's covariance.

    PR is the number of axes that the cluster fills: E of a ball, 1 of a needle. Both traces are
    estimated without bias, so that neither the number of images nor that of axes moves the figure,
    as they do the smallest over the largest eigenvalue of a sample's covariance; estimates of a
    ball scatter about 1, on both sides of it.

    Parameters
    ----------
    places : of N > 3 images

    Returns
    -------
    float
        NaN on a single axis, or where no image lies apart from the others.

    References
    ----------
    Himeno & Yamada 2014, Estimations for some functions of covariance matrix in high dimension
    under non-normality, whose estimators assume no normal distribution.
    """
    n, n_axes = places.shape
    centred = places.astype(np.float64) - places.mean(axis=0, dtype=np.float64)
    covariance = centred.T @ centred / (n - 1)
    trace, of_square = float(np.trace(covariance)), float(np.square(covariance).sum())
    if n_axes < 2 or trace <= 0:
        return float("nan")
    fourth = float(np.square(np.square(centred).sum(axis=1)).sum()) / (n - 1)
    scale = (n - 1) / (n * (n - 2) * (n - 3))
    squared_trace = scale * (2 * of_square + (n * n - 3 * n + 1) * trace**2 - n * fourth)
    trace_of_square = scale * ((n - 1) * (n - 2) * of_square + trace**2 - n * fourth)
    return (squared_trace / trace_of_square - 1) / (n_axes - 1)
