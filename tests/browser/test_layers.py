"""Every layer the browser runs, against PyTorch, in a real Chromium."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from playwright.sync_api import Page
from stage_site import StageSite
from torch import Tensor, nn

from vizmodels.export.layer_program import layer_program
from vizmodels.models import build_model
from vizmodels.specs import AutoencoderSpec, VAESpec

PIXEL_TOLERANCE = 2e-3  # half precision of the weights, on pixels in [0, 1]
GAIN = 2.5  # of fresh weights, so that decoded pictures reach black and white as trained ones do

CALL_LAYER = """async ([op, length, size, ...inputs]) => {
  const layers = await import("./stage/layers.js");
  const [x, weight, bias] = inputs.map((values) => values && Float32Array.from(values));
  const out = new Float32Array(length);
  if (op === "linear") layers.linear(out, x, weight, bias);
  else if (!size) layers[op](out, x);
  else {
    const [height, width] = size.sides;
    const taps = size.kernel[0] * size.kernel[1];
    if (op === "conv2d") {
      const patches = new Float32Array(length / size.n_out * size.n_in * taps);
      layers.conv2d(out, x, weight, bias, size, height, width, patches);
    } else {
      const scratch = { pixels: new Float32Array(x.length),
                        taps: new Float32Array(size.n_out * taps * height * width) };
      const packed = layers.repackTransposed(weight, size);
      layers.convTranspose2d(out, x, packed, bias, size, height, width, scratch);
    }
  }
  return Array.from(out);
}"""

RUN_PROGRAM = """async ([key, side, inputs]) => {
  const { compile, readWeights } = await import("./stage/decoder.js");
  const program = await (await fetch(`artefacts/${key}.json`)).json();
  const buffer = await (await fetch(`artefacts/${key}.bin`)).arrayBuffer();
  const weights = readWeights(program, buffer, key);
  const shape = side === "decoder" ? [program.latent_dim] : program.image_shape;
  const { run } = compile(program[side], weights, shape, key);
  return inputs.map((x) => Array.from(run(Float32Array.from(x))));
}"""


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
        raw = model.encoder(x).numpy()
    program = layer_program(model)
    site.files["/artefacts/model.json"] = program.to_json().encode()
    site.files["/artefacts/model.bin"] = program.weights

    decoded = shared_page.evaluate(RUN_PROGRAM, ["model", "decoder", z.tolist()])
    encoded = shared_page.evaluate(RUN_PROGRAM, ["model", "encoder", x.flatten(1).tolist()])

    assert x_hat.std() > 0.05, "pictures without contrast would hide an error"
    assert_allclose(decoded, x_hat, atol=PIXEL_TOLERANCE)
    assert_allclose(encoded, raw, atol=PIXEL_TOLERANCE * max(1, np.abs(raw).max()))


def test_every_half_precision_number_is_read_as_numpy_reads_it(
    shared_page: Page, site: StageSite
) -> None:
    bits = np.arange(65536, dtype="<u2")
    site.files["/artefacts/all.bin"] = bits.tobytes()
    read = shared_page.evaluate(
        """async () => {
          const { float32FromFloat16 } = await import("./stage/float16.js");
          const values = float32FromFloat16(await (await fetch("artefacts/all.bin")).arrayBuffer());
          return Array.from(new Uint32Array(values.buffer));
        }"""
    )
    with np.errstate(invalid="ignore"):  # some patterns are NaN
        expected = bits.view("<f2").astype(np.float32)
    values = np.array(read, np.uint32).view(np.float32)
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("program.decoder[0].op = 'wavelet'", r"must be one of .*; got “wavelet”\."),
        ("buffer = buffer.slice(2)", r"must be 14 bytes long; got 12 bytes\."),
        ("new Uint16Array(buffer)[1] = 0x7e00", r"must be finite numbers; got NaN at 1\."),
        ("program.format = 2", r"must be of format 1; got 2\."),
        ("program.decoder[0].n_in = 3", r"must be of 3 values; got 2\."),
    ],
)
def test_a_damaged_program_is_refused_with_a_sentence(
    shared_page: Page, damage: str, sentence: str
) -> None:
    message = shared_page.evaluate(
        f"""async () => {{
          const {{ compile, readWeights }} = await import("./stage/decoder.js");
          const linear = {{ op: "linear", n_in: 2, n_out: 2, weight: [0, 4], bias: [4, 2] }};
          const encoder = [{{ op: "linear", n_in: 1, n_out: 1, weight: [5, 1], bias: [6, 1] }}];
          const program = {{ format: 1, decoder: [linear], encoder }};
          let buffer = new ArrayBuffer(14);
          {damage};
          try {{
            compile(program.decoder, readWeights(program, buffer, "“run”"), [2], "“run”");
          }} catch (error) {{ return error.message; }}
          return "accepted";
        }}"""
    )
    assert re.search(sentence, message), message
