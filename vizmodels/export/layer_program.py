"""A model as the browser reads it: a list of layers and one buffer of half-precision weights.

Nothing but these layers is ever run there, so what a visitor's browser executes is the app's own
code, and a model is data. `assets/stage/layers.js` has one function for each `op` written here.
"""

import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vizmodels.errors import NotExportable
from vizmodels.models.autoencoder import Autoencoder, PlainAutoencoder
from vizmodels.models.vae import VAE

PROGRAM_FORMAT = 1
"""Raise it when a browser that knows the old format would decode the new one wrongly."""

LARGEST_WEIGHT = float(np.finfo(np.float16).max)

Layer = dict[str, Any]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerProgram:
    """A model's encoder and decoder, ready to be sent.

    Attributes
    ----------
    header : JSON-able; `decoder` and `encoder` list layers, each with its `op` and its sizes, and
        `weight` and `bias` as [offset, count] counted in float16 values
    weights : every weight once, little-endian float16
    """

    header: dict[str, Any]
    weights: bytes

    def to_json(self) -> str:
        """The header, without needless spaces."""
        return json.dumps(self.header, separators=(",", ":"))


def layer_program(model: Autoencoder) -> LayerProgram:
    """The layer program of a trained model.

    A decoder ends with its output function, so that it gives pixels in [0, 1]. A VAE's encoder
    gives 2·D values, mu before log_var, and its header says `posterior: true`.

    Parameters
    ----------
    model : with `encoder` and `decoder` that are plain layer sequences; batch normalisation is
        folded with its running statistics, as in evaluation mode

    Raises
    ------
    NotExportable : a layer the browser does not know, or a weight float16 cannot hold

    Notes
    -----
    Rounding to float16 moves a weight by at most 1 part in 2048; the tests hold decoded pixels
    within 2e-3 of the model's own.
    """
    if not isinstance(model, PlainAutoencoder | VAE):
        raise NotExportable(
            "A model for the browser",
            "an autoencoder or a VAE made of plain layers",
            type(model).__name__,
            "Decode it on the server.",
        )
    output = model.output if isinstance(model, PlainAutoencoder) else "sigmoid"
    weights = _Weights()
    decoder = _layers(model.decoder, (model.latent_dim,), weights)
    encoder = _layers(model.encoder, model.image_shape, weights)
    header = {
        "format": PROGRAM_FORMAT,
        "image_shape": list(model.image_shape),
        "latent_dim": model.latent_dim,
        "posterior": isinstance(model, VAE),
        "decoder": [*decoder, {"op": output}],
        "encoder": encoder,
    }
    return LayerProgram(header, weights.to_bytes())


@dataclass
class _Weights:
    """The weight buffer as it grows."""

    parts: list[bytes] = field(default_factory=list[bytes])
    n_values: int = 0

    def add(self, values: Tensor) -> list[int]:
        """Append one tensor, row-major; returns its [offset, count]."""
        flat = values.detach().cpu().double().numpy().ravel()
        largest = float(np.abs(flat).max(initial=0.0))
        if not largest <= LARGEST_WEIGHT:  # `not <=` also catches NaN
            raise NotExportable(
                "A weight for the browser",
                f"finite and at most {LARGEST_WEIGHT:.0f} in size",
                f"{largest:g}",
                "Train the model again with a lower learning rate.",
            )
        place = [self.n_values, flat.size]
        self.parts.append(flat.astype("<f2").tobytes())
        self.n_values += flat.size
        return place

    def to_bytes(self) -> bytes:
        return b"".join(self.parts)


def _layers(sequence: nn.Sequential, shape: Shape, weights: _Weights) -> list[Layer]:
    """The layers of one side; `shape` is what goes in, without the batch axis."""
    layers: list[Layer] = []
    modules = list(sequence)
    while modules:
        module = modules.pop(0)
        scale = shift = None
        if modules and isinstance(modules[0], nn.BatchNorm2d) and _is_convolution(module):
            scale, shift = _scale_and_shift(modules.pop(0))
        match module:
            case nn.Linear():
                layer = _linear(module, weights)
                shape = (*shape[:-1], module.out_features)
            case nn.Conv2d() | nn.ConvTranspose2d():
                layer = _convolution(module, scale, shift, weights)
                shape = (module.out_channels, *_sides(layer, shape[1:]))
            case nn.Flatten(start_dim=1, end_dim=-1):
                shape = (math.prod(shape),)
                layer = {"op": "reshape", "shape": list(shape)}
            case nn.Unflatten(dim=1):
                shape = tuple(int(side) for side in module.unflattened_size)
                layer = {"op": "reshape", "shape": list(shape)}
            case nn.ReLU():
                layer = {"op": "relu"}
            case nn.SiLU():
                layer = {"op": "silu"}
            case nn.GELU(approximate="none"):
                layer = {"op": "gelu"}
            case nn.Sigmoid():
                layer = {"op": "sigmoid"}
            case _:
                raise _unknown(module)
        layers.append(layer)
    return layers


def _is_convolution(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d | nn.ConvTranspose2d)


def _linear(module: nn.Linear, weights: _Weights) -> Layer:
    return {
        "op": "linear",
        "n_in": module.in_features,
        "n_out": module.out_features,
        "weight": weights.add(module.weight),
        "bias": weights.add(_bias(module, module.out_features)),
    }


def _bias(module: nn.Module, n_out: int) -> Tensor:
    """The layer's bias; zeros where it has none, so that every exported layer has one."""
    return dict(module.named_parameters()).get("bias", torch.zeros(n_out)).detach()


def _convolution(
    module: nn.Conv2d | nn.ConvTranspose2d,
    scale: Tensor | None,
    shift: Tensor | None,
    weights: _Weights,
) -> Layer:
    """One convolution, with the batch normalisation after it folded in."""
    plain = module.groups == 1 and set(module.dilation) == {1} and module.padding_mode == "zeros"
    if not plain or isinstance(module.padding, str):
        raise _unknown(module)
    transposed = isinstance(module, nn.ConvTranspose2d)
    weight = module.weight.detach().double()
    bias = _bias(module, module.out_channels).to(weight)
    if scale is not None and shift is not None:
        # y = scale·(W x + b) + shift; a transposed kernel has its outputs on axis 1.
        weight = weight * (scale[None, :, None, None] if transposed else scale[:, None, None, None])
        bias = bias * scale + shift
    layer: Layer = {
        "op": "conv_transpose2d" if transposed else "conv2d",
        "n_in": module.in_channels,
        "n_out": module.out_channels,
        "kernel": list(module.kernel_size),
        "stride": list(module.stride),
        "padding": list(module.padding),
    }
    if transposed:
        layer["output_padding"] = list(module.output_padding)
    return {**layer, "weight": weights.add(weight), "bias": weights.add(bias)}


def _scale_and_shift(norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Batch normalisation in evaluation mode, as y = scale·x + shift per channel."""
    assert isinstance(norm, nn.BatchNorm2d)
    if norm.running_mean is None or norm.running_var is None:
        raise _unknown(norm)
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    shift = -norm.running_mean.double() * scale
    if norm.affine:
        gamma, beta = norm.weight.detach().double(), norm.bias.detach().double()
        return scale * gamma, shift * gamma + beta
    return scale, shift


def _sides(layer: Layer, sides: Shape) -> Shape:
    """(H, W) after a convolution without dilation."""
    transposed = layer["op"] == "conv_transpose2d"
    result: list[int] = []
    for axis, side in enumerate(sides):
        kernel, stride = layer["kernel"][axis], layer["stride"][axis]
        padding = layer["padding"][axis]
        if transposed:
            grown = (side - 1) * stride - 2 * padding + kernel
            result.append(grown + layer["output_padding"][axis])
        else:
            result.append((side + 2 * padding - kernel) // stride + 1)
    return tuple(result)


def _unknown(module: nn.Module) -> NotExportable:
    return NotExportable(
        "A layer for the browser",
        "linear, a convolution (with batch normalisation), relu, silu, gelu, sigmoid or a reshape",
        str(module),
        "Decode this model on the server.",
    )
