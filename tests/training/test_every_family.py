"""What holds for every family as it is trained."""

from pathlib import Path

import pytest
import torch
from small_training import (
    CPU,
    FAMILIES,
    FEW,
    VQ_EXPERIMENT,
    new_model,
    on_digits,
    same_state,
    small_discrete,
    small_vqvae,
    whole_state,
    with_noise,
)
from torch import Tensor

from vizmodels.data.bundled import digits
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.classifier import Classifier
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.trainable import Batch
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train
from vizmodels.specs import AnySpec, AutoencoderSpec, DiscreteVAESpec, PixelCNNSpec, VAESpec
from vizmodels.training.evaluation import encode_all, evaluate, reconstruct_all
from vizmodels.training.loop import fit
from vizmodels.training.step import TrainingStep

EVERY_FAMILY = pytest.mark.parametrize("spec", FAMILIES.values(), ids=FAMILIES)


@EVERY_FAMILY
def test_the_same_seed_gives_the_same_weights_bit_for_bit(
    data: ImageSet, vqvae: VQVAE, spec: AnySpec
) -> None:
    experiment = on_digits(spec, seed=3, **with_noise(spec))
    first, again = (fit(experiment, data, CPU, vqvae=vqvae) for _ in range(2))
    assert same_state(first.model, again.model)
    assert first.history == again.history


@EVERY_FAMILY
def test_every_weight_that_is_trained_moves(data: ImageSet, vqvae: VQVAE, spec: AnySpec) -> None:
    before = whole_state(new_model(spec, data, vqvae))
    model = new_model(spec, data, vqvae)
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    generator = torch.Generator().manual_seed(1)
    labels = data.train.labels
    rows = model.resident(data.train.images)
    step = TrainingStep(model, rows, 100, 1e-2, 0.0, generator, CPU, labels=labels)
    for at in range(4):
        step(torch.arange(100 * at, 100 * at + 100))
    after = whole_state(model)
    assert trained
    assert {name for name in trained if torch.equal(before[name], after[name])} == set()


@pytest.fixture(scope="module")
def eight() -> ImageSet:
    """Eight digits, 32 times each an epoch, so that few epochs have many steps."""
    all_digits = digits()
    images, labels = all_digits.train.images[:8], all_digits.train.labels
    assert labels is not None
    once = ImageSplit(images, labels[:8])
    often = ImageSplit(images.repeat(32, 1, 1, 1), labels[:8].repeat(32))
    return ImageSet(FEW, (1, 8, 8), all_digits.class_names, (), often, once)


def roomy(spec: AnySpec) -> AnySpec:
    """The same with room for eight pictures."""
    if isinstance(spec, AutoencoderSpec | VAESpec):
        return spec.model_copy(update={"latent_dim": 8})
    if isinstance(spec, DiscreteVAESpec):
        return spec.model_copy(update={"widths": (64,)})
    if isinstance(spec, PixelCNNSpec):
        return spec.model_copy(update={"dropout": 0.0})
    return spec


LEFT = {"score_function": 0.9, "score_function_baseline": 0.4}
"""Share of the variance at most that these leave; their gradients are noisy by nature."""


@pytest.mark.usefixtures("one_thread")
@EVERY_FAMILY
def test_every_family_overfits_eight_images(eight: ImageSet, vqvae: VQVAE, spec: AnySpec) -> None:
    experiment = on_digits(roomy(spec), epochs=16, batch_size=8, learning_rate=0.01)
    fitted = fit(experiment, eight, CPU, vqvae=vqvae)
    terms = fitted.test_terms
    match fitted.model:
        case Classifier():
            assert terms["accuracy"] == 1 and terms["cross_entropy"] < 0.01
        case VQPrior():
            assert terms["code_nll"] < terms["marginal_entropy"] / 5
        case model:
            assert isinstance(model, Autoencoder)
            x = eight.test.images.float() / 255
            error = (reconstruct_all(model, eight.test.images) - x).square().mean()
            left = LEFT.get(getattr(spec, "estimator", ""), 0.2)
            assert error < left * (x - x.mean(dim=0)).square().mean()


@EVERY_FAMILY
def test_every_family_is_saved_and_loaded_bit_for_bit(
    data: ImageSet, vq_run: Run, tmp_path: Path, spec: AnySpec
) -> None:
    of_prior = vq_run if isinstance(spec, PixelCNNSpec) else None
    run = train(on_digits(spec, epochs=1), device="cpu", data=data, vq_run=of_prior)
    library = RunLibrary(tmp_path)
    library.save(run)
    loaded = library.load(run.id)
    ours, theirs = run.model.state_dict(), loaded.model.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert loaded.history == run.history
    assert loaded.n_classes == run.n_classes == 10
    assert loaded.evaluation == run.evaluation
    images, labels = data.test.images, data.test.labels
    again = evaluate(loaded.model, images, labels)
    assert again == evaluate(run.model, images, labels)
    # Trained in another memory format, in which sums are taken in another order.
    assert again == pytest.approx({name: run.evaluation[name] for name in again}, rel=1e-4)
    if isinstance(run.model, Autoencoder):
        assert isinstance(loaded.model, Autoencoder)
        assert torch.equal(encode_all(loaded.model, images), encode_all(run.model, images))
        samples = [
            model.sample(3, torch.Generator().manual_seed(0)) for model in (run.model, loaded.model)
        ]
        assert torch.equal(*samples)


@pytest.mark.parametrize(
    "spec", [small_vqvae(), small_discrete(), FAMILIES["classifier"]], ids=lambda s: s.family
)
def test_a_step_shows_the_encoder_noise_and_asks_for_the_clean_picture(
    data: ImageSet, vqvae: VQVAE, spec: AnySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = new_model(spec, data, vqvae)
    seen: list[Batch] = []
    losses = model.losses
    monkeypatch.setattr(model, "losses", lambda batch, g: seen.append(batch) or losses(batch, g))
    generator, labels = torch.Generator().manual_seed(0), data.train.labels
    step = TrainingStep(model, data.train.images, 10, 1e-3, 0.5, generator, CPU, labels=labels)
    step(torch.arange(20, 30))
    clean = data.train.images[20:30].float() / 255
    torch.testing.assert_close(seen[-1].x, clean)
    assert (seen[-1].x_in - clean).abs().mean() > 0.1
    assert seen[-1].x_in.min() >= 0 and seen[-1].x_in.max() <= 1
    assert labels is not None and seen[-1].labels is not None
    assert torch.equal(seen[-1].labels, labels[20:30])


@pytest.mark.usefixtures("one_thread")
def test_training_with_noise_removes_noise_better_than_training_without(data: ImageSet) -> None:
    spec = AutoencoderSpec(widths=(64,), latent_dim=32)
    generator = torch.Generator().manual_seed(0)
    x = data.test.images.float() / 255
    noisy = (x + 0.4 * torch.randn(x.shape, generator=generator)).clamp(0, 1)

    def error(noise_weight: float) -> Tensor:
        settings = {"epochs": 40, "batch_size": 50, "learning_rate": 0.01}
        experiment = on_digits(spec, **settings, noise_weight=noise_weight)
        model = fit(experiment, data, CPU).model
        assert isinstance(model, Autoencoder)
        return (model.decode(model.encode(noisy)) - x).square().mean()

    assert error(0.4) < 0.8 * error(0.0)


def test_a_vqvae_tells_usage_and_perplexity_after_each_epoch(vq_run: Run) -> None:
    history = vq_run.history
    assert set(history.measures) == {"usage", "perplexity"}
    assert all(len(values) == VQ_EXPERIMENT.training.epochs for values in history.measures.values())
    assert 0 < vq_run.evaluation["usage"] <= 1
    assert 1 < vq_run.evaluation["perplexity"] <= 16
    assert vq_run.evaluation["perplexity"] == history.measures["perplexity"][-1]
