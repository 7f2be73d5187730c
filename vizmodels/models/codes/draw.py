"""One category drawn from each row of probabilities."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def draw_categories(
    chances: Float[Tensor, "N K"], generator: torch.Generator | None = None
) -> Int64[Tensor, " N"]:
    """An index for each row, drawn with the row's probabilities (up to a factor).

    Argmax of p / e with e from Exp(1): the first of K exponential clocks of rates p to ring.
    Not `torch.multinomial`, which draws alike but refuses a NaN: on the processor by an error in
    the middle of a step, on CUDA by an assertion after which the process can use the device no
    more. Here a row with a NaN gives some index from 0 to K − 1, and the loss says the rest.
    """
    clocks = torch.empty_like(chances).exponential_(generator=generator)
    return (chances / clocks).argmax(dim=1)
