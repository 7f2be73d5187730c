"""How uncertain a distribution over classes or codes is."""

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray


def entropy_bits(p: Float[NDArray[np.floating], "*rows K"]) -> NDArray[np.float64]:
    """−Σ p log2 p over the last axis, in bits; 0 where one of the K is certain.

    Parameters
    ----------
    p : probabilities, each row adding up to 1 but for rounding
    """
    from scipy.special import entr  # here, since it takes a while to import

    nats = entr(p.astype(np.float64)).sum(axis=-1)
    # p may add up to a hair more than 1, and −0 is shown as such.
    return np.asarray(np.maximum(nats / math.log(2), 0.0) + 0.0)
