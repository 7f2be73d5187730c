"""Nearest neighbours, and how many of them another arrangement of the same points keeps."""

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

N_NEIGHBOURS = 10
CHUNK = 5000  # pictures compared at a time: 16 MB of floats


def nearest_neighbours(
    rows: NDArray[np.floating] | NDArray[np.uint8], n: int = N_NEIGHBOURS
) -> NDArray[np.int64]:
    """Index of the n rows nearest to each row, itself left out; (P, n), nearest first.

    Parameters
    ----------
    rows : (P, D), P > n
    n : neighbours

    Notes
    -----
    10,000 rows of 784 numbers take about 3 s on 2 cores.
    """
    from sklearn.neighbors import NearestNeighbors  # here, since it takes a second to import

    n = min(n, len(rows) - 1)
    return NearestNeighbors(n_neighbors=n).fit(rows.astype(np.float32)).kneighbors()[1]


def share_kept(before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.float32]:
    """Share of each point's neighbours before that are among its neighbours after, (P,).

    Parameters
    ----------
    before, after : (P, n), as `nearest_neighbours` gives them

    References
    ----------
    Venna & Kaski 2006, Local multidimensional scaling; the mean over points is the agreement rate
    of France & Carroll 2007.
    """
    assert before.shape == after.shape, (before.shape, after.shape)
    hits = (before[:, :, None] == after[:, None, :]).any(axis=2)
    return hits.mean(axis=1).astype(np.float32)


def most_alike(
    images: UInt8[Tensor, "N C H W"], index: int, n: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The n images nearest to one of them by pixels, and their squared error per pixel.

    Parameters
    ----------
    images : to search
    index : of the one, which is left out
    n : how many, at most N − 1
    """
    one = images[index].float()
    errors = torch.cat(
        [
            (part.float() - one).div_(255).square_().flatten(1).mean(1)
            for part in images.split(CHUNK)
        ]
    )
    errors[index] = torch.inf
    found = errors.topk(min(n, len(images) - 1), largest=False)
    return found.indices.numpy(), found.values.numpy()
