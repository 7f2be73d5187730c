"""How well a categorical latent finds the classes that nobody told it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from numpy.typing import NDArray


@dataclass(frozen=True)
class Matching:
    """Values of a categorical variable matched with classes.

    Attributes
    ----------
    counts : int64 (K, L), images of each value k and class l
    class_of : int64 (K,), class that each value is matched with; −1 where there are more values
        than classes
    """

    counts: NDArray[np.int64]
    class_of: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """Share of the images whose value is matched with their class."""
        matched = np.flatnonzero(self.class_of >= 0)
        return float(self.counts[matched, self.class_of[matched]].sum() / self.counts.sum())

    @property
    def purity(self) -> float:
        """Share of the images in the commonest class of their value; no matching one to one."""
        return float(self.counts.max(axis=1).sum() / self.counts.sum())


def match_classes(
    values: Int64[np.ndarray, " N"], labels: Int64[np.ndarray, " N"], n_values: int, n_classes: int
) -> Matching:
    """The one-to-one matching of values with classes that gets most images right.

    References
    ----------
    Kuhn 1955, The Hungarian method; the usual accuracy of unsupervised clustering.
    """
    from scipy.optimize import linear_sum_assignment  # here, since it takes a while to import

    counts = np.zeros((n_values, n_classes), dtype=np.int64)
    np.add.at(counts, (values, labels), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    class_of = np.full(n_values, -1, dtype=np.int64)
    class_of[np.asarray(rows, dtype=np.int64)] = np.asarray(columns, dtype=np.int64)
    return Matching(counts, class_of)
