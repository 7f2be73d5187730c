"""Pixels drawn black or white, their grey value the chance of white."""

import math

import pytest
import torch
from small_training import CPU, FAMILIES, new_model, on_digits
from torch import Tensor

from vizmodels.data.image_set import ImageSet
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.trainable import Batch, Trainable
from vizmodels.training import evaluation
from vizmodels.training.evaluation import evaluate, evaluate_whole
from vizmodels.training.loop import fit
from vizmodels.training.step import TrainingStep, binarised

SPEC = FAMILIES["vae-bernoulli"]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def model(data: ImageSet, vqvae: VQVAE) -> Trainable:
    return new_model(SPEC, data, vqvae)


def watch(model: Trainable, monkeypatch: pytest.MonkeyPatch) -> list[Batch]:
    """What the model is asked the losses of."""
    seen: list[Batch] = []
    losses = model.losses
    monkeypatch.setattr(model, "losses", lambda batch, g: seen.append(batch) or losses(batch, g))
    return seen


def test_a_pixel_is_white_as_often_as_its_grey_value_says() -> None:
    n, grey = 20_000, torch.tensor([0.0, 0.1, 0.5, 0.9, 1.0])
    drawn = binarised(grey.expand(n, 1, 1, 5), seeded())
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    shares = drawn.mean(dim=(0, 1, 2))
    assert ((shares - grey).abs() <= 4 * (grey * (1 - grey) / n).sqrt()).all()


def test_each_step_draws_the_pixels_anew_and_shows_black_and_white_alone(
    data: ImageSet, model: Trainable, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = watch(model, monkeypatch)
    step = TrainingStep(model, data.train.images, 50, 1e-3, 0.0, seeded(), CPU, binarise=True)
    for _ in range(2):
        step(torch.arange(50))
    first, again = (batch.x for batch in seen[-2:])
    assert set(first.unique().tolist()) == {0.0, 1.0}
    assert not torch.equal(first, again)
    clean = data.train.images[:50].float() / 255
    is_sure = (clean == 0) | (clean == 1)
    assert is_sure.any() and torch.equal(first[is_sure], clean[is_sure])


def test_noise_is_added_to_the_drawn_pixels_and_the_target_is_without_it(
    data: ImageSet, model: Trainable, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = watch(model, monkeypatch)
    step = TrainingStep(model, data.train.images, 50, 1e-3, 0.2, seeded(), CPU, binarise=True)
    step(torch.arange(50))
    x, x_in = seen[-1].x, seen[-1].x_in
    assert set(x.unique().tolist()) == {0.0, 1.0}
    assert 0.01 < (x_in - x).abs().mean() < 0.2


def drawn_for_evaluation(images: Tensor) -> Tensor:
    return binarised(images.float() / 255, seeded(evaluation.BINARISATION_SEED))


def test_evaluation_is_on_the_same_draw_each_time(data: ImageSet, model: Trainable) -> None:
    images = data.test.images
    first, again = (evaluate(model, images, binarise=True) for _ in range(2))
    assert first == again
    with torch.no_grad():
        loss = model.losses(Batch.of(drawn_for_evaluation(images)), None)
    assert first["loss"] == pytest.approx(loss.per_image.mean().item(), rel=1e-5)
    assert first["loss"] != pytest.approx(evaluate(model, images)["loss"], rel=1e-4)


def test_evaluation_on_drawn_pixels_does_not_depend_on_the_batch_split(
    data: ImageSet, model: Trainable, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluate(model, data.test.images, binarise=True)
    monkeypatch.setattr(evaluation, "EVALUATION_BATCH", 7)
    assert evaluate(model, data.test.images, binarise=True) == pytest.approx(whole, rel=1e-5)


def test_a_binarised_run_is_trained_and_evaluated_on_drawn_pixels(data: ImageSet) -> None:
    fitted = fit(on_digits(SPEC, binarise=True), data, CPU)
    assert fitted.test_terms == evaluate_whole(fitted.model, data.test.images, binarise=True)
    plain = fit(on_digits(SPEC), data, CPU)
    assert fitted.test_terms["loss"] != plain.test_terms["loss"]


def test_the_cross_entropy_of_drawn_pixels_is_that_of_the_grey_ones_on_average(
    data: ImageSet, model: Trainable
) -> None:
    # −log p is linear in each pixel, so given the same x_hat the mean over draws is exact.
    grey = data.test.images[:1].float() / 255
    n = 5000
    drawn = binarised(grey.expand(n, 1, 8, 8), seeded())
    with torch.no_grad():
        nats = model.losses(Batch(drawn, grey.expand(n, 1, 8, 8)), None).terms[0].values
        exact = model.losses(Batch.of(grey), None).terms[0].values.item()
    standard_error = (nats.std() / math.sqrt(n)).item()
    assert nats.mean().item() == pytest.approx(exact, abs=4 * standard_error)
