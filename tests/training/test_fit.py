import dataclasses
import math

import pytest
import torch
from small_training import CPU, FAMILIES, first_of, on_digits, same_state
from torch import Tensor

from vizmodels.data.bundled import digits
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.errors import InvalidExperiment, TrainingDiverged, TrainingStopped
from vizmodels.experiment import Experiment
from vizmodels.specs import VAESpec
from vizmodels.training import loop
from vizmodels.training.evaluation import evaluate, evaluate_whole
from vizmodels.training.loop import fit
from vizmodels.training.progress import Progress


def test_another_seed_gives_other_weights(data: ImageSet) -> None:
    models = [fit(on_digits(seed=seed), data, CPU).model for seed in (3, 4)]
    assert not same_state(*models)


def test_training_neither_reads_nor_moves_the_global_generator(data: ImageSet) -> None:
    torch.manual_seed(1)
    first = fit(on_digits(noise_weight=0.2), data, CPU).model
    torch.manual_seed(2)
    assert same_state(first, fit(on_digits(noise_weight=0.2), data, CPU).model)


def test_no_test_image_is_ever_trained_on(data: ImageSet) -> None:
    noise = torch.randint(
        0, 256, data.test.images.shape, dtype=torch.uint8, generator=torch.Generator()
    )
    poisoned = dataclasses.replace(data, test=ImageSplit(noise, data.test.labels))
    experiment = on_digits(noise_weight=0.1)
    clean, other = fit(experiment, data, CPU), fit(experiment, poisoned, CPU)
    assert same_state(clean.model, other.model)
    assert clean.test_terms != other.test_terms, "the poison was seen by nobody at all"


def test_closed_form_is_not_fitted_to_test_images(data: ImageSet) -> None:
    swapped = dataclasses.replace(data, test=data.train)
    experiment = on_digits(FAMILIES["linear"], epochs=1, solver="closed_form")
    assert same_state(fit(experiment, data, CPU).model, fit(experiment, swapped, CPU).model)


def orders(experiment: Experiment, data: ImageSet) -> list[list[Tensor]]:
    """The batches of indices of each epoch."""
    runner = loop._Loop(experiment, data, CPU, None)
    epochs: list[list[Tensor]] = [[]]
    for indices, epoch_ends in runner._remaining_batches():
        epochs[-1].append(indices)
        if epoch_ends:
            epochs.append([])
    assert epochs.pop() == []
    return epochs


def test_every_training_image_is_used_once_an_epoch(data: ImageSet) -> None:
    epochs = orders(on_digits(epochs=3, batch_size=100), data)
    assert [len(batches) for batches in epochs] == [4, 4, 4]
    for batches in epochs:
        assert sorted(torch.cat(batches).tolist()) == list(range(400))
    assert not torch.equal(epochs[0][0], epochs[1][0])


@pytest.mark.parametrize(("batch_size", "n_steps"), [(64, 7), (399, 2), (401, 1), (1, 400)])
def test_a_pass_ends_with_a_batch_filled_up_from_its_beginning(
    data: ImageSet, batch_size: int, n_steps: int
) -> None:
    experiment = on_digits(epochs=2, batch_size=batch_size)
    epochs = orders(experiment, data)
    for batches in epochs:
        assert {len(indices) for indices in batches} == {min(batch_size, 400)}
        assert len(batches) == n_steps
        seen = torch.cat(batches)
        assert sorted(seen[:400].tolist()) == list(range(400))
        assert torch.equal(seen[400:], seen[: len(seen) - 400])
    assert experiment.training.n_steps(400) == sum(map(len, epochs))


def test_a_pass_whose_last_batch_is_filled_up_trains_on_it(data: ImageSet) -> None:
    fitted = fit(on_digits(batch_size=64, epochs=3), data, CPU)
    assert fitted.history.steps[-1] == 3 * 7
    assert fitted.history.epochs == [1, 2, 3]
    assert fitted.images_seen == 3 * 7 * 64


def test_first_weights_orders_codes_and_noise_are_drawn_from_streams_of_their_own(
    data: ImageSet,
) -> None:
    runner = loop._Loop(on_digits(seed=0), data, CPU, None)
    drawn = [torch.rand(64, generator=torch.Generator().manual_seed(0)).tolist()]
    drawn += [
        torch.rand(64, generator=runner._stream(name, epoch)).tolist()
        for name, epoch in (
            *(("weights", 0), ("codes", 0), ("noise", 0)),
            *(("order", epoch) for epoch in range(3)),
        )
    ]
    assert len({value for row in drawn for value in row}) > 0.99 * 7 * 64
    order = torch.cat(orders(on_digits(seed=0), data)[0])
    assert not torch.equal(order, torch.randperm(400, generator=torch.Generator().manual_seed(0)))


def test_a_batch_larger_than_the_set_is_the_whole_set(data: ImageSet) -> None:
    fitted = fit(on_digits(batch_size=4096, epochs=3), data, CPU)
    assert fitted.history.steps == [1, 2, 3]
    assert fitted.images_seen == 3 * 400


def test_the_fitted_model_is_frozen_and_on_the_cpu(data: ImageSet) -> None:
    model = fit(on_digits(FAMILIES["vae-conv"]), data, CPU).model
    assert not model.training
    assert all(p.device.type == "cpu" and not p.requires_grad for p in model.parameters())
    assert all(p.is_contiguous() for p in model.parameters())


def test_the_test_terms_are_those_of_the_fitted_model(data: ImageSet) -> None:
    fitted = fit(on_digits(), data, CPU)
    terms = evaluate(fitted.model, data.test.images)
    assert fitted.test_terms == evaluate_whole(fitted.model, data.test.images)
    assert fitted.test_terms.keys() - terms.keys() == {"reconstruction_of_draws"}
    assert list(terms) == ["reconstruction", "kl", "loss"]


def test_training_lowers_the_loss(data: ImageSet) -> None:
    losses = fit(on_digits(epochs=8, learning_rate=0.005), data, CPU).history.column(
        "loss", test=True
    )
    assert losses[-1] < 0.8 * losses[0]


def test_a_larger_kl_weight_leaves_less_kl(data: ImageSet) -> None:
    def kl(weight: float) -> float:
        spec = VAESpec(widths=(32,), kl_weight=weight)
        return fit(on_digits(spec, epochs=10, learning_rate=0.01), data, CPU).test_terms["kl"]

    assert kl(1.0) < 0.05 < 0.5 < kl(1e-4)


def test_divergence_stops_with_the_term_and_a_lower_learning_rate(data: ImageSet) -> None:
    black_hole = VAESpec(widths=(32,), kl_weight=100)
    sentence = (
        r"^The training term (reconstruction|kl|loss) must be a finite number; got (nan|inf) at "
        r"learning rate 1\. Lower the learning rate to 0\.1 and train again\.$"
    )
    with pytest.raises(TrainingDiverged, match=sentence):
        fit(on_digits(black_hole, epochs=50, learning_rate=1), data, CPU)


def test_a_test_term_that_is_not_finite_stops_as_well(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "evaluate", lambda *_, **__: {"reconstruction": math.inf})
    sentence = r"^The training term test reconstruction must be a finite number; got inf at "
    with pytest.raises(TrainingDiverged, match=sentence):
        fit(on_digits(), data, CPU)


def test_an_exception_in_the_listener_stops_the_training(data: ImageSet) -> None:
    seen: list[Progress] = []

    def stop(progress: Progress) -> None:
        seen.append(progress)
        raise TrainingStopped("The training", "wanted", "a click on Stop", "Train again.")

    with pytest.raises(TrainingStopped):
        fit(on_digits(epochs=5), data, CPU, stop)
    assert len(seen) == 1 and seen[0].step <= 4


def test_a_model_that_does_not_fit_the_pictures_is_refused(data: ImageSet) -> None:
    with pytest.raises(InvalidExperiment, match=r"must be at most 64, the number of values"):
        fit(on_digits(VAESpec(latent_dim=65)), data, CPU)


def test_a_set_without_labels_can_be_trained_on(data: ImageSet) -> None:
    bare = ImageSet(
        "own", (1, 8, 8), (), (), ImageSplit(data.train.images), ImageSplit(data.test.images)
    )
    reports: list[Progress] = []
    fit(on_digits(), bare, CPU, reports.append)
    assert reports[-1].preview is not None and reports[-1].preview.labels is None


def test_a_set_smaller_than_the_preview_can_be_trained_on() -> None:
    tiny = first_of(digits(), 20, 3)
    reports: list[Progress] = []
    fit(on_digits(), tiny, CPU, reports.append)
    assert reports[-1].preview is not None
    assert reports[-1].preview.originals.shape == (3, 1, 8, 8)


def test_a_vae_on_mnist_reaches_its_known_error_in_one_epoch(real_data) -> None:
    from vizmodels.data import load_dataset
    from vizmodels.experiment import Training

    experiment = Experiment(
        dataset="mnist",
        model=VAESpec(latent_dim=2, kl_weight=1e-4, widths=(256, 64)),
        training=Training(epochs=1),
    )
    terms = fit(experiment, load_dataset("mnist", download=False), CPU).test_terms
    # The mean picture alone gives 0.067.
    assert terms["reconstruction"] < 0.06
