import math

import pytest
import torch
from torch import Tensor

from vizmodels.models import build_model
from vizmodels.models.gaussian import kl_to_standard_normal
from vizmodels.models.probabilistic import ProbabilisticAutoencoder
from vizmodels.models.trainable import Batch
from vizmodels.models.vae import VAE
from vizmodels.specs import DiscreteVAESpec, VAESpec
from vizmodels.training import evaluation
from vizmodels.training.evaluation import evaluate

SHAPE = (1, 8, 8)
BOTH = pytest.mark.parametrize(
    "family", [VAESpec, DiscreteVAESpec], ids=lambda family: family.__name__
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(n: int = 6) -> Tensor:
    return torch.rand(n, *SHAPE, generator=seeded(1))


def new(**knobs: object) -> VAE:
    model = build_model(VAESpec(latent_dim=3, widths=(16,), **knobs), SHAPE, seeded())
    assert isinstance(model, VAE)
    return model


def kl_of(model: VAE) -> Tensor:
    """(N, D), of `images`."""
    return kl_to_standard_normal(*model.posterior(images()))


def spread_kl(model: VAE) -> None:
    """Make the KL of one axis far larger than that of others, and other from image to image."""
    with torch.no_grad():
        model.encoder[-1].weight.mul_(8)
        model.encoder[-1].bias[0] += 2.0


def test_free_bits_charge_each_axis_what_its_mean_kl_has_beyond_them() -> None:
    model = new(free_bits=0.5, kl_weight=0.25)
    spread_kl(model)
    mean_kl = kl_of(model).mean(dim=0)
    assert mean_kl.max() > 0.5 > mean_kl.min(), "both cases must be there"
    is_beyond = kl_of(model) > 0.5
    assert (is_beyond.any(dim=0) & ~is_beyond.all(dim=0)).any(), "the mean comes first"
    loss = model.losses(Batch.of(images()), seeded())
    reconstruction, kl, beyond = loss.terms
    expected = (mean_kl - 0.5).clamp_min(0).sum()
    torch.testing.assert_close(beyond.values.mean(), expected)
    torch.testing.assert_close(kl.values, kl_of(model).sum(dim=1))
    total = reconstruction.values.mean() + 0.25 * expected
    torch.testing.assert_close(loss.per_image.mean(), total)


def test_an_axis_within_its_free_bits_gets_no_gradient_of_the_kl() -> None:
    model = new(free_bits=0.5, kl_weight=1.0)
    spread_kl(model)
    is_beyond = kl_of(model).mean(dim=0) > 0.5
    assert is_beyond.any() and not is_beyond.all()
    loss = model.losses(Batch.of(images()), seeded())
    loss.terms[2].values.mean().backward()
    of_mu, of_log_var = model.encoder[-1].weight.grad.chunk(2)
    assert of_mu[is_beyond].any() and of_log_var[is_beyond].any()
    assert not of_mu[~is_beyond].any() and not of_log_var[~is_beyond].any()


def test_without_free_bits_no_third_term_is_told() -> None:
    assert new().losses(Batch.of(images()), seeded()).names == ("reconstruction", "kl", "loss")
    free = new(free_bits=0.5).losses(Batch.of(images()), seeded())
    assert free.names == ("reconstruction", "kl", "kl_beyond_free_bits", "loss")


def test_evaluation_charges_beyond_the_free_bits_what_training_charges() -> None:
    model = new(free_bits=0.5, kl_weight=0.3)
    spread_kl(model)
    trained, tested = (model.losses(Batch.of(images()), draw) for draw in (seeded(), None))
    expected = (kl_of(model).mean(dim=0) - 0.5).clamp_min(0).sum()
    for loss in (trained, tested):
        means = dict(zip(loss.names, loss.means().tolist(), strict=True))
        assert means["kl_beyond_free_bits"] == pytest.approx(expected.item(), rel=1e-5)
        assert means["loss"] == pytest.approx(means["reconstruction"] + 0.3 * expected.item())
    generous = new(free_bits=10.0, kl_weight=0.3).losses(Batch.of(images()), None)
    assert generous.terms[2].values.tolist() == [0.0] * 6, "nothing is beyond"


def test_beyond_the_free_bits_is_judged_by_the_whole_set_however_it_is_split(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = new(free_bits=0.5)
    spread_kl(model)
    pictures = (images(60) * 255).to(torch.uint8)
    kl = kl_to_standard_normal(*model.posterior(pictures.float() / 255)).mean(dim=0)
    expected = (kl - 0.5).clamp_min(0).sum().item()
    assert 0 < (kl > 0.5).sum() < 3
    for n in (60, 7, 1):
        monkeypatch.setattr(evaluation, "EVALUATION_BATCH", n)
        told = evaluate(model, pictures)["kl_beyond_free_bits"]
        assert told == pytest.approx(expected, rel=1e-5)


@BOTH
@pytest.mark.parametrize(
    ("epoch", "share"), [(0.0, 0.0), (1.0, 0.25), (2.5, 0.625), (4.0, 1.0), (9.0, 1.0)]
)
def test_the_kl_weight_grows_linearly_over_the_warm_up(
    family: type[VAESpec | DiscreteVAESpec], epoch: float, share: float
) -> None:
    spec = family(kl_warm_up=4, kl_weight=0.8, widths=(16,))
    model = build_model(spec, SHAPE, seeded())
    model.set_epoch(epoch, 10)
    loss = model.losses(Batch.of(images()), seeded())
    reconstruction, kl = (term.values for term in loss.terms)
    assert kl.min() > 0
    torch.testing.assert_close(loss.per_image, reconstruction + share * 0.8 * kl)


@BOTH
def test_evaluation_charges_the_whole_kl_during_the_warm_up(
    family: type[VAESpec | DiscreteVAESpec],
) -> None:
    model = build_model(family(kl_warm_up=4, kl_weight=0.8, widths=(16,)), SHAPE, seeded())
    model.set_epoch(0.0, 10)
    loss = model.losses(Batch.of(images()), None)
    reconstruction, kl = (term.values for term in loss.terms)
    torch.testing.assert_close(loss.per_image, reconstruction + 0.8 * kl)


@BOTH
def test_without_a_warm_up_the_whole_kl_is_charged_from_the_first_step(
    family: type[VAESpec | DiscreteVAESpec],
) -> None:
    model = build_model(family(kl_weight=0.8, widths=(16,)), SHAPE, seeded())
    assert isinstance(model, ProbabilisticAutoencoder)
    model.set_epoch(0.0, 10)
    loss = model.losses(Batch.of(images()), seeded())
    reconstruction, kl = (term.values for term in loss.terms)
    torch.testing.assert_close(loss.per_image, reconstruction + 0.8 * kl)


@BOTH
@pytest.mark.parametrize("epoch", [0.0, 1.0, 9.0])
def test_the_loss_that_is_told_counts_the_whole_kl_weight_in_training_as_in_evaluation(
    family: type[VAESpec | DiscreteVAESpec], epoch: float
) -> None:
    model = build_model(family(kl_warm_up=4, kl_weight=0.8, widths=(16,)), SHAPE, seeded())
    model.set_epoch(epoch, 10)
    for draw in (seeded(), None):
        loss = model.losses(Batch.of(images()), draw)
        reconstruction, kl, told = loss.means().tolist()
        assert told == pytest.approx(reconstruction + 0.8 * kl, rel=1e-5)


def test_free_bits_are_charged_by_the_warm_up_too() -> None:
    model = new(free_bits=0.5, kl_warm_up=2, kl_weight=0.8)
    model.set_epoch(0.0, 10)
    loss = model.losses(Batch.of(images()), seeded())
    torch.testing.assert_close(loss.per_image, loss.terms[0].values)


def test_the_monte_carlo_kl_is_the_closed_form_on_average() -> None:
    n = 20_000
    model = new(kl_estimate="monte_carlo").requires_grad_(False)
    spread_kl(model)
    one = images(1)
    sampled = model.losses(Batch.of(one.expand(n, *SHAPE)), seeded()).terms[1].values.double()
    exact = kl_to_standard_normal(*model.posterior(one)).sum().item()
    standard_error = (sampled.std() / math.sqrt(n)).item()
    assert exact > 10 * standard_error
    assert sampled.mean().item() == pytest.approx(exact, abs=4 * standard_error)


def test_the_monte_carlo_kl_has_the_gradient_of_the_closed_form_on_average() -> None:
    n = 20_000
    one = images(1)
    gradients = []
    for estimate, x in (("monte_carlo", one.expand(n, *SHAPE)), ("closed_form", one)):
        model = new(kl_estimate=estimate)
        spread_kl(model)
        model.losses(Batch.of(x), seeded()).terms[1].values.mean().backward()
        gradients.append(model.encoder[-1].bias.grad)
    torch.testing.assert_close(gradients[0], gradients[1], atol=0.05, rtol=0)
    assert gradients[1].abs().max() > 1


def test_evaluation_takes_the_closed_form_even_where_training_samples_the_kl() -> None:
    sampled, exact = new(kl_estimate="monte_carlo"), new()
    terms = [model.losses(Batch.of(images()), None).terms[1].values for model in (sampled, exact)]
    assert torch.equal(*terms)
