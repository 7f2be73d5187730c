"""Which points lie within a polygon that a visitor drew on a map."""

import numpy as np
from numpy.typing import NDArray

from vizmodels.errors import LatentariumError

MOST_CORNERS = 20_000


def inside_polygon(
    coordinates: NDArray[np.float32], polygon: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Whether each point is within: a ray to the right crosses the polygon an odd number of times.

    Parameters
    ----------
    coordinates : (P, 2)
    polygon : corners in order, (n, 2), n ≥ 3; closed by itself
    """
    x, y = coordinates.astype(np.float64).T
    inside = np.zeros(len(coordinates), dtype=bool)
    corners = polygon.astype(np.float64)
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
    x, y = x[near], y[near]
    odd = np.zeros(len(near), dtype=bool)
    for (xi, yi), (xj, yj) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        if yi == yj:
            continue
        crosses = ((yi > y) != (yj > y)) & (x < (xj - xi) * (y - yi) / (yj - yi) + xi)
        odd ^= crosses
    inside[near] = odd
    return inside


def read_polygon(corners: object) -> NDArray[np.float64]:
    """A polygon as the browser sends it, checked.

    Raises
    ------
    LatentariumError : it is not a list of pairs of finite numbers
    """
    try:
        polygon: NDArray[np.float64] = np.asarray(corners, dtype=np.float64)
    except (TypeError, ValueError):
        polygon = np.empty((0, 0))
    is_polygon = polygon.ndim == 2 and polygon.shape[-1] == 2
    if not is_polygon or not 3 <= len(polygon) <= MOST_CORNERS or not np.isfinite(polygon).all():
        raise LatentariumError(
            "A selection",
            f"3 to {MOST_CORNERS:,} pairs of finite numbers",
            f"an array of shape {polygon.shape}",
            "Select the pictures again.",
        )
    return polygon
