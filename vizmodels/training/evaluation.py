"""The test set through a model, in batches: loss terms, latents and reconstructions."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from vizmodels.models.autoencoder import Autoencoder

EVALUATION_BATCH = 2000
"""Images at a time. In float32 throughout: bfloat16 would show in the third digit."""


@torch.inference_mode()
def evaluate(model: Autoencoder, images: UInt8[Tensor, "N C H W"]) -> dict[str, float]:
    """Mean of each loss term over all images, clean, decoding the posterior mean.

    No term is sampled, so that the same weights always give the same figures.
    """
    totals: Tensor | None = None
    names: tuple[str, ...] = ()
    for batch in images.split(EVALUATION_BATCH):
        x = as_float(batch, model)
        loss = model.losses(x, x, None)
        part = loss.means().double() * len(batch)
        totals, names = part if totals is None else totals + part, loss.names
    assert totals is not None
    return dict(zip(names, (totals / len(images)).tolist(), strict=True))


@torch.inference_mode()
def encode_all(model: Autoencoder, images: UInt8[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
    """Latents of all images on the CPU; the posterior mean where there is one."""
    parts = [model.encode(as_float(b, model)).float().cpu() for b in images.split(EVALUATION_BATCH)]
    return torch.cat(parts)


@torch.inference_mode()
def reconstruct_all(
    model: Autoencoder, images: UInt8[Tensor, "N C H W"]
) -> Float[Tensor, "N C H W"]:
    """Reconstructions of all images on the CPU, decoding the posterior mean."""
    parts = [
        model.decode(model.encode(as_float(b, model))).float().cpu()
        for b in images.split(EVALUATION_BATCH)
    ]
    return torch.cat(parts)


def as_float(images: UInt8[Tensor, "N C H W"], model: Autoencoder) -> Float[Tensor, "N C H W"]:
    """Images in [0, 1] on the model's device."""
    return images.to(next(model.parameters()).device).to(torch.float32).mul_(1 / 255)
