"""The networks on both sides of a bottleneck, as plain layer sequences that can be exported."""

import itertools
import math

import torch
from torch import nn

from vizmodels.models.layers import Positions
from vizmodels.models.transformer import ImageShape, transformer_decoder, transformer_encoder

# A 4×4 kernel with stride 2 halves a side exactly and, transposed, covers every output pixel
# equally often, so decoded pictures show no checkerboard (Odena et al. 2016).
KERNEL, STRIDE, PADDING = 4, 2, 1

POSITION_DEVIATION = 0.02


def encoder_layers(
    backbone: str, image_shape: ImageShape, n_outputs: int, widths: tuple[int, ...]
) -> nn.Sequential:
    """Layers from images (N, C, H, W) to (N, n_outputs)."""
    if backbone == "conv":
        return _conv_encoder(image_shape, n_outputs, widths)
    if backbone == "transformer":
        return transformer_encoder(image_shape, n_outputs, widths)
    sizes = (math.prod(image_shape), *widths, n_outputs)
    return nn.Sequential(nn.Flatten(), *_dense(sizes))


def decoder_layers(
    backbone: str, image_shape: ImageShape, latent_dim: int, widths: tuple[int, ...]
) -> nn.Sequential:
    """Layers from latents (N, latent_dim) to pictures (N, C, H, W) before the output function."""
    if backbone == "conv":
        return _conv_decoder(image_shape, latent_dim, widths)
    if backbone == "transformer":
        return transformer_decoder(image_shape, latent_dim, widths)
    sizes = (latent_dim, *reversed(widths), math.prod(image_shape))
    return nn.Sequential(*_dense(sizes), nn.Unflatten(1, image_shape))


def initialise(model: nn.Module, generator: torch.Generator) -> None:
    """Draw every weight from the generator.

    Layers get PyTorch's default, U(−1/√fan_in, 1/√fan_in); embeddings N(0, 1), its default too;
    positions N(0, 0.02²) (Dosovitskiy et al. 2021, An Image is Worth 16×16 Words).
    """
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                # PyTorch counts a transposed kernel's fan-in over dimension 1 as well.
                bound = 1 / math.sqrt(layer.weight[0].numel())
                layer.weight.uniform_(-bound, bound, generator=generator)
                assert layer.bias is not None
                layer.bias.uniform_(-bound, bound, generator=generator)
            elif isinstance(layer, nn.Embedding):
                layer.weight.normal_(generator=generator)
            elif isinstance(layer, Positions):
                layer.weight.normal_(std=POSITION_DEVIATION, generator=generator)


def _dense(sizes: tuple[int, ...]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU(inplace=True)]
    return layers[:-1]


def _sides(image_shape: ImageShape, n_stages: int) -> list[tuple[int, int]]:
    """(H, W) before the first stage and after each."""
    sides = [image_shape[1:]]
    for _ in range(n_stages):
        height, width = sides[-1]
        sides.append((height // STRIDE, width // STRIDE))
    return sides


def _conv_encoder(
    image_shape: ImageShape, n_outputs: int, widths: tuple[int, ...]
) -> nn.Sequential:
    channels = (image_shape[0], *widths)
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(channels):
        layers += [nn.Conv2d(n_in, n_out, KERNEL, STRIDE, PADDING), nn.ReLU(inplace=True)]
    height, width = _sides(image_shape, len(widths))[-1]
    features = channels[-1] * height * width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, n_outputs))


def _conv_decoder(
    image_shape: ImageShape, latent_dim: int, widths: tuple[int, ...]
) -> nn.Sequential:
    sides = _sides(image_shape, len(widths))
    channels = (image_shape[0], *widths)
    height, width = sides[-1]
    layers: list[nn.Module] = [
        nn.Linear(latent_dim, channels[-1] * height * width),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, (channels[-1], height, width)),
    ]
    for stage in reversed(range(len(widths))):
        # Halving an odd side drops a row or column; output padding gives it back.
        lost = (sides[stage][0] % STRIDE, sides[stage][1] % STRIDE)
        up = nn.ConvTranspose2d(
            channels[stage + 1], channels[stage], KERNEL, STRIDE, PADDING, output_padding=lost
        )
        layers += [up, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])
