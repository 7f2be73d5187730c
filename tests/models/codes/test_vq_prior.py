"""A VQ-VAE with a prior over its codes, as one model."""

import math

import pytest
import torch
from torch import Tensor

from vizmodels.errors import InvalidExperiment
from vizmodels.models import build_model
from vizmodels.models.codes.quantizer import code_usage
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.trainable import Batch
from vizmodels.specs import PixelCNNSpec, VQVAESpec, embedding_dim

SHAPE = (1, 8, 8)
VQVAE_SPEC = VQVAESpec(codebook_size=12, code_dim=3, channels=8, n_residual=1)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int = 20) -> Tensor:
    return torch.randint(0, 256, (n, *SHAPE), generator=seeded(1)).to(torch.uint8)


@pytest.fixture
def vqvae() -> VQVAE:
    model = build_model(VQVAE_SPEC, SHAPE, seeded(5))
    assert isinstance(model, VQVAE)
    model.start(pictures(), seeded(2))
    return model


def new(vqvae: VQVAE, *, class_conditional: bool = False) -> VQPrior:
    spec = PixelCNNSpec(
        vq_run="0" * 12,
        vqvae=VQVAE_SPEC,
        channels=8,
        n_layers=2,
        class_conditional=class_conditional,
    )
    model = build_model(spec, SHAPE, seeded(), n_classes=3)
    assert isinstance(model, VQPrior)
    model.adopt(vqvae)
    return model


def test_it_encodes_embeds_and_decodes_as_the_vqvae_it_adopted(vqvae: VQVAE) -> None:
    model, x = new(vqvae), pictures().float() / 255
    z = vqvae.encode(x)
    assert torch.equal(model.encode(x), z)
    assert torch.equal(model.embed(z), vqvae.embed(z))
    assert torch.equal(model.decode(z), vqvae.decode(z))
    place = vqvae.embed(z) + 0.01
    assert torch.equal(model.decode_embedding(place), vqvae.decode_embedding(place))
    assert model.latent_dim == vqvae.latent_dim
    assert model.embedding_dim == vqvae.embedding_dim == 12
    assert embedding_dim(VQVAE_SPEC, SHAPE) == 12


def test_its_vqvae_is_a_copy_that_is_not_trained(vqvae: VQVAE) -> None:
    model = new(vqvae)
    assert not any(weight.requires_grad for weight in model.vqvae.parameters())
    assert all(weight.requires_grad for weight in model.prior.parameters())
    with torch.no_grad():
        next(vqvae.parameters()).add_(1)
    ours, theirs = next(model.vqvae.parameters()), next(vqvae.parameters())
    assert not torch.equal(ours, theirs)


def test_a_step_reads_the_codes_of_the_images(vqvae: VQVAE) -> None:
    model = new(vqvae)
    codes = model.resident(pictures())
    assert torch.equal(codes, vqvae.codes(pictures().float() / 255))
    loss = model.losses(Batch.of(codes), None)
    assert loss.names == ("code_nll", "loss") and loss.units[0] == "nats per code"
    torch.testing.assert_close(loss.terms[0].values, model.prior.nats_per_code(codes))


def test_the_measure_is_what_a_prior_without_context_would_pay(vqvae: VQVAE) -> None:
    (measure,) = new(vqvae).measure(pictures())
    usage = code_usage(vqvae.codes_of(pictures()), 12)
    p = usage.counts.double() / usage.counts.sum()
    assert measure.name == "marginal_entropy" and measure.unit == "nats per code"
    assert measure.value == pytest.approx(-torch.xlogy(p, p).sum().item())
    assert 0 < measure.value < math.log(12)


def test_samples_are_the_pictures_of_codes_drawn_from_the_prior(vqvae: VQVAE) -> None:
    model, positions = new(vqvae), []
    pictures = model.sample(
        5, seeded(), temperature=0.8, on_token=lambda at, *_: positions.append(at)
    )
    codes = model.prior.sample_codes(5, seeded(), temperature=0.8)
    assert torch.equal(pictures, vqvae.decode(codes.flatten(1).float()))
    assert positions == [0, 1, 2, 3]


def test_samples_of_a_class_are_drawn_from_what_the_prior_says_of_it(vqvae: VQVAE) -> None:
    model, labels = new(vqvae, class_conditional=True), torch.tensor([2, 0, 1, 2])
    codes = model.prior.sample_codes(4, seeded(), labels=labels)
    expected = vqvae.decode(codes.flatten(1).float())
    assert torch.equal(model.sample(4, seeded(), labels=labels), expected)


def test_samples_of_no_class_in_particular_are_of_all_of_them(
    vqvae: VQVAE, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, seen = new(vqvae, class_conditional=True), []
    logits = model.prior.logits
    monkeypatch.setattr(
        model.prior, "logits", lambda codes, labels: seen.append(labels) or logits(codes, labels)
    )
    model.sample(300, seeded())
    assert len({tuple(labels.tolist()) for labels in seen}) == 1, "one class a picture"
    shares = torch.bincount(seen[0], minlength=3) / 300
    assert ((shares - 1 / 3).abs() < 4 * math.sqrt(1 / 3 * 2 / 3 / 300)).all()


def test_a_prior_that_is_told_the_class_is_refused_on_images_without_labels() -> None:
    spec = PixelCNNSpec(vq_run="0" * 12, vqvae=VQVAE_SPEC, class_conditional=True)
    with pytest.raises(InvalidExperiment) as error:
        build_model(spec, SHAPE, seeded(), n_classes=0)
    assert str(error.value) == (
        "The image set must be labelled for a pixelcnn that is told the class; got one without "
        "labels. Choose another image set, or a prior that is not told the class."
    )
