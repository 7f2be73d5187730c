import math

import pytest
import torch
from torch import nn

from vizmodels.errors import InvalidExperiment
from vizmodels.models import build_model, count_parameters
from vizmodels.models.vae import VAE
from vizmodels.specs import AutoencoderSpec, VAESpec

Spec = AutoencoderSpec | VAESpec

SPECS: list[Spec] = [
    AutoencoderSpec(backbone="linear", latent_dim=3),
    AutoencoderSpec(backbone="mlp", latent_dim=3, widths=(20, 10)),
    AutoencoderSpec(backbone="conv", latent_dim=3, widths=(4, 8)),
    VAESpec(backbone="mlp", latent_dim=3, widths=(20, 10)),
    VAESpec(backbone="conv", latent_dim=3, widths=(4, 8)),
    VAESpec(backbone="mlp", latent_dim=3, widths=(20,), likelihood="bernoulli"),
]
SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (1, 7, 9), (3, 29, 5)]


def name_of(value: object) -> str:
    if isinstance(value, AutoencoderSpec | VAESpec):
        return f"{value.family}-{value.backbone}-{getattr(value, 'likelihood', '')}"
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", SHAPES, ids=name_of)
@pytest.mark.parametrize("spec", SPECS, ids=name_of)
def test_every_model_maps_images_to_latents_and_back_to_pixels(
    spec: Spec, shape: tuple[int, int, int]
) -> None:
    model = build_model(spec, shape, seeded())
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3)  # so that a missing squash or cut would leave [0, 1]
        z = model.encode(torch.rand(5, *shape, generator=seeded()))
        pictures = model.decode(10 * z)
    assert z.shape == (5, 3)
    assert pictures.shape == (5, *shape)
    assert pictures.dtype == torch.float32
    assert pictures.min() >= 0 and pictures.max() <= 1
    assert pictures.std() > 0


@pytest.mark.parametrize("spec", SPECS, ids=name_of)
def test_sampling_decodes_standard_normal_draws_from_the_generator(spec: Spec) -> None:
    model = build_model(spec, (1, 8, 8), seeded())
    with torch.no_grad():
        pictures = model.sample(6, seeded(4))
        expected = model.decode(torch.randn(6, 3, generator=seeded(4)))
    assert pictures.shape == (6, 1, 8, 8)
    assert torch.equal(pictures, expected)


def test_a_vae_encodes_to_its_posterior_mean() -> None:
    model = build_model(VAESpec(latent_dim=3, widths=(20,)), (1, 8, 8), seeded())
    assert isinstance(model, VAE)
    x = torch.rand(5, 1, 8, 8, generator=seeded())
    mu, log_var = model.posterior(x)
    assert torch.equal(model.encode(x), mu)
    assert torch.equal(torch.cat([mu, log_var], dim=1), model.encoder(x))


@pytest.mark.parametrize("spec", SPECS, ids=name_of)
def test_the_same_seed_gives_the_same_weights_and_another_one_others(spec: Spec) -> None:
    first, again, other = (build_model(spec, (1, 8, 8), seeded(seed)) for seed in (1, 1, 2))
    for a, b, c in zip(first.parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)


def test_building_leaves_the_global_generator_alone() -> None:
    # PyTorch's own layers draw from it when they are made; what follows must not depend on that
    # through anything of ours.
    first = build_model(SPECS[2], (1, 8, 8), seeded(1))
    torch.rand(7)
    again = build_model(SPECS[2], (1, 8, 8), seeded(1))
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("spec", SPECS, ids=name_of)
def test_weights_fill_the_same_range_as_pytorchs_default(spec: Spec) -> None:
    model = build_model(spec, (1, 28, 28), seeded())
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            fan_in, _ = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            bound = 1 / math.sqrt(fan_in)
            ours = layer.weight.detach()
            assert 0.9 * bound < ours.abs().max() <= bound
            assert ours.numel() < 100 or abs(ours.mean()) < 0.2 * bound
            assert layer.bias is not None and layer.bias.abs().max() <= bound
            with torch.random.fork_rng():
                torch.manual_seed(0)
                layer.reset_parameters()
            assert 0.9 * bound < layer.weight.abs().max() <= bound, "PyTorch's own bound"


@pytest.mark.parametrize("shape", SHAPES, ids=name_of)
@pytest.mark.parametrize("spec", SPECS, ids=name_of)
def test_the_counted_parameters_are_those_of_the_built_model(
    spec: Spec, shape: tuple[int, int, int]
) -> None:
    model = build_model(spec, shape, seeded())
    assert count_parameters(spec, shape) == sum(p.numel() for p in model.parameters())


def test_a_dense_vae_has_the_number_of_weights_that_one_counts_by_hand() -> None:
    spec = VAESpec(latent_dim=20, widths=(400,))
    encoder, decoder = 784 * 400 + 400 + 400 * 40 + 40, 20 * 400 + 400 + 400 * 784 + 784
    assert count_parameters(spec, (1, 28, 28)) == encoder + decoder


@pytest.mark.parametrize("make", [lambda s, i: build_model(s, i, seeded()), count_parameters])
def test_more_axes_than_values_in_a_picture_are_refused(make) -> None:
    sentence = (
        r"^model\.latent_dim must be at most 64, the number of values in one picture; got 65\. "
        r"Choose fewer latent axes\.$"
    )
    with pytest.raises(InvalidExperiment, match=sentence):
        make(AutoencoderSpec(latent_dim=65), (1, 8, 8))
    make(AutoencoderSpec(latent_dim=64, widths=(8,)), (1, 8, 8))


@pytest.mark.parametrize("make", [lambda s, i: build_model(s, i, seeded()), count_parameters])
def test_more_stages_than_a_picture_can_be_halved_are_refused(make) -> None:
    sentence = (
        r"^model\.widths must be short enough that 8×9 pixels can be halved that often; got "
        r"4 stages\. Choose fewer stages\.$"
    )
    with pytest.raises(InvalidExperiment, match=sentence):
        make(VAESpec(backbone="conv", widths=(4, 4, 4, 4)), (1, 8, 9))
    make(VAESpec(backbone="conv", widths=(4, 4, 4)), (1, 8, 9))
