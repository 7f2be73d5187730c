"""Previews: the same few test images through the model while it trains."""

import time
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vizmodels.data.image_set import ImageSet
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.classifier import Classifier
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.trainable import Trainable
from vizmodels.training.evaluation import as_float
from vizmodels.training.progress import Preview

N_PICTURES = 12
N_POINTS = 500
SAMPLE_SEED = 0  # of a prior's samples, so that only the prior changes from one preview to the next


class _Shown(NamedTuple):
    places: Tensor  # (P, E) of the fixed points
    pictures: Tensor  # (N, C, H, W) under the fixed pictures


class PreviewMaker:
    """Makes the previews of one run, each map turned to match the one before.

    Under the fixed test images stand their reconstructions; for a prior over codes, samples; for
    a classifier, the images it finds hardest.
    """

    def __init__(self, data: ImageSet) -> None:
        self.images = data.test.images[:N_POINTS]
        self.labels = None if data.test.labels is None else data.test.labels[:N_POINTS]
        self.originals = self.images[:N_PICTURES].numpy()
        self.seconds = 0.0
        """What the last preview took."""
        self._axes: Tensor | None = None

    @torch.inference_mode()
    def make(self, model: Trainable) -> Preview:
        """The fixed pictures and what the model makes of them, and the fixed points on the map."""
        began = time.perf_counter()
        shown = self._shown(model)
        preview = Preview(
            originals=self.originals,
            reconstructions=_as_bytes(shown.pictures).numpy(),
            points=self._on_map(shown.places.float().cpu()).numpy().astype(np.float32),
            labels=None if self.labels is None else self.labels.numpy(),
        )
        self.seconds = time.perf_counter() - began
        return preview

    def _shown(self, model: Trainable) -> _Shown:
        x = as_float(self.images, model)
        match model:
            case Classifier():
                assert self.labels is not None
                of_true = model.classify(x).gather(1, self.labels.to(x.device)[:, None])
                hardest = of_true.squeeze(1).argsort()[: len(self.originals)]
                return _Shown(model.features(x), x[hardest])
            case VQPrior():
                generator = torch.Generator(x.device).manual_seed(SAMPLE_SEED)
                samples = model.sample(len(self.originals), generator)
                return _Shown(model.embed(model.encode(x)), samples)
            case Autoencoder():
                z = model.encode(x).float()
                return _Shown(model.embed(z), model.decode(model.to_code(z[:N_PICTURES])))
            case _:
                raise AssertionError(type(model))

    def _on_map(self, z: Float[Tensor, "P E"]) -> Float[Tensor, "P 2"]:
        """Two axes as they are; more through their leading principal axes, which are free to turn
        from one preview to the next and are therefore turned back onto the last ones.

        A model may diverge between two looks at its loss. Latents that are no numbers, or too large
        to be multiplied, have no axes: all then lie at 0, and the next look ends the training.
        """
        if z.shape[1] <= 2:
            return torch.nn.functional.pad(z, (0, 2 - z.shape[1])).nan_to_num(0.0, 0.0, 0.0)
        centred = z - z.mean(dim=0)
        # In float32 it fails on latents that lie all but in one place.
        scatter = (centred.T @ centred).double()
        if not bool(scatter.isfinite().all()):
            return torch.zeros(len(z), 2)
        axes = torch.linalg.eigh(scatter).eigenvectors[:, -2:].to(z)
        if self._axes is not None:
            from scipy.linalg import orthogonal_procrustes  # here: it takes a while to import

            turn, _ = orthogonal_procrustes(axes.cpu().numpy(), self._axes.cpu().numpy())
            axes = axes @ torch.from_numpy(turn).to(axes)
        self._axes = axes
        return centred @ axes


def _as_bytes(pictures: Float[Tensor, "N C H W"]) -> Tensor:
    """uint8; a pixel that is no number is black."""
    return (pictures.float().cpu().nan_to_num(0.0) * 255).round().to(torch.uint8)
