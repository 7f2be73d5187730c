"""What a model's loss is made of: every term per image, with its unit and its weight."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    share : of the weight that a training step charges during a warm-up; None for all of it. What is
        told as the loss counts the whole weight, so that training and test are told alike.
    per_axis, free : of a term with free bits, whose `values` are `beyond_free_bits` of these: its
        axes are judged by their means over all images that are looked at
    """

    name: str
    unit: str
    values: Float[Tensor, " N"]
    weight: float | Tensor = 1.0
    share: Tensor | None = None
    per_axis: Float[Tensor, "N D"] | None = None
    free: float = 0.0

    def __post_init__(self) -> None:
        assert self.values.ndim == 1, self.values.shape

    @property
    def charged_weight(self) -> Tensor:
        """Factor of this term in what a training step descends."""
        weight = torch.as_tensor(self.weight)
        return weight if self.share is None else weight * self.share


@dataclass(frozen=True)
class Loss:
    """The loss of N images: loss = Σ weight · term, averaged over images last."""

    terms: tuple[LossTerm, ...]

    @property
    def per_image(self) -> Float[Tensor, " N"]:
        """The weighted sum of the terms of each image, as a training step charges them."""
        first, *rest = self.terms
        # The reconstruction always comes first with weight 1, so its product is left out.
        assert first.weight == 1.0
        total = first.values
        for term in rest:
            total = torch.addcmul(total, term.values, term.charged_weight)
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
        """Mean over images of each unweighted term, then of the loss at whole weights; no
        gradient."""
        means = torch.stack([term.values.detach() for term in self.terms]).mean(dim=1)
        loss = means[0]
        for term, mean in zip(self.terms[1:], means[1:], strict=True):
            loss = loss + term.weight * mean
        return torch.cat([means, loss.reshape(1)])


def joined(parts: Sequence[Loss]) -> Loss:
    """The loss of the images of several batches together, on the CPU in double precision."""

    def of_all(values: Sequence[Tensor]) -> Tensor:
        return torch.cat([part.detach().cpu().double() for part in values])

    terms: list[LossTerm] = []
    for same in zip(*(part.terms for part in parts), strict=True):
        first, per_axis = same[0], None
        axes = [term.per_axis for term in same if term.per_axis is not None]
        if axes:
            per_axis = of_all(axes)
            values = beyond_free_bits(per_axis, first.free)
        else:
            values = of_all([term.values for term in same])
        weight = first.weight.cpu() if isinstance(first.weight, Tensor) else first.weight
        terms.append(replace(first, values=values, weight=weight, per_axis=per_axis))
    return Loss(tuple(terms))


def beyond_free_bits(kl: Float[Tensor, "N D"], free: float) -> Float[Tensor, " N"]:
    """The KL of each image beyond the free bits, summed over the axes that use more than these.

    Its mean over the images is Σ max(0, mean KL of the axis − free).

    References
    ----------
    Kingma et al. 2016, Improved Variational Inference with Inverse Autoregressive Flow, eq. 15,
    which charges max(free, mean KL): the same gradient, and D · free more.
    """
    is_beyond = kl.detach().mean(dim=0) > free
    return torch.where(is_beyond, kl - free, 0.0).sum(dim=1)
