"""What moves from step to step: the learning rate, the KL weight and the temperature."""

import itertools

import pytest
import torch
from small_training import CPU, VQ_EXPERIMENT, on_digits, small_discrete

from vizmodels.data.image_set import ImageSet
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.probabilistic import ProbabilisticAutoencoder
from vizmodels.specs import AnySpec, VAESpec
from vizmodels.training import schedule
from vizmodels.training.loop import fit
from vizmodels.training.schedule import one_cycle_share
from vizmodels.training.step import TrainingStep

N_STEPS = 8  # 2 epochs of 4


def test_the_one_cycle_share_rises_from_its_first_value_to_one_and_falls_to_nearly_nothing() -> (
    None
):
    shares = [one_cycle_share(step, 100) for step in range(100)]
    assert shares[0] == schedule.FIRST_SHARE == 0.04
    assert shares[10] == 1.0 == max(shares)
    assert all(a < b for a, b in itertools.pairwise(shares[:11]))
    assert all(a > b for a, b in itertools.pairwise(shares[10:]))
    assert 0 < shares[-1] < 1e-3


def test_the_one_cycle_share_is_linear_then_half_a_cosine() -> None:
    assert one_cycle_share(5, 100) == pytest.approx((0.04 + 1) / 2)
    assert one_cycle_share(55, 100) == pytest.approx(0.5)


@pytest.mark.parametrize("n_steps", [1, 2, 3, 9, 1000])
def test_the_one_cycle_share_is_between_0_and_1_however_few_the_steps(n_steps: int) -> None:
    shares = [one_cycle_share(step, n_steps) for step in range(n_steps)]
    assert all(0 < share <= 1 for share in shares)


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The learning rate of each step that is taken."""
    kept: list[float] = []
    take = TrainingStep.__call__

    def watch(self: TrainingStep, indices: torch.Tensor) -> None:
        kept.append(float(self.optimizer.param_groups[0]["lr"]))
        take(self, indices)

    monkeypatch.setattr(TrainingStep, "__call__", watch)
    return kept


def test_a_constant_schedule_takes_every_step_at_the_learning_rate(
    data: ImageSet, rates: list[float]
) -> None:
    fit(on_digits(learning_rate=0.003), data, CPU)
    assert rates == [0.003] * N_STEPS


def test_a_one_cycle_schedule_takes_each_step_at_its_share_of_the_learning_rate(
    data: ImageSet, rates: list[float]
) -> None:
    fit(on_digits(learning_rate=0.003, schedule="one_cycle"), data, CPU)
    expected = [0.003 * one_cycle_share(step, N_STEPS) for step in range(N_STEPS)]
    assert rates == pytest.approx(expected)
    assert rates[0] < 0.1 * 0.003 and rates[-1] < 0.1 * 0.003 < max(rates)


def watched(
    spec: AnySpec, name: str, data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> list[float]:
    """A buffer of the model at each step that is taken."""
    kept: list[float] = []
    take = TrainingStep.__call__

    def watch(self: TrainingStep, indices: torch.Tensor) -> None:
        assert isinstance(self.model, ProbabilisticAutoencoder)
        kept.append(float(self.model.get_buffer(name)))
        take(self, indices)

    monkeypatch.setattr(TrainingStep, "__call__", watch)
    fit(on_digits(spec), data, CPU)
    return kept


def test_the_kl_weight_is_nothing_at_the_first_step_and_whole_after_the_warm_up(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = watched(VAESpec(widths=(32,), kl_warm_up=1), "kl_share", data, monkeypatch)
    assert shares == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0]


def test_the_temperature_falls_from_step_to_step(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = small_discrete().model_copy(update={"temperature": 4.0, "final_temperature": 0.25})
    temperatures = watched(spec, "temperature", data, monkeypatch)
    # A sixteenth over 8 steps, each begun with the share of the run that is done.
    assert temperatures == pytest.approx([4 * 0.5 ** (step / 2) for step in range(N_STEPS)])


def test_the_test_terms_charge_the_whole_kl_during_the_warm_up(data: ImageSet) -> None:
    spec = VAESpec(widths=(32,), kl_warm_up=200, kl_weight=0.5)
    terms = fit(on_digits(spec), data, CPU).test_terms
    assert terms["loss"] == pytest.approx(terms["reconstruction"] + 0.5 * terms["kl"])
    assert terms["kl"] > 0


def test_the_codebook_is_started_once_and_its_codes_move_after_each_step(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, after_step = VQVAE.start, VQVAE.after_step
    codebooks: list[torch.Tensor] = []

    def watch_start(self: VQVAE, images: torch.Tensor, generator: torch.Generator) -> None:
        start(self, images, generator)
        codebooks.append(self.quantizer.codebook.clone())

    def watch_step(self: VQVAE, generator: torch.Generator) -> None:
        after_step(self, generator)
        codebooks.append(self.quantizer.codebook.clone())

    monkeypatch.setattr(VQVAE, "start", watch_start)
    monkeypatch.setattr(VQVAE, "after_step", watch_step)
    model = fit(VQ_EXPERIMENT, data, CPU).model
    assert isinstance(model, VQVAE)
    assert len(codebooks) == 1 + N_STEPS
    assert all(not torch.equal(a, b) for a, b in itertools.pairwise(codebooks))
    assert torch.equal(model.quantizer.codebook, codebooks[-1])
