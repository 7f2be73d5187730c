"""What a model's loss is made of: every term per image, with its unit and its weight."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class LossTerm:
    """One summand of the loss, per image and before its weight.

    Attributes
    ----------
    name : the field's word, such as `reconstruction` or `kl`
    unit : what `values` count, such as "squared error per pixel" or "nats"
    values : float32 tensor (N,)
    weight : factor of this term in the loss; a 0-d tensor can be changed while training
    """

    name: str
    unit: str
    values: Float[Tensor, " N"]
    weight: float | Tensor = 1.0

    def __post_init__(self) -> None:
        assert self.values.ndim == 1, self.values.shape


@dataclass(frozen=True)
class Loss:
    """The loss of N images: loss = Σ weight · term, averaged over images last."""

    terms: tuple[LossTerm, ...]

    @property
    def per_image(self) -> Float[Tensor, " N"]:
        """The weighted sum of the terms of each image."""
        first, *rest = self.terms
        # The reconstruction always comes first with weight 1, so its product is left out.
        assert first.weight == 1.0
        total = first.values
        for term in rest:
            total = torch.addcmul(total, term.values, torch.as_tensor(term.weight))
        return total

    @property
    def names(self) -> tuple[str, ...]:
        """Names of `means`, in its order: the terms, then `loss`."""
        return (*(term.name for term in self.terms), "loss")

    @property
    def units(self) -> tuple[str, ...]:
        """Units of `means`, in its order; the loss counts in the reconstruction's unit."""
        return (*(term.unit for term in self.terms), self.terms[0].unit)

    def means(self) -> Float[Tensor, " T"]:
        """Mean over images of each unweighted term, then of the loss; no gradient."""
        columns = [term.values.detach() for term in self.terms] + [self.per_image.detach()]
        return torch.stack(columns).mean(dim=1)
