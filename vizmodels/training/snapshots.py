"""The weights of a few epochs, kept so that one can watch afterwards how a latent space formed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.trainable import Trainable

MAX_EPOCHS_KEPT = 12
MAX_BYTES = 8_000_000
"""Of all epochs of one run together, in float16: about what its thumbnails take."""

BYTES_PER_WEIGHT = 2

SNAPSHOT_PREFIX = "snapshot."
"""How the names of kept weights begin among the tensors of a checkpoint."""

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Snapshots:
    """A model's weights after some epochs; the last epoch's are the run's own and not among them.

    Attributes
    ----------
    weights : epoch -> name of each tensor -> its values, float16; epoch 0 is before training
    """

    weights: Mapping[int, Weights]

    @property
    def epochs(self) -> tuple[int, ...]:
        """Epochs whose weights are kept, in order."""
        return tuple(sorted(self.weights))


def epochs_to_keep(n_epochs: int, n: int) -> tuple[int, ...]:
    """At most n epochs before the last of n_epochs, dense at the beginning, where most happens.

    Epoch 0, which is before training, and then about a geometric series from 1 to `n_epochs`.
    """
    if n < 1:
        return ()
    if n_epochs <= n:
        return tuple(range(n_epochs))
    series = np.geomspace(1, n_epochs, n)[:-1].round().astype(int)
    return tuple(sorted({0, *series.tolist()}))


class SnapshotKeeper:
    """Takes snapshots while a model trains; none of models that have no latent space of their own.

    Parameters
    ----------
    model : to be trained
    n_epochs : of the training
    """

    def __init__(self, model: Trainable, n_epochs: int) -> None:
        self.kept: dict[int, Weights] = {}
        has_map = isinstance(model, Autoencoder) and not isinstance(model, VQPrior)
        n_weights = sum(weight.numel() for weight in model.state_dict().values())
        n = min(MAX_EPOCHS_KEPT, MAX_BYTES // max(1, BYTES_PER_WEIGHT * n_weights))
        self.due = frozenset(epochs_to_keep(n_epochs, n) if has_map else ())

    def offer(self, epoch: int, model: Trainable) -> None:
        """Keep the weights after this epoch if they are due, and if float16 can hold them."""
        if epoch not in self.due:
            return
        weights = {name: _as_half(weight) for name, weight in model.state_dict().items()}
        if all(bool(weight.isfinite().all()) for weight in weights.values()):
            self.kept[epoch] = weights

    def tensors(self) -> dict[str, Tensor]:
        """What has been kept, by names that a checkpoint can hold."""
        return {
            f"{SNAPSHOT_PREFIX}{epoch}.{name}": weight
            for epoch, weights in self.kept.items()
            for name, weight in weights.items()
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Stand as after the epochs that `tensors` told, in place of what has been kept."""
        kept: dict[int, dict[str, Tensor]] = {}
        for key, weight in tensors.items():
            if key.startswith(SNAPSHOT_PREFIX):
                epoch, _, name = key.removeprefix(SNAPSHOT_PREFIX).partition(".")
                kept.setdefault(int(epoch), {})[name] = weight
        self.kept = dict(kept)

    def snapshots(self) -> Snapshots | None:
        """What has been kept; None if nothing has."""
        return Snapshots(dict(self.kept)) if self.kept else None


@torch.no_grad()
def at_epoch(model: Trainable, weights: Weights) -> None:
    """Give a model of the same experiment the weights of one epoch. Raises RuntimeError if they
    are not of such a model."""
    as_trained = {name: w.float() if w.is_floating_point() else w for name, w in weights.items()}
    model.load_state_dict(as_trained, strict=True)


def _as_half(weight: Tensor) -> Tensor:
    is_float = weight.is_floating_point()
    kept = weight.detach().to("cpu", torch.float16 if is_float else weight.dtype, copy=True)
    return kept.contiguous()
