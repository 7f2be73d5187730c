import pytest
import torch
from small_training import CPU, FAMILIES, on_digits

from vizmodels.data.image_set import ImageSet
from vizmodels.specs import ClassifierSpec, VAESpec
from vizmodels.training import snapshots as kept
from vizmodels.training.loop import fit
from vizmodels.training.snapshots import MAX_EPOCHS_KEPT, at_epoch, epochs_to_keep


@pytest.mark.parametrize("n_epochs", [1, 2, 5, 12, 13, 40, 200])
@pytest.mark.parametrize("n", [0, 1, 3, 8, 12])
def test_the_epochs_kept_are_few_and_begin_before_training(n_epochs: int, n: int) -> None:
    epochs = epochs_to_keep(n_epochs, n)
    assert len(epochs) <= n and list(epochs) == sorted(set(epochs))
    assert all(0 <= epoch < n_epochs for epoch in epochs), "the last is the run's own"
    assert not n or epochs[0] == 0


def test_most_are_kept_where_most_happens() -> None:
    assert epochs_to_keep(40, 8) == (0, 1, 2, 3, 5, 8, 14, 24)


def test_a_snapshot_is_the_model_as_a_shorter_training_leaves_it(data: ImageSet) -> None:
    spec = VAESpec(widths=(32,))
    whole = fit(on_digits(spec, epochs=3), data, CPU)
    assert whole.snapshots is not None and whole.snapshots.epochs == (0, 1, 2)
    shorter = fit(on_digits(spec, epochs=2), data, CPU)
    model = fit(on_digits(spec, epochs=1), data, CPU).model
    at_epoch(model, whole.snapshots.weights[2])
    expected = shorter.model.state_dict()
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, expected[name].half().float()), name


def test_a_classifier_keeps_none(data: ImageSet) -> None:
    spec = ClassifierSpec(widths=(8,), n_features=16)
    assert fit(on_digits(spec, epochs=2), data, CPU).snapshots is None


def test_larger_models_keep_fewer_epochs(data: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    n_weights = sum(w.numel() for w in fit(on_digits(), data, CPU).model.state_dict().values())
    monkeypatch.setattr(kept, "MAX_BYTES", 3 * kept.BYTES_PER_WEIGHT * n_weights)
    fitted = fit(on_digits(epochs=6), data, CPU)
    assert fitted.snapshots is not None and len(fitted.snapshots.epochs) == 3
    monkeypatch.setattr(kept, "MAX_BYTES", 10)
    assert fit(on_digits(epochs=2), data, CPU).snapshots is None
    assert MAX_EPOCHS_KEPT == 12


def test_weights_that_half_precision_cannot_hold_are_not_kept(data: ImageSet) -> None:
    model = fit(on_digits(FAMILIES["vae-mlp"], epochs=1), data, CPU).model
    keeper = kept.SnapshotKeeper(model, 2)
    with torch.no_grad():
        next(model.parameters()).mul_(1e9)
    keeper.offer(0, model)
    assert keeper.snapshots() is None
