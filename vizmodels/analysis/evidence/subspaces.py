"""Whether two sets of axes span the same subspace."""

import numpy as np
from jaxtyping import Float


def principal_angles(
    a: Float[np.ndarray, "P D"], b: Float[np.ndarray, "P D"]
) -> Float[np.ndarray, " D"]:
    """Angles between the spans of two matrices' columns, in degrees, smallest first.

    All are 0 where the columns span the same subspace, whatever basis of it they are.

    References
    ----------
    Björck & Golub 1973, Numerical methods for computing angles between linear subspaces.
    """
    from scipy.linalg import subspace_angles  # here, since it takes a while to import

    return np.degrees(subspace_angles(a, b))[::-1]


def largest_principal_angle(a: Float[np.ndarray, "P D"], b: Float[np.ndarray, "P D"]) -> float:
    """The last of `principal_angles`, in degrees."""
    return float(principal_angles(a, b)[-1])
