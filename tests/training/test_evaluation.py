import pytest
import torch
from small_training import AUTOENCODERS, FAMILIES, new_model, whole_state

from vizmodels.data.image_set import ImageSet
from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.trainable import Batch
from vizmodels.specs import AnySpec
from vizmodels.training import evaluation
from vizmodels.training.evaluation import as_float, encode_all, evaluate, reconstruct_all

EVERY_FAMILY = pytest.mark.parametrize("spec", FAMILIES.values(), ids=FAMILIES)


def new(spec: AnySpec) -> Autoencoder:
    model = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(0))
    assert isinstance(model, Autoencoder)
    return model


@EVERY_FAMILY
def test_evaluation_leaves_weights_and_buffers_unchanged(
    data: ImageSet, vqvae: VQVAE, spec: AnySpec
) -> None:
    model = new_model(spec, data, vqvae)
    before = whole_state(model)
    evaluate(model, data.test.images, data.test.labels)
    model.measure(data.test.images)
    if isinstance(model, Autoencoder):
        encode_all(model, data.test.images)
        reconstruct_all(model, data.test.images)
    after = whole_state(model)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert all(p.grad is None for p in model.parameters())


@EVERY_FAMILY
def test_evaluation_does_not_depend_on_the_batch_split(
    data: ImageSet, vqvae: VQVAE, spec: AnySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = new_model(spec, data, vqvae)
    whole = evaluate(model, data.test.images, data.test.labels)
    monkeypatch.setattr(evaluation, "EVALUATION_BATCH", 7)  # the last batch has 2 of 100
    assert evaluate(model, data.test.images, data.test.labels) == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("spec", AUTOENCODERS.values(), ids=AUTOENCODERS)
def test_latents_and_reconstructions_do_not_depend_on_the_batch_split(
    data: ImageSet, vqvae: VQVAE, spec: AnySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = new_model(spec, data, vqvae)
    assert isinstance(model, Autoencoder)
    latents, pictures = (f(model, data.test.images) for f in (encode_all, reconstruct_all))
    monkeypatch.setattr(evaluation, "EVALUATION_BATCH", 7)
    torch.testing.assert_close(encode_all(model, data.test.images), latents)
    torch.testing.assert_close(reconstruct_all(model, data.test.images), pictures)


@EVERY_FAMILY
def test_evaluating_twice_gives_the_same_figures(
    data: ImageSet, vqvae: VQVAE, spec: AnySpec
) -> None:
    model = new_model(spec, data, vqvae)
    first, again = (evaluate(model, data.test.images, data.test.labels) for _ in range(2))
    assert first == again


def test_evaluation_is_the_mean_over_images_of_the_models_own_loss(data: ImageSet) -> None:
    model = new(FAMILIES["vae-mlp"])
    x = data.test.images.double().div(255).float()
    with torch.no_grad():
        loss = model.losses(Batch.of(x), None)
    terms = evaluate(model, data.test.images)
    expected = {term.name: term.values.mean().item() for term in loss.terms}
    assert terms == pytest.approx({**expected, "loss": loss.per_image.mean().item()}, rel=1e-5)


def test_images_become_floats_from_0_to_1_without_touching_the_originals() -> None:
    images = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    x = as_float(images, new(FAMILIES["linear"]))
    torch.testing.assert_close(x.flatten(), torch.arange(256) / 255)
    assert x.max() == 1
    assert torch.equal(images.flatten(), torch.arange(256, dtype=torch.uint8))


def test_latents_and_reconstructions_are_in_the_order_of_the_images(data: ImageSet) -> None:
    model = new(FAMILIES["vae-mlp"])
    images = data.test.images
    backwards = images.flip(0)
    torch.testing.assert_close(encode_all(model, backwards).flip(0), encode_all(model, images))
    torch.testing.assert_close(
        reconstruct_all(model, backwards).flip(0), reconstruct_all(model, images)
    )
