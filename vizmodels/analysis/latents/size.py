"""How much a model's latent can hold, and how much of it a picture takes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from vizmodels.specs import (
    AutoencodingSpec,
    DiscreteVAESpec,
    VAESpec,
    VQVAESpec,
    embedding_dim,
)

BITS_PER_NAT = 1 / math.log(2)


@dataclass(frozen=True)
class LatentSize:
    """The latent of one picture.

    Attributes
    ----------
    n_symbols : choices among a finite number of values: a VQ-VAE's cells, a discrete VAE's
        variables
    n_values : how many values each of them has; 0 where there are none
    n_floats : real numbers beside them, which have no finite number of bits of their own
    kl_bits : mean KL of the posterior to the prior over the test set, what a picture tells through
        a noisy latent; None where there is no posterior
    """

    n_symbols: int
    n_values: int
    n_floats: int
    kl_bits: float | None

    @property
    def symbol_bits(self) -> float:
        """Bits of the finite choices: n · log2 k."""
        return self.n_symbols * math.log2(self.n_values) if self.n_symbols else 0.0


def rate(evaluation: Mapping[str, float]) -> float | None:
    """Mean KL of the posterior to the prior over the test set, nats: of classes and axes together;
    None where there is no posterior.

    Parameters
    ----------
    evaluation : name of each loss term -> its mean over the test set
    """
    if "kl" in evaluation:
        return evaluation["kl"]
    if "kl_classes" in evaluation:
        return evaluation["kl_classes"] + evaluation.get("kl_axes", 0.0)
    return None


def latent_size(
    spec: AutoencodingSpec, image_shape: tuple[int, int, int], evaluation: Mapping[str, float]
) -> LatentSize:
    """The size of a model's latent, and its KL as the test set's evaluation has it.

    References
    ----------
    Hinton & van Camp 1993 (bits back): the KL is the number of nats a picture's latent costs.
    """
    nats = rate(evaluation)
    bits = None if nats is None else nats * BITS_PER_NAT
    match spec:
        case VQVAESpec():
            n_cells = embedding_dim(spec, image_shape) // spec.code_dim
            return LatentSize(n_cells, spec.codebook_size, 0, None)
        case DiscreteVAESpec():
            n, k = spec.n_variables, spec.n_classes
            return LatentSize(n, k, spec.continuous_dim, bits)
        case VAESpec():
            return LatentSize(0, 0, spec.latent_dim, bits)
        case _:
            return LatentSize(0, 0, spec.latent_dim, None)
