"""One `op` of a layer program for each PyTorch layer that the browser knows."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from vizmodels.errors import NotExportable
from vizmodels.export.weight_buffer import WeightBuffer
from vizmodels.models.layers import Attention, Permute, Positions, Residual, Shift, TopLeft

Layer = dict[str, Any]
Shape = tuple[int, ...]


def export_layers(sequence: nn.Sequential, shape: Shape, weights: WeightBuffer) -> list[Layer]:
    """The layers of a sequence, their weights appended to the buffer.

    Parameters
    ----------
    sequence : batch normalisation right after a convolution is folded into it with its running
        statistics, as in evaluation mode
    shape : of what goes in, without the batch axis
    weights : grows

    Raises
    ------
    NotExportable : a layer the browser does not know, or a weight float16 cannot hold
    """
    layers: list[Layer] = []
    modules = list(sequence)
    while modules:
        module = modules.pop(0)
        norm = None
        if modules and isinstance(modules[0], nn.BatchNorm2d) and _is_convolution(module):
            norm = modules.pop(0)
        layer, shape = _export(module, norm, shape, weights)
        layers.append(layer)
    return layers


def _export(
    module: nn.Module, norm: nn.Module | None, shape: Shape, weights: WeightBuffer
) -> tuple[Layer, Shape]:
    """One layer, and the shape of what comes out of it."""
    match module:
        case nn.Conv2d() | nn.ConvTranspose2d():
            layer = _convolution(module, norm, weights)
            return layer, (module.out_channels, *_sides(layer, shape[1:]))
        case nn.Linear():
            return _linear(module, weights), (*shape[:-1], module.out_features)
        case nn.Flatten(start_dim=1, end_dim=-1):
            return _reshape((math.prod(shape),))
        case nn.Unflatten(dim=1):
            return _reshape(tuple(int(side) for side in module.unflattened_size))
        case Permute():
            permuted = tuple(module.shape[axis] for axis in module.order)
            return {**_sizes("permute", module.shape), "order": list(module.order)}, permuted
        case TopLeft(height=height, width=width):
            return {"op": "top_left", "height": height, "width": width}, (shape[0], height, width)
        case Positions():
            return {"op": "add", "weight": weights.add(module.weight)}, shape
        case Shift(by=by):
            return {"op": "add", "weight": weights.add(torch.full(shape, by))}, shape
        case nn.LayerNorm() if len(module.normalized_shape) == 1:
            return _layer_norm(module, weights), shape
        case Attention():
            return {"op": "attention", "heads": module.n_heads}, (*shape[:-1], shape[-1] // 3)
        case Residual():
            return {"op": "residual", "layers": export_layers(module.layers, shape, weights)}, shape
        case _:
            return {"op": _activation(module)}, shape


def _activation(module: nn.Module) -> str:
    match module:
        case nn.ReLU():
            return "relu"
        case nn.SiLU():
            return "silu"
        case nn.GELU(approximate="none"):
            return "gelu"
        case nn.Sigmoid():
            return "sigmoid"
        case _:
            raise _unknown(module)


def _sizes(op: str, shape: Shape) -> Layer:
    return {"op": op, "shape": list(shape)}


def _reshape(shape: Shape) -> tuple[Layer, Shape]:
    return _sizes("reshape", shape), shape


def _linear(module: nn.Linear, weights: WeightBuffer) -> Layer:
    return {
        "op": "linear",
        "n_in": module.in_features,
        "n_out": module.out_features,
        "weight": weights.add(module.weight),
        "bias": weights.add(_bias(module, module.out_features)),
    }


def _layer_norm(module: nn.LayerNorm, weights: WeightBuffer) -> Layer:
    (n,) = module.normalized_shape
    weight = module.weight if module.elementwise_affine else torch.ones(n)
    return {
        "op": "layer_norm",
        "n": n,
        "eps": module.eps,
        "weight": weights.add(weight),
        "bias": weights.add(_bias(module, n)),
    }


def _bias(module: nn.Module, n_out: int) -> Tensor:
    """The layer's bias; zeros where it has none, so that every exported layer has one."""
    return dict(module.named_parameters()).get("bias", torch.zeros(n_out)).detach()


def _is_convolution(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d | nn.ConvTranspose2d)


def _convolution(
    module: nn.Conv2d | nn.ConvTranspose2d, norm: nn.Module | None, weights: WeightBuffer
) -> Layer:
    """One convolution, with the batch normalisation after it folded in."""
    plain = module.groups == 1 and set(module.dilation) == {1} and module.padding_mode == "zeros"
    if not plain or isinstance(module.padding, str):
        raise _unknown(module)
    transposed = isinstance(module, nn.ConvTranspose2d)
    weight = module.weight.detach().double()
    bias = _bias(module, module.out_channels).to(weight)
    if norm is not None:
        # y = scale·(W x + b) + shift; a transposed kernel has its outputs on axis 1.
        scale, shift = _scale_and_shift(norm)
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
        "linear, a convolution (with batch normalisation), layer normalisation, attention, relu, "
        "silu, gelu, sigmoid, or one that moves or adds values",
        str(module),
        "Decode this model on the server.",
    )
