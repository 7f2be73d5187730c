import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vizmodels.errors import InvalidExperiment
from vizmodels.models import build_model, count_parameters
from vizmodels.models.classifier import Classifier
from vizmodels.models.trainable import Batch
from vizmodels.specs import ClassifierSpec

SMALL = ClassifierSpec(widths=(4, 8), n_features=6)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def new(shape: tuple[int, int, int] = (1, 8, 8), spec: ClassifierSpec = SMALL) -> Classifier:
    model = build_model(spec, shape, seeded(), n_classes=3)
    assert isinstance(model, Classifier)
    return model


def images(shape: tuple[int, int, int] = (1, 8, 8)) -> Tensor:
    return torch.rand(9, *shape, generator=seeded(1))


LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 31, 30), (3, 64, 64), (1, 1, 5)], ids=str)
@pytest.mark.parametrize("widths", [(4,), (4, 8), (4, 4, 4, 4)], ids=str)
def test_pictures_become_features_and_log_probabilities(
    shape: tuple[int, int, int], widths: tuple[int, ...]
) -> None:
    spec = ClassifierSpec(widths=widths, n_features=6)
    model = new(shape, spec)
    log_probs = model.classify(images(shape))
    assert log_probs.shape == (9, 3)
    torch.testing.assert_close(log_probs.exp().sum(dim=1), torch.ones(9))
    assert model.features(images(shape)).shape == (9, 6)
    assert count_parameters(spec, shape, 3) == sum(p.numel() for p in model.parameters())


def test_the_features_are_what_the_classes_are_read_from() -> None:
    model = new()
    features = model.features(images())
    assert features.min() == 0, "after a ReLU"
    expected = F.log_softmax(model.head(features), dim=1)
    torch.testing.assert_close(model.classify(images()), expected)


def test_the_loss_is_the_cross_entropy_in_nats_and_the_accuracy_is_only_told() -> None:
    model = new()
    loss = model.losses(Batch.of(images(), LABELS), None)
    assert loss.names == ("cross_entropy", "accuracy", "loss")
    assert loss.units == ("nats", "share of the images", "nats")
    logits = model.head(model.features(images()))
    expected = F.cross_entropy(logits, LABELS, reduction="none")
    torch.testing.assert_close(loss.terms[0].values, expected)
    torch.testing.assert_close(loss.per_image, expected)


def test_the_accuracy_is_the_share_of_images_whose_likeliest_class_is_right() -> None:
    model = new()
    guesses = model.classify(images()).argmax(dim=1)
    for n_right in (0, 4, 9):
        labels = torch.where(torch.arange(9) < n_right, guesses, (guesses + 1) % 3)
        values = model.losses(Batch.of(images(), labels), None).terms[1].values
        assert values.mean().item() == pytest.approx(n_right / 9)


def test_the_classifier_sees_the_noisy_input() -> None:
    model, clean, noisy = new(), images(), images() + 0.5
    seen = model.losses(Batch(clean, noisy, LABELS), None)
    expected = model.losses(Batch.of(noisy, LABELS), None)
    assert torch.equal(seen.per_image, expected.per_image)
    assert not torch.equal(seen.per_image, model.losses(Batch.of(clean, LABELS), None).per_image)


def test_images_without_labels_are_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidExperiment) as error:
        build_model(SMALL, (1, 8, 8), seeded(), n_classes=0)
    assert str(error.value) == (
        "The image set must be labelled for a classifier that is told the class; got one without "
        "labels. Choose another image set, or a prior that is not told the class."
    )
