"""Every layer the browser runs, against PyTorch, in a real Chromium."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from playwright.sync_api import Page
from stage_site import StageSite
from torch import Tensor, nn

from vizmodels.export.layer_ops import export_layers
from vizmodels.export.layer_program import layer_program
from vizmodels.export.weight_buffer import WeightBuffer
from vizmodels.models import build_model
from vizmodels.models.codes.quantizer import Quantizer
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.layers import Attention, Permute, Positions, Residual, TopLeft
from vizmodels.specs import AutoencoderSpec, DiscreteVAESpec, VAESpec, VQVAESpec

PIXEL_TOLERANCE = 2e-3  # half precision of the weights, on pixels in [0, 1]
GAIN = 2.5  # of fresh weights, so that decoded pictures reach black and white as trained ones do

CALL_LAYER = """async ([op, length, size, ...inputs]) => {
  const layers = await import("./stage/network/layers.js");
  const convolution = await import("./stage/network/convolution.js");
  const [x, weight, bias] = inputs.map((values) => values && Float32Array.from(values));
  const out = new Float32Array(length);
  if (op === "linear") layers.linear(out, x, weight, bias);
  else if (!size) layers[op](out, x);
  else {
    const [height, width] = size.sides;
    const taps = size.kernel[0] * size.kernel[1];
    if (op === "conv2d") {
      const patches = new Float32Array(length / size.n_out * size.n_in * taps);
      convolution.conv2d(out, x, weight, bias, size, height, width, patches);
    } else {
      const scratch = { pixels: new Float32Array(x.length),
                        taps: new Float32Array(size.n_out * taps * height * width) };
      const packed = convolution.repackTransposed(weight, size);
      convolution.convTranspose2d(out, x, packed, bias, size, height, width, scratch);
    }
  }
  return Array.from(out);
}"""

RUN_LAYERS = """async ([layers, weights, shape, inputs]) => {
  const { compile } = await import("./stage/network/decoder.js");
  const side = compile(layers, Float32Array.from(weights), shape, "these layers");
  const given = inputs.map((x) => Float32Array.from(x));
  const results = given.map((x) => Array.from(side.run(x)));
  return { results, shape: side.shape, given: given.map((x) => Array.from(x)) };
}"""

RUN_PROGRAM = """async ([key, side, inputs]) => {
  const { compile, readWeights } = await import("./stage/network/decoder.js");
  const program = await (await fetch(`artefacts/${key}.json`)).json();
  const buffer = await (await fetch(`artefacts/${key}.bin`)).arrayBuffer();
  const weights = readWeights(program, buffer, key);
  const shape = side === "decoder" ? [program.latent_dim] : program.image_shape;
  const { run } = compile(program[side], weights, shape, key);
  return inputs.map((x) => Array.from(run(Float32Array.from(x))));
}"""


@dataclass
class Ran:
    """What the browser made of some inputs."""

    results: list[list[float]]
    shape: list[int]
    given: list[list[float]]


def run_layers(page: Page, layers: list[Any], weights: Any, x: Tensor) -> Ran:
    """Run layers on each row of x, whose shape without the batch axis they are compiled for."""
    rows = x.flatten(1).tolist()
    ran = Ran(**page.evaluate(RUN_LAYERS, [layers, weights, list(x.shape[1:]), rows]))
    assert ran.given == rows, "the input stays as it is"
    return ran


def flat(tensor: Tensor) -> list[float]:
    return tensor.detach().flatten().tolist()


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(7)


@pytest.mark.parametrize(
    ("op", "layer"),
    [
        ("relu", nn.ReLU()),
        ("silu", nn.SiLU()),
        ("gelu", nn.GELU()),
        ("sigmoid", nn.Sigmoid()),
        ("clamp", nn.Hardtanh(0, 1)),
    ],
)
def test_elementwise_layers_equal_pytorch(
    shared_page: Page, generator: torch.Generator, op: str, layer: nn.Module
) -> None:
    x = torch.cat([4 * torch.randn(97, generator=generator), torch.tensor([0.0, 1.0, -90.0, 90.0])])
    result = shared_page.evaluate(CALL_LAYER, [op, len(x), None, flat(x)])
    assert_allclose(result, flat(layer(x)), atol=2e-6)


@pytest.mark.parametrize(("n_in", "n_out"), [(1, 1), (2, 512), (7, 5), (33, 18)])
def test_linear_equals_pytorch(
    shared_page: Page, generator: torch.Generator, n_in: int, n_out: int
) -> None:
    x, weight, bias = (
        torch.randn(s, generator=generator) for s in ((n_in,), (n_out, n_in), (n_out,))
    )
    result = shared_page.evaluate(
        CALL_LAYER, ["linear", n_out, None, flat(x), flat(weight), flat(bias)]
    )
    assert_allclose(result, flat(nn.functional.linear(x, weight, bias)), atol=1e-5)


# n_in, n_out, sides, kernel, stride, padding, output padding
SIZES = [
    (1, 1, (1, 1), (1, 1), (1, 1), (0, 0), (0, 0)),
    (3, 5, (9, 6), (4, 4), (2, 2), (1, 1), (0, 0)),
    (2, 4, (7, 11), (4, 4), (2, 2), (1, 1), (1, 1)),
    (4, 3, (8, 5), (3, 2), (1, 3), (1, 0), (0, 2)),
    (2, 2, (5, 5), (5, 5), (3, 2), (2, 2), (2, 0)),
]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("op", ["conv2d", "conv_transpose2d"])
def test_convolutions_equal_pytorch(
    shared_page: Page, generator: torch.Generator, op: str, size: tuple[Any, ...]
) -> None:
    n_in, n_out, sides, kernel, stride, padding, output_padding = size
    transposed = op == "conv_transpose2d"
    x = torch.randn(n_in, *sides, generator=generator)
    channels = (n_in, n_out) if transposed else (n_out, n_in)
    weight = torch.randn(*channels, *kernel, generator=generator)
    bias = torch.randn(n_out, generator=generator)
    if transposed:
        expected = nn.functional.conv_transpose2d(x, weight, bias, stride, padding, output_padding)
    else:
        expected = nn.functional.conv2d(x, weight, bias, stride, padding)
    sizes = {"n_in": n_in, "n_out": n_out, "sides": sides, "kernel": kernel, "stride": stride}
    sizes |= {"padding": padding, "output_padding": output_padding}
    name = "convTranspose2d" if transposed else "conv2d"
    call = [name, expected.numel(), sizes, flat(x), flat(weight), flat(bias)]
    assert_allclose(shared_page.evaluate(CALL_LAYER, call), flat(expected), atol=2e-5)


# The layers, and the shape of what goes in.
MODULES: dict[str, tuple[list[nn.Module], tuple[int, ...]]] = {
    "linear over rows": ([nn.Linear(7, 5)], (6, 7)),
    "linear over one row": ([nn.Linear(7, 5)], (1, 7)),
    "linear over a grid of rows": ([nn.Linear(3, 9, bias=False)], (2, 5, 3)),
    "permute": ([Permute((2, 3, 4), (2, 0, 1))], (24,)),
    "permute to patches": ([Permute((3, 4, 2, 4, 5), (1, 3, 0, 2, 4))], (3, 8, 20)),
    "crop": ([TopLeft(3, 4)], (2, 5, 7)),
    "pad": ([TopLeft(6, 9)], (3, 5, 7)),
    "crop one side and pad the other": ([TopLeft(4, 9)], (2, 5, 7)),
    "positions": ([Positions(6, 5)], (6, 5)),
    "layer normalisation": ([nn.LayerNorm(9)], (4, 9)),
    "layer normalisation without weights": (
        [nn.LayerNorm(9, eps=0.1, elementwise_affine=False)],
        (4, 9),
    ),
    "attention with one head": ([Attention(1)], (5, 12)),
    "attention with three heads": ([Attention(3)], (7, 3 * 3 * 4)),
    "attention of one token": ([Attention(2)], (1, 24)),
    "residual of the input": ([Residual(nn.ReLU(), nn.Linear(6, 6))], (3, 6)),
    "residual that keeps places": ([Residual(nn.GELU(), nn.Sigmoid())], (3, 6)),
    "residual after a layer": ([nn.Linear(6, 8), Residual(nn.SiLU())], (3, 6)),
    "residual in a residual": (
        [nn.Linear(6, 6), Residual(nn.GELU(), Residual(nn.ReLU(), nn.Linear(6, 6)), nn.SiLU())],
        (3, 6),
    ),
    "two residuals": (
        [Residual(nn.LayerNorm(6), nn.Linear(6, 6)), Residual(nn.Linear(6, 6), nn.GELU())],
        (3, 6),
    ),
    "residual of convolutions": (
        [Residual(nn.ReLU(), nn.Conv2d(3, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 3, 1))],
        (3, 5, 4),
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_layers_of_tokens_and_residuals_equal_pytorch(
    shared_page: Page, generator: torch.Generator, name: str
) -> None:
    modules, shape = MODULES[name]
    sequence = nn.Sequential(*modules)
    with torch.no_grad():
        for parameter in sequence.parameters():
            parameter.normal_(generator=generator)
        x = 2 * torch.randn(3, *shape, generator=generator)
        expected = sequence(x)
    buffer = WeightBuffer()
    layers = export_layers(sequence, shape, buffer)
    weights = np.frombuffer(buffer.to_bytes(32), "<f4").astype(float).tolist()
    ran = run_layers(shared_page, layers, weights, x)
    assert ran.shape == list(expected.shape[1:])
    assert_allclose(ran.results, expected.flatten(1).numpy(), atol=3e-5)


@pytest.mark.parametrize(("groups", "classes", "more"), [(1, 2, 0), (4, 5, 3), (3, 1, 1)])
def test_softmax_makes_probabilities_of_each_group_and_keeps_the_rest(
    shared_page: Page, generator: torch.Generator, groups: int, classes: int, more: int
) -> None:
    x = 30 * torch.randn(2, groups * classes + more, generator=generator)
    logits, rest = x[:, : groups * classes], x[:, groups * classes :]
    shares = logits.unflatten(1, (groups, classes)).softmax(dim=2).flatten(1)
    layer = {"op": "softmax", "groups": groups, "classes": classes}
    ran = run_layers(shared_page, [layer], [], x)
    assert_allclose(ran.results, torch.cat([shares, rest], dim=1).numpy(), atol=1e-6)


@pytest.mark.parametrize(("cells", "n_codes", "code_dim"), [(1, 2, 1), (49, 128, 16), (6, 7, 5)])
def test_every_vector_becomes_the_code_that_pytorch_finds(
    shared_page: Page, generator: torch.Generator, cells: int, n_codes: int, code_dim: int
) -> None:
    quantizer = Quantizer(n_codes, code_dim)
    quantizer.start_at(torch.randn(n_codes, code_dim, generator=generator))
    x = torch.randn(20, cells, code_dim, generator=generator)
    layer = {
        "op": "codebook",
        "n_codes": n_codes,
        "code_dim": code_dim,
        "weight": [0, n_codes * code_dim],
    }
    ran = run_layers(shared_page, [layer], flat(quantizer.codebook), x)
    expected = quantizer(x.flatten(0, 1)).vectors.view(20, -1)
    assert_allclose(ran.results, expected.numpy(), atol=2e-6)


MODELS = {
    "mlp 28×28": (VAESpec(backbone="mlp", latent_dim=2), (1, 28, 28)),
    "mlp 8×8": (AutoencoderSpec(backbone="mlp", latent_dim=3, widths=(40,)), (1, 8, 8)),
    "mlp 9×7, 3 channels": (VAESpec(backbone="mlp", latent_dim=5, widths=(31,)), (3, 9, 7)),
    "conv 28×28": (VAESpec(backbone="conv", latent_dim=16), (1, 28, 28)),
    "conv 8×8": (AutoencoderSpec(backbone="conv", latent_dim=2), (1, 8, 8)),
    "conv 32×32, 3 channels": (AutoencoderSpec(backbone="conv", latent_dim=64), (3, 32, 32)),
    "conv 33×45, 3 channels": (VAESpec(backbone="conv", latent_dim=4), (3, 33, 45)),
    "conv 33×45, 1 channel": (
        VAESpec(backbone="conv", latent_dim=4, widths=(8, 8, 8)),
        (1, 33, 45),
    ),
    "linear 28×28": (AutoencoderSpec(backbone="linear", latent_dim=8), (1, 28, 28)),
    "transformer 28×28": (VAESpec(backbone="transformer", latent_dim=2), (1, 28, 28)),
    "transformer 8×8": (AutoencoderSpec(backbone="transformer", latent_dim=3), (1, 8, 8)),
    "transformer 32×32, 3 channels": (
        AutoencoderSpec(backbone="transformer", latent_dim=64, widths=(48, 48, 48)),
        (3, 32, 32),
    ),
    "transformer 30×30": (VAESpec(backbone="transformer", latent_dim=16), (1, 30, 30)),
    "transformer 9×7, 3 channels": (
        VAESpec(backbone="transformer", latent_dim=4, widths=(16,)),
        (3, 9, 7),
    ),
    "discrete, 1 variable": (DiscreteVAESpec(n_variables=1, n_classes=2), (1, 8, 8)),
    "discrete, conv": (DiscreteVAESpec(backbone="conv"), (1, 28, 28)),
    "discrete beside 5 axes": (
        DiscreteVAESpec(n_variables=3, n_classes=10, continuous_dim=5),
        (1, 28, 28),
    ),
    "discrete beside 1 axis, transformer": (
        DiscreteVAESpec(backbone="transformer", n_variables=4, n_classes=7, continuous_dim=1),
        (3, 32, 32),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_whole_models_equal_pytorch(
    shared_page: Page, site: StageSite, generator: torch.Generator, name: str
) -> None:
    spec, shape = MODELS[name]
    model = build_model(spec, shape, generator).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(GAIN)
        z = torch.randn(4, spec.latent_dim, generator=generator)
        x = torch.rand(4, *shape, generator=generator)
        x_hat = model.decode(z).flatten(1).numpy()
        raw = (model.encode if spec.family == "discrete_vae" else model.encoder)(x).numpy()
    program = layer_program(model)
    site.files["/artefacts/model.json"] = program.to_json().encode()
    site.files["/artefacts/model.bin"] = program.weights

    decoded = shared_page.evaluate(RUN_PROGRAM, ["model", "decoder", z.tolist()])
    encoded = shared_page.evaluate(RUN_PROGRAM, ["model", "encoder", x.flatten(1).tolist()])

    assert x_hat.std() > 0.05, "pictures without contrast would hide an error"
    assert_allclose(decoded, x_hat, atol=PIXEL_TOLERANCE)
    assert_allclose(encoded, raw, atol=PIXEL_TOLERANCE * max(1, np.abs(raw).max()))


# The last number is the gain: the narrower and shallower, the more a picture needs for contrast.
VQ_MODELS = {
    "28×28, quarter": (VQVAESpec(), (1, 28, 28), 2.0),
    "28×28, half": (VQVAESpec(grid="half", channels=16, code_dim=3), (1, 28, 28), 1.5),
    "28×28, eighth": (VQVAESpec(grid="eighth", codebook_size=512), (1, 28, 28), 2.2),
    "32×32, 3 channels, quarter": (VQVAESpec(code_dim=8), (3, 32, 32), 2.0),
    "32×32, 3 channels, eighth": (VQVAESpec(grid="eighth", n_residual=0), (3, 32, 32), 2.5),
    "30×29, quarter": (
        VQVAESpec(channels=12, codebook_size=5, code_dim=1),
        (1, 30, 29),
        2.0,
    ),
}


@pytest.mark.parametrize("name", VQ_MODELS)
def test_whole_vq_vaes_equal_pytorch_on_the_codes_and_off_them(
    shared_page: Page, site: StageSite, generator: torch.Generator, name: str
) -> None:
    spec, shape, gain = VQ_MODELS[name]
    model = build_model(spec, shape, generator).eval()
    assert isinstance(model, VQVAE)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(gain)
        x = torch.rand(4, *shape, generator=generator)
        vectors = model.vectors(x)
        start = vectors.mean() + vectors.std() * torch.randn(
            spec.codebook_size, spec.code_dim, generator=generator
        )
        model.quantizer.start_at(start)
        codes = torch.randint(spec.codebook_size, (4, model.latent_dim), generator=generator)
        on = model.embed(codes.float())
        off = on + vectors.std() * torch.randn(on.shape, generator=generator)
        places = torch.cat([on, off])
        x_hat = model.decode_embedding(places).flatten(1).numpy()
    program = layer_program(model)
    site.files["/artefacts/vq.json"] = program.to_json().encode()
    site.files["/artefacts/vq.bin"] = program.weights

    decoded = shared_page.evaluate(RUN_PROGRAM, ["vq", "decoder", places.tolist()])
    encoded = shared_page.evaluate(RUN_PROGRAM, ["vq", "encoder", x.flatten(1).tolist()])

    assert x_hat.std() > 0.05, "pictures without contrast would hide an error"
    assert_allclose(decoded, x_hat, atol=PIXEL_TOLERANCE)
    # A vector between two codes may fall to either; whichever it is, it must be a nearest one.
    found = torch.tensor(encoded).view(vectors.shape)
    distances = torch.cdist(vectors, model.quantizer.codebook)
    snapped = found.flatten(0, 1)[:, None] - model.quantizer.codebook
    assert snapped.abs().amax(dim=2).min(dim=1).values.max() < 1e-6
    detour = (found - vectors).norm(dim=2) - distances.min(dim=2).values
    assert detour.max() < PIXEL_TOLERANCE * max(1, float(vectors.abs().max()))


def test_every_half_precision_number_is_read_as_numpy_reads_it(
    shared_page: Page, site: StageSite
) -> None:
    bits = np.arange(65536, dtype="<u2")
    site.files["/artefacts/all.bin"] = bits.tobytes()
    read = shared_page.evaluate(
        """async () => {
          const { float32FromFloat16 } = await import("./stage/network/float16.js");
          const values = float32FromFloat16(await (await fetch("artefacts/all.bin")).arrayBuffer());
          return Array.from(new Uint32Array(values.buffer));
        }"""
    )
    with np.errstate(invalid="ignore"):  # some patterns are NaN
        expected = bits.view("<f2").astype(np.float32)
    values = np.array(read, np.uint32).view(np.float32)
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize(
    ("layer", "shape", "sentence"),
    [
        ({"op": "permute", "shape": [2, 4], "order": [1, 0]}, [9], r"of 8 values; got 9\."),
        (
            {"op": "permute", "shape": [3, 3], "order": [1, 1]},
            [9],
            r"an order of 2 axes; got 1, 1\.",
        ),
        ({"op": "top_left", "height": 2, "width": 2}, [9], r"given 3 axes; got 1\."),
        ({"op": "add", "weight": [0, 8]}, [3, 3], r"of 9 values; got 8\."),
        ({"op": "add"}, [3, 3], r"of 9 values; got 0\."),
        (
            {"op": "layer_norm", "n": 4, "eps": 0, "weight": [0, 4], "bias": [0, 4]},
            [4, 3],
            r"of 4 values; got 3\.",
        ),
        ({"op": "attention", "heads": 2}, [4, 9], r"of a multiple of 6 values; got 9\."),
        ({"op": "attention", "heads": 1}, [9], r"given 2 axes; got 1\."),
        (
            {"op": "residual", "layers": [{"op": "top_left", "height": 1, "width": 3}]},
            [1, 3, 3],
            r"of 9 values; got 3\.",
        ),
        ({"op": "residual", "layers": [{"op": "wavelet"}]}, [9], r"one of .*; got “wavelet”\."),
        ({"op": "softmax", "groups": 2, "classes": 5}, [9], r"of at least 10 values; got 9\."),
        (
            {"op": "codebook", "n_codes": 3, "code_dim": 3, "weight": [2, 9]},
            [3, 3],
            r"of 9 values; got 8\.",
        ),
        ({"op": "conv2d", "n_in": 1}, [9], r"given 3 axes; got 1\."),
        ({"op": "constructor"}, [9], r"one of .*; got “constructor”\."),
    ],
    ids=lambda value: value["op"] if isinstance(value, dict) else "",
)
def test_a_layer_that_does_not_fit_is_refused_with_a_sentence(
    shared_page: Page, layer: dict[str, Any], shape: list[int], sentence: str
) -> None:
    message = shared_page.evaluate(
        """async ([layer, shape]) => {
          const { compile } = await import("./stage/network/decoder.js");
          try { compile([layer], new Float32Array(10), shape, "“run”"); }
          catch (error) { return `${error.name}: ${error.message}`; }
          return "accepted";
        }""",
        [layer, shape],
    )
    assert message.startswith("StageError: ") and "of “run” must be" in message, message
    assert re.search(sentence, message), message


def test_weights_of_layers_within_layers_are_counted(shared_page: Page) -> None:
    message = shared_page.evaluate(
        """async () => {
          const { readWeights } = await import("./stage/network/decoder.js");
          const inner = { op: "add", weight: [2, 5] };
          const middle = { op: "residual", layers: [inner] };
          const decoder = [{ op: "residual", layers: [middle] }];
          const program = { format: 2, bits: 16, decoder, encoder: [] };
          try { readWeights(program, new ArrayBuffer(12), "“run”"); }
          catch (error) { return error.message; }
        }"""
    )
    assert re.search(r"must be 14 bytes long; got 12 bytes\.", message), message


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("program.decoder[0].op = 'wavelet'", r"must be one of .*; got “wavelet”\."),
        ("buffer = buffer.slice(2)", r"must be 14 bytes long; got 12 bytes\."),
        ("new Uint16Array(buffer)[1] = 0x7e00", r"must be finite numbers; got NaN at 1\."),
        ("program.bits = 32", r"must be 28 bytes long; got 14 bytes\."),
        (
            "program.bits = 32; buffer = new Float32Array([1, 2, 3, NaN, 5, 6, 7]).buffer",
            r"must be finite numbers; got NaN at 3\.",
        ),
        ("program.format = 1", r"must be of format 2; got 1\."),
        ("program.decoder[0].n_in = 3", r"must be of 3 values; got 2\."),
    ],
)
def test_a_damaged_program_is_refused_with_a_sentence(
    shared_page: Page, damage: str, sentence: str
) -> None:
    message = shared_page.evaluate(
        f"""async () => {{
          const {{ compile, readWeights }} = await import("./stage/network/decoder.js");
          const linear = {{ op: "linear", n_in: 2, n_out: 2, weight: [0, 4], bias: [4, 2] }};
          const encoder = [{{ op: "linear", n_in: 1, n_out: 1, weight: [5, 1], bias: [6, 1] }}];
          const program = {{ format: 2, bits: 16, decoder: [linear], encoder }};
          let buffer = new ArrayBuffer(14);
          {damage};
          try {{
            compile(program.decoder, readWeights(program, buffer, "“run”"), [2], "“run”");
          }} catch (error) {{ return error.message; }}
          return "accepted";
        }}"""
    )
    assert re.search(sentence, message), message
