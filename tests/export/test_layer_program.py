import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from vizmodels.errors import NotExportable
from vizmodels.export.latent_bytes import latent_bytes
from vizmodels.export.layer_program import PROGRAM_FORMAT, LayerProgram, layer_program
from vizmodels.models import build_model
from vizmodels.models.autoencoder import PlainAutoencoder
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.specs import (
    AutoencoderSpec,
    AutoencodingSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
)


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


def vq_vae(generator: torch.Generator) -> VQVAE:
    """Untrained, with random codes: 16 of them, of 3 numbers."""
    spec = VQVAESpec(channels=8, code_dim=3, codebook_size=16)
    model = build_model(spec, (1, 28, 28), generator).eval()
    assert isinstance(model, VQVAE)
    model.quantizer.start_at(torch.randn(16, 3, generator=generator))
    return model


def values(program: LayerProgram, place: list[int]) -> np.ndarray:
    offset, count = place
    kind = {16: "<f2", 32: "<f4"}[program.header["bits"]]
    return np.frombuffer(program.weights, kind)[offset : offset + count].astype(np.float32)


def places_in(layers: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    """[offset, count] of everything that layers and those within them read."""
    for layer in layers:
        yield from (tuple(layer[part]) for part in ("weight", "bias") if part in layer)
        yield from places_in(layer.get("layers", []))


def ops(layers: list[dict[str, Any]]) -> list[Any]:
    """The ops of layers, those within a residual as a list of their own."""
    return [ops(layer["layers"]) if "layers" in layer else layer["op"] for layer in layers]


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
        (VAESpec(backbone="transformer", latent_dim=3), (3, 30, 31)),
        (DiscreteVAESpec(n_variables=3, n_classes=4, continuous_dim=2), (1, 8, 8)),
        (VQVAESpec(channels=8, code_dim=3), (1, 28, 28)),
    ],
)
def test_offsets_cover_the_buffer_exactly_once(
    generator: torch.Generator, spec: AutoencodingSpec, shape: tuple[int, int, int]
) -> None:
    program = layer_program(build_model(spec, shape, generator))
    places = set(places_in(program.header["decoder"] + program.header["encoder"]))
    end = 0
    for offset, count in sorted(places):
        assert offset == end
        end += count
    assert 8 * len(program.weights) == program.header["bits"] * end


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
    assert header["format"] == PROGRAM_FORMAT
    assert header["image_shape"] == [1, 28, 28]
    assert header["latent_dim"] == 3
    assert header["posterior"] is True
    assert ops(header["decoder"]) == [
        *("linear", "relu", "reshape", "conv_transpose2d", "relu", "conv_transpose2d", "sigmoid")
    ]
    assert header["encoder"][-1]["n_out"] == 6, "mu and log_var of three axes"


def test_a_linear_model_ends_with_clamp_and_has_no_posterior(generator: torch.Generator) -> None:
    model = build_model(AutoencoderSpec(backbone="linear", latent_dim=2), (1, 8, 8), generator)
    header = layer_program(model).header
    assert header["decoder"][-1] == {"op": "clamp"}
    assert header["posterior"] is False
    assert header["encoder"][0] == {"op": "reshape", "shape": [64]}


def test_a_transformer_is_made_of_residuals_of_tokens(generator: torch.Generator) -> None:
    spec = AutoencoderSpec(backbone="transformer", latent_dim=2, widths=(32,))
    header = layer_program(build_model(spec, (1, 28, 28), generator)).header
    blocks = [
        ["layer_norm", "linear", "attention", "linear"],
        ["layer_norm", "linear", "gelu", "linear"],
    ]
    assert ops(header["encoder"]) == [
        *("top_left", "permute", "reshape", "reshape", "linear", "add"),
        *blocks,
        *("layer_norm", "reshape", "linear"),
    ]
    assert ops(header["decoder"]) == [
        *("linear", "reshape", "add"),
        *blocks,
        *("layer_norm", "linear", "permute", "reshape", "reshape", "top_left", "sigmoid"),
    ]
    assert header["encoder"][6]["layers"][2] == {"op": "attention", "heads": 2}


def test_a_discrete_vae_gives_probabilities_and_means_without_log_var(
    generator: torch.Generator,
) -> None:
    spec = DiscreteVAESpec(n_variables=3, n_classes=4, continuous_dim=2)
    model = build_model(spec, (1, 8, 8), generator)
    program = layer_program(model)
    last, softmax = program.header["encoder"][-2:]
    assert softmax == {"op": "softmax", "groups": 3, "classes": 4}
    assert program.header["latent_dim"] == last["n_out"] == 14
    expected = model.encoder[-1].weight.detach()[:14].half().float().numpy().ravel()
    np.testing.assert_array_equal(values(program, last["weight"]), expected)
    assert program.header["posterior"] is False


def test_a_vq_vae_lives_on_its_code_vectors(generator: torch.Generator) -> None:
    model = vq_vae(generator)
    program = layer_program(model)
    header = json.loads(program.to_json())
    assert header["latent_dim"] == 7 * 7 * 3
    assert header["decoder"][0] == {"op": "reshape", "shape": [49, 3]}
    assert header["decoder"][1] == header["encoder"][-1]
    codes = header["codes"]
    assert (codes["cells"], codes["n_codes"], codes["code_dim"]) == (49, 16, 3)
    codebook = values(program, codes["weight"])
    np.testing.assert_array_equal(codebook, model.quantizer.codebook.flatten().numpy())


@pytest.mark.parametrize(
    ("spec", "bits"),
    [
        (VAESpec(backbone="mlp"), 16),
        (VAESpec(backbone="conv"), 16),
        (VAESpec(backbone="transformer"), 32),
        (DiscreteVAESpec(), 16),
        (VQVAESpec(channels=8), 32),
    ],
)
def test_attention_and_codes_are_sent_in_single_precision_unless_half_is_exact(
    generator: torch.Generator, spec: AutoencodingSpec, bits: int
) -> None:
    model = build_model(spec, (1, 28, 28), generator)
    assert layer_program(model).header["bits"] == bits
    with torch.no_grad():
        for weight in model.state_dict().values():
            weight.copy_(weight.half())
    assert layer_program(model).header["bits"] == 16


def test_a_prior_over_codes_is_exported_as_its_vq_vae(generator: torch.Generator) -> None:
    spec = VQVAESpec(channels=8, code_dim=3, codebook_size=16)
    prior = build_model(PixelCNNSpec(vq_run="0" * 12, vqvae=spec), (1, 28, 28), generator)
    assert isinstance(prior, VQPrior)
    assert layer_program(prior) == layer_program(prior.vqvae)


def test_a_classifier_is_refused_with_a_sentence(generator: torch.Generator) -> None:
    model = build_model(ClassifierSpec(widths=(8,)), (1, 8, 8), generator, n_classes=3)
    with pytest.raises(NotExportable) as error:
        layer_program(model)
    assert str(error.value) == (
        "A model for the browser must be one that encodes pictures and decodes latents; "
        "got Classifier. Choose another run."
    )


def test_latents_leave_as_numbers_and_those_of_a_vq_vae_as_codes(
    generator: torch.Generator,
) -> None:
    plain_model = build_model(VAESpec(latent_dim=2), (1, 8, 8), generator)
    z = torch.randn(5, 2, generator=generator).numpy()
    assert latent_bytes(plain_model, z) == z.astype("<f4").tobytes()
    discrete = build_model(DiscreteVAESpec(n_variables=2, n_classes=3), (1, 8, 8), generator)
    probabilities = torch.rand(5, discrete.embedding_dim, generator=generator).numpy()
    halved = np.frombuffer(latent_bytes(discrete, probabilities), "<f2").reshape(5, -1)
    np.testing.assert_allclose(halved, probabilities, atol=2.0**-11)
    model = vq_vae(generator)
    codes = torch.randint(16, (1200, 49), generator=generator)
    sent = latent_bytes(model, model.embed(codes.float()).numpy())
    assert len(sent) == 2 * 1200 * 49
    read = np.frombuffer(sent, "<u2").reshape(1200, 49)
    np.testing.assert_array_equal(read, codes.numpy())


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
    assert ops(program.header["decoder"]) == [
        "linear",
        "reshape",
        "conv_transpose2d" if transposed else "conv2d",
        "sigmoid",
    ]
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
