"""What comes in at a model's public border: taken where its meaning is plain, else refused."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vizmodels.errors import InvalidTensor

SLACK = 0.01  # of the range [0, 1]: what rounding in half precision may add


def as_images(images: object, image_shape: tuple[int, ...], *, look: bool) -> Tensor:
    """Images as float32 (N, C, H, W) in [0, 1]; uint8 are divided by 255.

    Parameters
    ----------
    images : as they were given
    image_shape : (C, H, W) of the model
    look : whether the range may be looked at, which a captured step must not

    Raises
    ------
    InvalidTensor : they are no tensor, of another shape, whole numbers or out of the range
    """
    shape = "(N, " + ", ".join(map(str, image_shape)) + ")"
    if not isinstance(images, Tensor):
        given = type(images).__name__
        raise InvalidTensor("images", f"a tensor {shape}", given, "Use torch.as_tensor.")
    if images.ndim != 1 + len(image_shape) or tuple(images.shape[1:]) != tuple(image_shape):
        remedy = "Give each picture its channels, height and width, and let N of them be stacked."
        raise InvalidTensor("images", f"of shape {shape}", tuple(images.shape), remedy)
    if images.dtype is torch.uint8:
        return images.float() / 255
    if not images.is_floating_point():
        rule, remedy = "float32 in [0, 1], or uint8", "Use images.float() / 255."
        raise InvalidTensor("images", rule, images.dtype, remedy)
    if look and images.numel() and images.device.type == "cpu":
        low, high = (float(end) for end in images.detach().aminmax())
        if low < -SLACK or high > 1 + SLACK:
            told, remedy = f"{low:g} to {high:g}", "Divide by 255, or scale them."
            raise InvalidTensor("images", "in [0, 1]", told, remedy)
    return images if images.dtype is not torch.float64 else images.float()


def as_latents(latents: object, latent_dim: int) -> Tensor:
    """Latents as float32 (N, D). Raises InvalidTensor."""
    if not isinstance(latents, Tensor):
        given = type(latents).__name__
        raise InvalidTensor("latents", f"a tensor (N, {latent_dim})", given, "Use torch.as_tensor.")
    if latents.ndim != 2 or latents.shape[1] != latent_dim:
        remedy = f"Give each of N latents its {latent_dim} numbers."
        raise InvalidTensor("latents", f"of shape (N, {latent_dim})", tuple(latents.shape), remedy)
    return latents if latents.is_floating_point() else latents.float()


def as_labels(labels: Tensor | Sequence[int], n: int, n_classes: int) -> Tensor:
    """Classes as int64 (N,), one for each of n. Raises InvalidTensor."""
    told = torch.as_tensor(labels)
    if told.shape != (n,) or told.is_floating_point():
        given = f"{told.dtype} of shape {tuple(told.shape)}"
        remedy = "Give one class index to each."
        raise InvalidTensor("labels", f"{n} whole numbers", given, remedy)
    if n and not 0 <= int(told.min()) <= int(told.max()) < n_classes:
        given, remedy = f"{int(told.min())} to {int(told.max())}", "Count classes from 0."
        raise InvalidTensor("labels", f"from 0 to {n_classes - 1}", given, remedy)
    return told.long()


def check_temperature(temperature: float) -> None:
    """Raises InvalidTensor unless it is 0, of which the likeliest is drawn, or above."""
    if not 0 <= temperature < float("inf"):
        remedy = "Take 1 for the model's own chances, 0 for the likeliest."
        raise InvalidTensor("temperature", "0 or above", temperature, remedy)


def generator_for(model: torch.nn.Module) -> torch.Generator:
    """A generator that nobody has seeded, on a model's device: each of its draws is another."""
    generator = torch.Generator(next(model.parameters()).device)
    generator.seed()
    return generator
