"""How the learning rate goes over a run."""

import math

RISING_SHARE = 0.1  # of the steps of a one-cycle schedule
FIRST_SHARE = 0.04  # of the learning rate, at the first step


def one_cycle_share(steps_done: int, n_steps: int) -> float:
    """Share of the learning rate for the next step: a linear rise, then half a cosine to nothing.

    References
    ----------
    Smith & Topin 2019, Super-Convergence; the shape of its two parts is ours.
    """
    rising = max(1, round(RISING_SHARE * n_steps))
    if steps_done < rising:
        return FIRST_SHARE + (1 - FIRST_SHARE) * steps_done / rising
    return 0.5 * (1 + math.cos(math.pi * (steps_done - rising) / max(1, n_steps - rising)))
