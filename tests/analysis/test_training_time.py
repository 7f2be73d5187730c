"""What a training is told to take: counted work, and what is made of timed steps."""

import itertools
from pathlib import Path

import pytest

from vizmodels.analysis.training_time import StepTime, estimate_time, time_steps
from vizmodels.experiment import Experiment, Training
from vizmodels.runs.records import RunRecord
from vizmodels.runs.training_cost import Work, cost_of
from vizmodels.specs import (
    AutoencoderSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
)

GREY = (1, 28, 28)


def products(widths: list[int]) -> int:
    """Multiplications of one vector with the matrices between layers of these widths."""
    return sum(a * b for a, b in itertools.pairwise(widths))


def test_a_step_of_an_mlp_costs_its_products_forward_and_twice_backward() -> None:
    cost = cost_of(AutoencoderSpec(widths=(64, 32), latent_dim=5), GREY)
    widths = [784, 64, 32, 5, 32, 64, 784]
    # No gradient is taken of the images, so the first product has one half of its backward pass.
    assert cost.per_image.flops == 2 * (3 * products(widths) - 784 * 64)
    assert cost.per_step == Work(0, 0)
    assert cost.flops(256) == 256 * cost.per_image.flops
    assert cost.n_weights == products(widths) + sum(widths[1:])


@pytest.mark.parametrize(("n_variables", "n_combinations"), [(1, 10), (2, 100), (4, 10_000)])
def test_an_enumerated_step_decodes_every_combination_once(
    n_variables: int, n_combinations: int
) -> None:
    spec = DiscreteVAESpec(n_variables=n_variables, estimator="enumeration", widths=(64,))
    cost = cost_of(spec, GREY)
    inputs = 10 * n_variables
    decoder = products([inputs, 64, 784])
    # Of the combinations no gradient is taken.
    assert cost.per_step.flops == 2 * n_combinations * (3 * decoder - inputs * 64)
    assert cost.per_step.outputs >= n_combinations * 784
    beside = 3 * products([784, 64, inputs]) - 784 * 64
    # The costs of all combinations, x · x_hat, and the chance of each, log q · combination.
    sums = n_combinations * (2 * 784 + 2 * inputs)
    assert cost.per_image.flops == 2 * (beside + sums)


def test_beside_axes_every_image_decodes_every_combination_of_its_own() -> None:
    def decodings(n_classes: int) -> int:
        spec = DiscreteVAESpec(
            n_variables=1, n_classes=n_classes, continuous_dim=2, estimator="enumeration",
            widths=(64,),
        )  # fmt: skip
        cost = cost_of(spec, GREY)
        assert cost.per_step.flops == 0
        return cost.per_image.flops

    twice = decodings(20) / decodings(10)
    assert 1.8 < twice < 2.1


@pytest.mark.parametrize(
    "spec",
    [
        VAESpec(backbone="conv"),
        VAESpec(backbone="transformer"),
        DiscreteVAESpec(estimator="score_function_baseline"),
        VQVAESpec(assignment="distance_weighted", codebook_update="gradient"),
        PixelCNNSpec(vq_run="0" * 12, vqvae=VQVAESpec()),
        ClassifierSpec(),
    ],
    ids=lambda spec: spec.family,
)
def test_other_families_cost_by_the_image_alone(spec) -> None:
    cost = cost_of(spec, GREY, 10)
    assert cost.per_image.flops > 0 and cost.per_image.outputs > 0
    assert cost.per_step == Work(0, 0)


def test_memory_counts_what_every_combination_puts_out() -> None:
    spec = DiscreteVAESpec(n_variables=4, estimator="enumeration")
    assert cost_of(spec, GREY).memory_bytes(256, 0) > 10_000 * 784 * 8


def test_a_training_takes_its_steps_its_evaluations_and_what_is_done_once() -> None:
    timed = StepTime(step=0.01, test_image=0.001, once=2.0)
    training = Training(epochs=3, batch_size=64)
    experiment = Experiment(dataset="digits", model=VAESpec(), training=training)
    assert timed.of_training(experiment, 400, 100) == pytest.approx(2 + 3 * 7 * 0.01 + 3 * 0.1)


@pytest.mark.parametrize(
    "spec",
    [VAESpec(widths=(8,)), VQVAESpec(channels=8), ClassifierSpec(widths=(8,)),
     PixelCNNSpec(vq_run="0" * 12, vqvae=VQVAESpec(channels=8), channels=8, n_layers=1)],
    ids=lambda spec: spec.family,
)  # fmt: skip
def test_steps_of_every_family_can_be_timed(spec) -> None:
    training = Training(batch_size=32)
    experiment = Experiment(dataset="digits", model=spec, training=training)
    timed = time_steps(experiment, (1, 8, 8), 10, "this one")
    assert timed.step > 0 and timed.test_image > 0 and timed.once > 0


def record(name: str, spec: VAESpec, seconds: float, rate: float, *, shipped: bool) -> RunRecord:
    environment: dict[str, str | float] = {
        "processor": "this one",
        "training_seconds": seconds,
        "images_per_second": rate,
        "flops_per_image": cost_of(spec, GREY).flops(128) / 128,
    }
    experiment = Experiment(dataset="mnist", model=spec)
    return RunRecord(name, experiment, {}, environment, GREY, Path(name), shipped)


def test_a_moments_training_of_something_tiny_tells_nothing_of_other_trainings() -> None:
    tiny = record("tiny", VAESpec(widths=(16,)), 0.2, 900.0, shipped=False)
    alike = record("alike", VAESpec(widths=(400,)), 30.0, 20_000.0, shipped=True)
    experiment = Experiment(dataset="mnist", model=VAESpec(), training=Training(epochs=10))
    told = estimate_time(experiment, 20_000, GREY, 10, [tiny, alike], ["this one"])
    by_itself = estimate_time(experiment, 20_000, GREY, 10, [alike], ["this one"])
    assert told is not None and told == by_itself
    ratio = cost_of(VAESpec(), GREY).flops(128) / cost_of(VAESpec(widths=(400,)), GREY).flops(128)
    batches = experiment.training.n_steps(20_000) * experiment.training.batch_size
    assert told.seconds == pytest.approx(ratio * batches / 20_000)
