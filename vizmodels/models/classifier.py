"""A small convolutional classifier: the judge of samples and of what latents keep."""

from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vizmodels.models.backbones import ImageShape
from vizmodels.models.loss import Loss, LossTerm
from vizmodels.models.trainable import Batch, Trainable


@final
class Classifier(Trainable):
    """p(class | x), and the features it rests on: the last hidden layer after its ReLU."""

    def __init__(
        self, image_shape: ImageShape, widths: tuple[int, ...], n_features: int, n_classes: int
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        n_in, (height, width) = image_shape[0], image_shape[1:]
        for n_out in widths:
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(inplace=True)]
            if min(height, width) >= 2:
                layers.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
            n_in = n_out
        layers += [nn.Flatten(), nn.Linear(n_in * height * width, n_features), nn.ReLU()]
        self.body, self.head = nn.Sequential(*layers), nn.Linear(n_features, n_classes)
        self.n_features, self.n_classes = n_features, n_classes

    def features(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N F"]:
        """What Fréchet distances are taken of."""
        return self.body(images)

    def classify(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N K"]:
        """Log-probability of each class."""
        return F.log_softmax(self.head(self.body(images)).float(), dim=1)

    def losses(self, batch: Batch, generator: torch.Generator | None) -> Loss:
        """Cross-entropy in nats, and whether the likeliest class is right."""
        assert batch.labels is not None
        log_probs = self.classify(batch.x_in)
        nats = F.nll_loss(log_probs, batch.labels, reduction="none")
        is_right = (log_probs.argmax(dim=1) == batch.labels).float()
        return Loss(
            (
                LossTerm("cross_entropy", "nats", nats),
                LossTerm("accuracy", "share of the images", is_right, 0.0),
            )
        )
