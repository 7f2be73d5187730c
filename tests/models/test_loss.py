import math

import pytest
import torch
from jaxtyping import TypeCheckError

from vizmodels.models import build_model
from vizmodels.models.autoencoder import cross_entropy, squared_error
from vizmodels.models.gaussian import kl_to_standard_normal
from vizmodels.models.loss import Loss, LossTerm
from vizmodels.models.trainable import Batch
from vizmodels.models.vae import VAE
from vizmodels.specs import AutoencoderSpec, VAESpec

SHAPE = (3, 8, 6)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_squared_error_is_the_mean_over_channels_and_pixels_of_each_image(
    generator: torch.Generator,
) -> None:
    x, x_hat = (torch.rand(4, *SHAPE, generator=generator) for _ in range(2))
    expected = []
    for image, picture in zip(x.tolist(), x_hat.tolist(), strict=True):
        total = 0.0
        for c in range(3):
            for row in range(8):
                for column in range(6):
                    total += (image[c][row][column] - picture[c][row][column]) ** 2
        expected.append(total / (3 * 8 * 6))
    assert squared_error(x, x_hat).tolist() == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_is_the_mean_over_channels_and_pixels_in_nats(
    generator: torch.Generator,
) -> None:
    x = torch.rand(4, *SHAPE, generator=generator)
    logits = 3 * torch.randn(4, *SHAPE, generator=generator)
    expected = []
    for image, logit in zip(x.flatten(1).tolist(), logits.flatten(1).tolist(), strict=True):
        total = 0.0
        for pixel, a in zip(image, logit, strict=True):
            p = 1 / (1 + math.exp(-a))
            total -= pixel * math.log(p) + (1 - pixel) * math.log(1 - p)
        expected.append(total / (3 * 8 * 6))
    assert cross_entropy(x, logits).tolist() == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_of_a_sure_and_wrong_pixel_stays_finite() -> None:
    x, logits = torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), 200.0)
    assert cross_entropy(x, logits).item() == pytest.approx(200.0)


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
@pytest.mark.parametrize("kl_weight", [0.0, 1e-3, 2.0])
def test_the_loss_of_each_image_is_reconstruction_plus_weighted_kl(
    generator: torch.Generator, likelihood: str, kl_weight: float
) -> None:
    spec = VAESpec(latent_dim=3, widths=(16,), kl_weight=kl_weight, likelihood=likelihood)
    model = build_model(spec, SHAPE, generator)
    assert isinstance(model, VAE)
    x = torch.rand(7, *SHAPE, generator=generator)
    loss = model.losses(Batch.of(x), torch.Generator().manual_seed(1))
    reconstruction, kl = (term.values for term in loss.terms)
    torch.testing.assert_close(loss.per_image, reconstruction + kl_weight * kl, rtol=1e-6, atol=0)
    assert loss.names == ("reconstruction", "kl", "loss")


def test_the_kl_of_an_image_is_summed_over_axes_and_in_nats(generator: torch.Generator) -> None:
    model = build_model(VAESpec(latent_dim=3, widths=(16,)), SHAPE, generator)
    assert isinstance(model, VAE)
    x = torch.rand(7, *SHAPE, generator=generator)
    kl = model.losses(Batch.of(x), None).terms[1]
    assert kl.unit == "nats"
    torch.testing.assert_close(kl.values, kl_to_standard_normal(*model.posterior(x)).sum(dim=1))


def test_a_gaussian_vae_without_sampling_is_charged_for_what_it_decodes(
    generator: torch.Generator,
) -> None:
    model = build_model(VAESpec(latent_dim=3, widths=(16,)), SHAPE, generator)
    x = torch.rand(7, *SHAPE, generator=generator)
    expected = squared_error(x, model.decode(model.encode(x)))
    torch.testing.assert_close(model.losses(Batch.of(x), None).terms[0].values, expected)


def test_a_bernoulli_vae_is_charged_the_cross_entropy_of_what_it_decodes(
    generator: torch.Generator,
) -> None:
    model = build_model(VAESpec(widths=(16,), likelihood="bernoulli"), SHAPE, generator)
    x = torch.rand(7, *SHAPE, generator=generator)
    pictures = model.decode(model.encode(x))
    nats = torch.nn.functional.binary_cross_entropy(pictures, x, reduction="none")
    term = model.losses(Batch.of(x), None).terms[0]
    assert term.unit == "nats per pixel"
    torch.testing.assert_close(term.values, nats.flatten(1).mean(dim=1))


@pytest.mark.parametrize("spec", [AutoencoderSpec(widths=(16,)), VAESpec(widths=(16,))])
def test_the_encoder_sees_the_noisy_input_and_the_target_is_the_clean_one(
    generator: torch.Generator, spec: AutoencoderSpec | VAESpec
) -> None:
    model = build_model(spec, SHAPE, generator)
    x, x_in = (torch.rand(5, *SHAPE, generator=generator) for _ in range(2))
    expected = squared_error(x, model.decode(model.encode(x_in)))
    torch.testing.assert_close(model.losses(Batch(x, x_in), None).terms[0].values, expected)


def test_a_linear_model_is_charged_before_its_pixels_are_cut(generator: torch.Generator) -> None:
    model = build_model(AutoencoderSpec(backbone="linear"), SHAPE, generator)
    x = torch.rand(5, *SHAPE, generator=generator)
    raw = 10 * model.decoder(model.encode(x))
    assert raw.min() < 0, "the cut would change nothing"
    with torch.no_grad():
        model.decoder[0].weight.mul_(10)
        model.decoder[0].bias.mul_(10)
    torch.testing.assert_close(
        model.losses(Batch.of(x), None).terms[0].values, squared_error(x, raw)
    )


def test_means_are_over_images_last() -> None:
    first = LossTerm("reconstruction", "squared error per pixel", torch.tensor([1.0, 3.0]))
    second = LossTerm("kl", "nats", torch.tensor([10.0, 20.0]), 0.5)
    loss = Loss((first, second))
    assert loss.per_image.tolist() == [6.0, 13.0]
    assert loss.means().tolist() == [2.0, 15.0, 9.5]
    assert loss.units == ("squared error per pixel", "nats", "squared error per pixel")


def test_changing_the_weight_tensor_changes_the_next_loss(generator: torch.Generator) -> None:
    model = build_model(VAESpec(widths=(16,), kl_weight=0.0), SHAPE, generator)
    assert isinstance(model, VAE)
    x = torch.rand(3, *SHAPE, generator=generator)
    before = model.losses(Batch.of(x), None)
    expected = before.per_image + 2 * before.terms[1].values
    model.kl_weight.fill_(2.0)
    torch.testing.assert_close(model.losses(Batch.of(x), None).per_image, expected)


def test_shapes_that_do_not_match_are_refused_under_test() -> None:
    with pytest.raises(TypeCheckError):
        squared_error(torch.zeros(2, 1, 8, 8), torch.zeros(3, 1, 8, 8))
