"""What holds for every family and backbone, from 8×8 to 64×64 pixels, grey and in colour."""

import pytest
import torch
from torch import Tensor

from vizmodels.models import build_model, count_parameters
from vizmodels.models.autoencoder import Autoencoder, PlainAutoencoder, squared_error
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.trainable import Batch
from vizmodels.specs import (
    AutoencoderSpec,
    AutoencodingSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
    embedding_dim,
)

SMALL_VQVAE = VQVAESpec(codebook_size=6, code_dim=3, channels=4, n_residual=1, grid="eighth")
SPECS: dict[str, AutoencodingSpec | PixelCNNSpec] = {
    "autoencoder-linear": AutoencoderSpec(backbone="linear"),
    "autoencoder-mlp": AutoencoderSpec(widths=(8,)),
    "autoencoder-conv": AutoencoderSpec(backbone="conv", widths=(4, 4)),
    "autoencoder-transformer": AutoencoderSpec(backbone="transformer", widths=(16,)),
    "vae-mlp": VAESpec(widths=(8,)),
    "vae-conv": VAESpec(backbone="conv", widths=(4, 4)),
    "vae-transformer": VAESpec(backbone="transformer", widths=(16,)),
    "discrete-mlp": DiscreteVAESpec(n_variables=3, n_classes=4, widths=(8,)),
    "discrete-conv": DiscreteVAESpec(n_variables=3, backbone="conv", widths=(4, 4)),
    "discrete-transformer": DiscreteVAESpec(
        n_variables=3, continuous_dim=2, backbone="transformer", widths=(16,)
    ),
    "vqvae-half": VQVAESpec(codebook_size=6, channels=4, n_residual=0, grid="half"),
    "vqvae-quarter": VQVAESpec(codebook_size=6, channels=4, codebook_update="gradient"),
    "vqvae-eighth": SMALL_VQVAE,
    "pixelcnn": PixelCNNSpec(vq_run="0" * 12, vqvae=SMALL_VQVAE, channels=8, n_layers=2),
}
SHAPES = [(1, 8, 8), (3, 8, 8), (1, 28, 28), (3, 32, 32), (3, 30, 31), (1, 64, 64), (3, 64, 64)]

EVERY_SPEC = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=str)

Shape = tuple[int, int, int]
Spec = AutoencodingSpec | PixelCNNSpec


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(shape: Shape) -> Tensor:
    return torch.rand(3, *shape, generator=seeded(1))


def new(spec: Spec, shape: Shape) -> Autoencoder:
    """With networks so large that a missing squash or cut would leave [0, 1]."""
    model = build_model(spec, shape, seeded()).requires_grad_(False)
    assert isinstance(model, Autoencoder)
    of_pictures = model.vqvae if isinstance(model, VQPrior) else model
    for weight in of_pictures.parameters():
        weight.mul_(3)
    of_pictures.start((255 * images(shape)).to(torch.uint8), seeded())
    return model


def assert_pictures(pictures: Tensor, n: int, shape: Shape) -> None:
    assert pictures.shape == (n, *shape) and pictures.dtype == torch.float32
    assert pictures.min() >= 0 and pictures.max() <= 1
    assert pictures.std() > 0


@EVERY_SHAPE
@EVERY_SPEC
def test_images_become_latents_places_and_pictures(spec: Spec, shape: Shape) -> None:
    model = new(spec, shape)
    z = model.encode(images(shape))
    assert z.shape == (3, model.latent_dim) and z.dtype == torch.float32
    place = model.embed(z)
    assert place.shape == (3, model.embedding_dim)
    assert embedding_dim(spec, shape) == model.embedding_dim
    assert_pictures(model.decode(z), 3, shape)
    torch.testing.assert_close(model.decode_embedding(place), model.decode(z))


@EVERY_SHAPE
@EVERY_SPEC
def test_samples_are_pictures_that_come_from_the_generator_alone(spec: Spec, shape: Shape) -> None:
    model = new(spec, shape)
    first, again, other = (model.sample(4, seeded(seed)) for seed in (1, 1, 2))
    assert_pictures(first, 4, shape)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@EVERY_SHAPE
@EVERY_SPEC
def test_the_parameters_counted_are_those_that_are_trained(spec: Spec, shape: Shape) -> None:
    model = build_model(spec, shape, seeded())
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert count_parameters(spec, shape) == trained


@EVERY_SPEC
def test_every_weight_is_drawn_from_the_generator(spec: Spec) -> None:
    """A layer that `initialise` forgets would keep what the global generator gave it."""
    torch.manual_seed(1)
    first = build_model(spec, (1, 8, 8), seeded(1))
    torch.manual_seed(2)
    again, other = (build_model(spec, (1, 8, 8), seeded(seed)) for seed in (1, 2))
    for (name, a), b, c in zip(
        first.named_parameters(), again.parameters(), other.parameters(), strict=True
    ):
        assert torch.equal(a, b), name
        is_constant = a.unique().numel() == 1  # a layer norm's ones, a codebook before its start
        assert is_constant or not torch.equal(a, c), name


@EVERY_SPEC
def test_every_trained_weight_gets_a_gradient(spec: Spec) -> None:
    model = build_model(spec, (1, 16, 16), seeded())
    pictures = (255 * images((1, 16, 16))).to(torch.uint8)
    model.start(pictures, seeded())
    rows = model.resident(pictures)
    x = rows if rows.ndim == 3 else rows.float() / 255
    model.losses(Batch.of(x), seeded()).per_image.mean().backward()
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            assert weight.grad is not None and weight.grad.any(), name


@pytest.mark.parametrize("name", [name for name in SPECS if name != "pixelcnn"])
def test_the_encoder_sees_the_noise_and_the_target_is_clean(name: str) -> None:
    model = new(SPECS[name], (1, 8, 8))
    x, noisy = images((1, 8, 8)), images((1, 8, 8)).flip(0)
    z = model.encode(noisy)
    linear = isinstance(model, PlainAutoencoder) and model.output == "clamp"
    x_hat = model.decoder(z) if linear else model.decode(model.to_code(z))
    term = model.losses(Batch(x, noisy), None).terms[0]
    torch.testing.assert_close(term.values, squared_error(x, x_hat))
