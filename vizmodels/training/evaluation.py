"""The test set through a model, in batches: loss terms, latents and reconstructions."""

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.loss import Loss, joined
from vizmodels.models.probabilistic import ProbabilisticAutoencoder
from vizmodels.models.trainable import Batch, Measure, Trainable
from vizmodels.specs import OF_DRAWS
from vizmodels.training.step import as_input, binarised

EVALUATION_BATCH = 2000
"""Images at a time. In float32 throughout: bfloat16 would show in the third digit."""


BINARISATION_SEED = 0
"""Of the one draw of black and white test pixels on which binarised models are evaluated."""

DRAW_SEED = 0  # of the one draw of each test image's posterior


@torch.inference_mode()
def evaluate(
    model: Trainable,
    images: UInt8[Tensor, "N C H W"],
    labels: Int64[Tensor, " N"] | None = None,
    *,
    binarise: bool = False,
) -> dict[str, float]:
    """Mean of each loss term over all images, clean, decoding the posterior mean and the likeliest
    classes.

    No term is sampled, so that the same weights always give the same figures.

    Parameters
    ----------
    model : to be evaluated, where it is
    images, labels : of the test set
    binarise : whether to evaluate on pixels drawn black or white, always the same draw
    """
    device = next(model.parameters()).device
    draw = torch.Generator().manual_seed(BINARISATION_SEED)
    rows = model.resident(images)
    losses: list[Loss] = []
    for at in range(0, len(rows), EVALUATION_BATCH):
        part = slice(at, at + EVALUATION_BATCH)
        x = as_input(rows[part].cpu() if binarise else rows[part].to(device))
        x = binarised(x, draw).to(device) if binarise else x
        of_part = None if labels is None else labels[part].to(device)
        losses.append(model.losses(Batch.of(x, of_part), None))
    loss = joined(losses)
    return dict(zip(loss.names, loss.means().tolist(), strict=True))


@torch.inference_mode()
def evaluate_draws(
    model: Trainable, images: UInt8[Tensor, "N C H W"], *, binarise: bool = False
) -> tuple[Measure, ...]:
    """The reconstruction term over all images at one draw of each posterior, z ~ q(z|x).

    E_q of the reconstruction, which is what the KL of the same posteriors pays for. Decoding their
    means errs by less as a rule, and by more where a posterior has collapsed and the decoder has
    never seen its mean. Always the same draws. Empty for models without a posterior.

    Parameters
    ----------
    model, images, binarise : as for `evaluate`
    """
    if not isinstance(model, ProbabilisticAutoencoder):
        return ()
    device = next(model.parameters()).device
    pixels = torch.Generator().manual_seed(BINARISATION_SEED)
    generator = torch.Generator(device).manual_seed(DRAW_SEED)
    total, unit = torch.zeros((), dtype=torch.float64, device=device), ""
    for part in images.split(EVALUATION_BATCH):
        x = as_input(part.cpu() if binarise else part.to(device))
        x = binarised(x, pixels).to(device) if binarise else x
        logits = model.decoder(model.draw(x, generator)).float()
        term = model.reconstruction(x, logits)
        total, unit = total + term.values.double().sum(), term.unit
    return (Measure(OF_DRAWS, unit, float(total) / len(images)),)


def evaluate_whole(
    model: Trainable,
    images: UInt8[Tensor, "N C H W"],
    labels: Int64[Tensor, " N"] | None = None,
    *,
    binarise: bool = False,
) -> dict[str, float]:
    """All that a run's evaluation holds: each term, the figures of a whole set, and of draws."""
    terms = evaluate(model, images, labels, binarise=binarise)
    measures = (*model.measure(images), *evaluate_draws(model, images, binarise=binarise))
    return terms | {measure.name: measure.value for measure in measures}


@torch.inference_mode()
def encode_all(model: Autoencoder, images: UInt8[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
    """Latents of all images on the CPU; the posterior mean where there is one."""
    parts = [model.encode(as_float(b, model)).float().cpu() for b in images.split(EVALUATION_BATCH)]
    return torch.cat(parts)


@torch.inference_mode()
def reconstruct_all(
    model: Autoencoder, images: UInt8[Tensor, "N C H W"]
) -> Float[Tensor, "N C H W"]:
    """Reconstructions of all images on the CPU, from their codes: of the posterior mean, and of
    probabilities the likeliest classes."""
    parts = [
        model.reconstruct(as_float(b, model)).float().cpu() for b in images.split(EVALUATION_BATCH)
    ]
    return torch.cat(parts)


def as_float(images: UInt8[Tensor, "N C H W"], model: Trainable) -> Float[Tensor, "N C H W"]:
    """Images in [0, 1] on the model's device."""
    return images.to(next(model.parameters()).device).to(torch.float32).mul_(1 / 255)
