import json
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from vizmodels.errors import NotExportable
from vizmodels.export.layer_program import LayerProgram, layer_program
from vizmodels.models import build_model
from vizmodels.models.autoencoder import PlainAutoencoder
from vizmodels.specs import AutoencoderSpec, VAESpec


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def plain(*decoder: nn.Module, image_shape: tuple[int, int, int] = (1, 4, 4)) -> PlainAutoencoder:
    """A model whose decoder has these layers; its encoder is one linear layer."""
    pixels = image_shape[0] * image_shape[1] * image_shape[2]
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 2))
    model = PlainAutoencoder(encoder, nn.Sequential(*decoder), "sigmoid")
    model.image_shape, model.latent_dim = image_shape, 2
    return model.eval()


def values(program: LayerProgram, place: list[int]) -> np.ndarray:
    offset, count = place
    return np.frombuffer(program.weights, "<f2")[offset : offset + count].astype(np.float32)


def run_convolution(program: LayerProgram, layer: dict[str, Any], x: torch.Tensor) -> torch.Tensor:
    """What the exported layer says, computed by PyTorch."""
    transposed = layer["op"] == "conv_transpose2d"
    channels = [layer["n_in"], layer["n_out"]] if transposed else [layer["n_out"], layer["n_in"]]
    weight = torch.from_numpy(values(program, layer["weight"])).view(*channels, *layer["kernel"])
    bias = torch.from_numpy(values(program, layer["bias"]))
    if transposed:
        return nn.functional.conv_transpose2d(
            x, weight, bias, layer["stride"], layer["padding"], layer["output_padding"]
        )
    return nn.functional.conv2d(x, weight, bias, layer["stride"], layer["padding"])


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        (VAESpec(backbone="mlp", latent_dim=2), (1, 28, 28)),
        (VAESpec(backbone="conv", latent_dim=3), (3, 33, 45)),
        (AutoencoderSpec(backbone="linear", latent_dim=4), (1, 8, 8)),
    ],
)
def test_offsets_cover_the_buffer_exactly_once(
    generator: torch.Generator, spec: VAESpec | AutoencoderSpec, shape: tuple[int, int, int]
) -> None:
    program = layer_program(build_model(spec, shape, generator))
    layers = program.header["decoder"] + program.header["encoder"]
    places = sorted(
        layer[part] for layer in layers if "weight" in layer for part in ("weight", "bias")
    )
    end = 0
    for offset, count in places:
        assert offset == end
        end += count
    assert len(program.weights) == 2 * end


def test_the_buffer_holds_the_weights_in_half_precision(generator: torch.Generator) -> None:
    model = build_model(VAESpec(latent_dim=2), (1, 8, 8), generator)
    program = layer_program(model)
    layer = program.header["decoder"][0]
    expected = model.decoder[0].weight.detach().half().float().numpy().ravel()
    np.testing.assert_array_equal(values(program, layer["weight"]), expected)


def test_the_header_describes_the_model_and_survives_json(generator: torch.Generator) -> None:
    program = layer_program(
        build_model(VAESpec(backbone="conv", latent_dim=3), (1, 28, 28), generator)
    )
    header = json.loads(program.to_json())
    assert header == program.header
    assert header["format"] == 1
    assert header["image_shape"] == [1, 28, 28]
    assert header["latent_dim"] == 3
    assert header["posterior"] is True
    assert [layer["op"] for layer in header["decoder"]] == [
        *("linear", "relu", "reshape", "conv_transpose2d", "relu", "conv_transpose2d", "sigmoid")
    ]
    assert header["encoder"][-1]["n_out"] == 6, "mu and log_var of three axes"


def test_a_linear_model_ends_with_clamp_and_has_no_posterior(generator: torch.Generator) -> None:
    model = build_model(AutoencoderSpec(backbone="linear", latent_dim=2), (1, 8, 8), generator)
    header = layer_program(model).header
    assert header["decoder"][-1] == {"op": "clamp"}
    assert header["posterior"] is False
    assert header["encoder"][0] == {"op": "reshape", "shape": [64]}


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("has_bias", [False, True])
def test_batch_normalisation_is_folded_into_its_convolution(
    generator: torch.Generator, transposed: bool, has_bias: bool
) -> None:
    kind = nn.ConvTranspose2d if transposed else nn.Conv2d
    convolution, norm = kind(3, 5, 3, padding=1, bias=has_bias), nn.BatchNorm2d(5)
    with torch.no_grad():
        for tensor in (norm.weight, norm.bias, norm.running_mean, convolution.weight):
            tensor.normal_(generator=generator)
        norm.running_var.uniform_(0.5, 2, generator=generator)
    model = plain(nn.Linear(2, 48), nn.Unflatten(1, (3, 4, 4)), convolution, norm)
    program = layer_program(model)
    x = torch.randn(2, 3, 4, 4, generator=generator)
    ops = [layer["op"] for layer in program.header["decoder"]]
    assert ops == ["linear", "reshape", "conv_transpose2d" if transposed else "conv2d", "sigmoid"]
    with torch.no_grad():
        expected = norm(convolution(x))
    result = run_convolution(program, program.header["decoder"][2], x)
    assert_allclose(result.numpy(), expected.numpy(), atol=1e-2)


@pytest.mark.parametrize(
    "layer",
    [nn.Tanh(), nn.BatchNorm2d(1), nn.GELU(approximate="tanh"), nn.Conv2d(1, 1, 3, dilation=2)],
)
def test_an_unknown_layer_is_named_in_one_sentence(layer: nn.Module) -> None:
    model = plain(nn.Linear(2, 16), nn.Unflatten(1, (1, 4, 4)), nn.ReLU(), layer)
    with pytest.raises(
        NotExportable, match=r"A layer for the browser must be linear, .*; got "
    ) as error:
        layer_program(model)
    assert type(layer).__name__ in str(error.value)
    assert str(error.value).endswith("Decode this model on the server.")


@pytest.mark.parametrize("value", [70000.0, float("nan"), float("inf")])
def test_a_weight_that_half_precision_cannot_hold_is_refused(value: float) -> None:
    model = plain(nn.Linear(2, 16), nn.Unflatten(1, (1, 4, 4)))
    with torch.no_grad():
        model.decoder[0].weight[3, 1] = value
    with pytest.raises(NotExportable, match=r"must be finite and at most 65504 in size; got"):
        layer_program(model)
