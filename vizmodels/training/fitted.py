"""A model as it left training."""

from dataclasses import dataclass

import torch

from vizmodels.models.trainable import Trainable
from vizmodels.training.progress import History
from vizmodels.training.snapshots import Snapshots


@dataclass(frozen=True)
class Fitted:
    """A model as it left training, with what it went through.

    Attributes
    ----------
    model : in evaluation mode, its weights without gradient
    history : loss terms over the run
    test_terms : name of each loss term -> its mean over the test set, after the last step; and of
        each figure that only a whole set has, such as the perplexity -> its value
    seconds : spent in training steps, without evaluation, previews and checkpoints
    images_seen : training images that went through the model, repeats included
    snapshots : weights of a few epochs before the last, of models that have a map
    """

    model: Trainable
    history: History
    test_terms: dict[str, float]
    seconds: float
    images_seen: int
    snapshots: Snapshots | None = None


def freeze(model: Trainable) -> Trainable:
    """The same model in evaluation mode, on the CPU, its weights without gradient."""
    model.eval().requires_grad_(False).cpu()
    return model.to(memory_format=torch.contiguous_format)
