"""Previews: the same few test images through the model while it trains."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vizmodels.data.image_set import ImageSet
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.training.evaluation import as_float
from vizmodels.training.progress import Preview

N_PICTURES = 12
N_POINTS = 1000


class PreviewMaker:
    """Makes the previews of one run, each map turned to match the one before."""

    def __init__(self, data: ImageSet) -> None:
        self.images = data.test.images[:N_POINTS]
        labels = data.test.labels
        self.labels = None if labels is None else labels[:N_POINTS].numpy()
        self.originals = self.images[:N_PICTURES].numpy()
        self._axes: Tensor | None = None

    @torch.inference_mode()
    def make(self, model: Autoencoder) -> Preview:
        """Reconstructions of the fixed pictures, and where the fixed points lie on the map."""
        z = model.encode(as_float(self.images, model)).float()
        pictures = model.decode(z[:N_PICTURES]).float().cpu()
        return Preview(
            originals=self.originals,
            reconstructions=(pictures * 255).round().to(torch.uint8).numpy(),
            points=self._on_map(z.cpu()).numpy().astype(np.float32),
            labels=self.labels,
        )

    def _on_map(self, z: Float[Tensor, "P D"]) -> Float[Tensor, "P 2"]:
        """Two axes as they are; more through their leading principal axes, which are free to turn
        from one preview to the next and are therefore turned back onto the last ones."""
        if z.shape[1] <= 2:
            return torch.nn.functional.pad(z, (0, 2 - z.shape[1]))
        centred = z - z.mean(dim=0)
        axes = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -2:]
        if self._axes is not None:
            u, _, vt = torch.linalg.svd(axes.T @ self._axes)  # orthogonal Procrustes
            axes = axes @ u @ vt
        self._axes = axes
        return centred @ axes
