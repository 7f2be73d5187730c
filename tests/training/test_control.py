"""A training that is paused, slowed down, set aside or steered while it runs."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_training import CPU, FAMILIES, on_digits, same_state

from vizmodels.bounds import check_bounds
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.errors import InvalidExperiment, TrainingSetAside, TrainingStopped
from vizmodels.experiment import MAX_MOVES, Experiment, Move
from vizmodels.runs.run import as_run
from vizmodels.training import loop
from vizmodels.training.control import Order, Turn
from vizmodels.training.loop import fit
from vizmodels.training.progress import Progress

STEPS_PER_EPOCH = 4  # 400 pictures in batches of 100


@pytest.fixture(autouse=True)
def _rows_within_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MAX_HISTORY_ROWS", 6)


def orders(*by_question: Order) -> Callable[[], Order]:
    """Answers the n-th question with the n-th order, and from then on with the last."""
    left = list(by_question)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def from_step(step: int, order: Order, before: Order | None = None) -> Callable[[], Order]:
    """The order from this step on."""
    return orders(*[before or Order()] * step, order)


def test_a_paused_training_waits_and_then_goes_on_as_if_nothing_had_been(data: ImageSet) -> None:
    pause = Order("pause")
    reports: list[Progress] = []
    ask = orders(*[Order()] * 3, *[pause] * 10, Order())
    began = time.perf_counter()
    paused = fit(on_digits(), data, CPU, reports.append, ask=ask)
    assert time.perf_counter() - began > 9 * 0.02
    assert paused.seconds < time.perf_counter() - began - 9 * 0.02, "waiting counts as training"
    waiting = [report for report in reports if report.is_waiting]
    assert [report.step for report in waiting] == [3]
    assert waiting[0].preview is not None
    free = fit(on_digits(), data, CPU)
    assert same_state(paused.model, free.model)
    assert paused.history == free.history


def test_single_steps_are_taken_one_by_one_and_each_is_shown(data: ImageSet) -> None:
    steps = [Order("pause", n_steps_granted=n) for n in (0, 1, 1, 2)]
    reports: list[Progress] = []
    ask = orders(Order(), *steps, Order())
    stepped = fit(on_digits(), data, CPU, reports.append, ask=ask)
    assert [report.step for report in reports if report.is_waiting][:2] == [1, 2]
    assert same_state(stepped.model, fit(on_digits(), data, CPU).model)


def test_single_steps_that_were_granted_before_the_first_are_taken(data: ImageSet) -> None:
    reports: list[Progress] = []
    ask = orders(*[Order("pause", n_steps_granted=3)] * 6, Order())
    fit(on_digits(), data, CPU, reports.append, ask=ask)
    assert [report.step for report in reports if report.is_waiting] == [3]


def test_single_steps_granted_while_a_training_is_set_aside_are_taken_when_it_goes_on(
    data: ImageSet, tmp_path: Path
) -> None:
    experiment, path = on_digits(), tmp_path / "checkpoint.safetensors"
    first = [Order(), *[Order("pause", n_steps_granted=2)] * 3]
    with pytest.raises(TrainingSetAside):
        ask = orders(*first, Order("yield", n_steps_granted=2))
        fit(experiment, data, CPU, None, path, ask=ask)
    reports: list[Progress] = []
    later = orders(*[Order("pause", n_steps_granted=5)] * 6, Order())
    fit(experiment, data, CPU, reports.append, path, ask=later)
    assert [report.step for report in reports if report.is_waiting] == [1 + 5]


def test_slow_motion_takes_its_time_and_changes_nothing_else(data: ImageSet) -> None:
    began = time.perf_counter()
    slow = fit(on_digits(epochs=1), data, CPU, ask=lambda: Order(seconds_per_step=0.1))
    assert time.perf_counter() - began >= (STEPS_PER_EPOCH - 1) * 0.1
    assert slow.seconds < (STEPS_PER_EPOCH - 1) * 0.1
    assert same_state(slow.model, fit(on_digits(epochs=1), data, CPU).model)


def test_a_stop_is_heard_before_the_next_step(data: ImageSet) -> None:
    reports: list[Progress] = []
    with pytest.raises(TrainingStopped):
        fit(on_digits(), data, CPU, reports.append, ask=from_step(2, Order("stop")))
    assert all(report.step <= 2 for report in reports)


@pytest.mark.parametrize("step", [1, 2, STEPS_PER_EPOCH, 2 * STEPS_PER_EPOCH - 1])
@pytest.mark.parametrize("name", ["vae-conv", "discrete-gumbel", "vqvae-ema"])
def test_a_training_set_aside_within_an_epoch_goes_on_bit_for_bit(
    data: ImageSet, tmp_path: Path, name: str, step: int
) -> None:
    experiment = on_digits(FAMILIES[name], schedule="one_cycle", noise_weight=0.2)
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(TrainingSetAside):
        fit(experiment, data, CPU, None, path, ask=from_step(step, Order("yield")))
    reports: list[Progress] = []
    resumed = fit(experiment, data, CPU, reports.append, path)
    assert reports[0].step > step
    whole = fit(experiment, data, CPU)
    assert same_state(resumed.model, whole.model)
    assert resumed.history == whole.history


TURNED = Order(turns=(Turn(1, "kl_weight", 0.05), Turn(2, "noise_weight", 0.3)))


def test_a_turned_knob_is_recorded_with_its_step_and_makes_another_experiment(
    data: ImageSet,
) -> None:
    experiment = on_digits()
    reports: list[Progress] = []
    steered = fit(experiment, data, CPU, reports.append, ask=from_step(5, TURNED))
    assert steered.history.moves == [
        Move(step=5, knob="kl_weight", value=0.05),
        Move(step=5, knob="noise_weight", value=0.3),
    ]
    assert reports[-1].moves == ((5, "kl_weight", 0.05), (5, "noise_weight", 0.3))
    free = fit(experiment, data, CPU)
    assert not same_state(steered.model, free.model)
    recipe = experiment.steered(steered.history.moves)
    assert recipe.id != experiment.id
    run = as_run(recipe, steered, data, CPU)
    assert Experiment.from_json(recipe.to_json()) == recipe and run.id == recipe.id


def test_the_recipe_of_a_steered_training_gives_the_same_weights_without_a_hand(
    data: ImageSet,
) -> None:
    rate = Order(turns=(*TURNED.turns, Turn(3, "learning_rate", 1e-4)))
    steered = fit(on_digits(), data, CPU, ask=from_step(5, rate, before=Order()))
    again = fit(on_digits().steered(steered.history.moves), data, CPU)
    assert same_state(steered.model, again.model)
    assert steered.history == again.history


def test_a_knob_turned_to_where_it_stands_is_no_move(data: ImageSet) -> None:
    same = Order(turns=(Turn(1, "kl_weight", on_digits().model.kl_weight),))
    assert fit(on_digits(), data, CPU, ask=lambda: same).history.moves == []


def test_a_steered_training_that_goes_on_keeps_its_moves_and_makes_none_twice(
    data: ImageSet, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    set_aside = Order("yield", turns=TURNED.turns)
    ask = orders(*[Order()] * 3, *[TURNED] * 2, set_aside)
    with pytest.raises(TrainingSetAside):
        fit(on_digits(), data, CPU, None, path, ask=ask)
    resumed = fit(on_digits(), data, CPU, None, path, ask=lambda: TURNED)
    assert [(move.step, move.knob) for move in resumed.history.moves] == [
        (3, "kl_weight"),
        (3, "noise_weight"),
    ]
    assert same_state(
        resumed.model, fit(on_digits().steered(resumed.history.moves), data, CPU).model
    )


@pytest.mark.parametrize(
    ("moves", "sentence"),
    [
        ([Move(step=5, knob="kl_weight", value=1), Move(step=1, knob="kl_weight", value=2)],
         "training.moves must be in the order of their steps"),
        ([Move(step=5, knob="kl_weight", value=1)],
         "must be of knobs that this experiment has: noise_weight, learning_rate; got kl_weight"),
    ],
)  # fmt: skip
def test_moves_that_cannot_be_made_are_refused(moves: list[Move], sentence: str) -> None:
    family = "vae-mlp" if "order" in sentence else "autoencoder-mlp"
    with pytest.raises(InvalidExperiment, match=sentence):
        on_digits(FAMILIES[family], moves=moves)


def test_a_move_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidExperiment, match="noise_weight must be a number from 0 to 1; got 2"):
        Move(step=0, knob="noise_weight", value=2)


def test_a_training_takes_a_thousand_moves_and_no_more(data: ImageSet) -> None:
    turns = tuple(Turn(at, "learning_rate", 1e-4 * (1 + at % 2)) for at in range(1, 1501))
    steered = fit(on_digits(), data, CPU, ask=lambda: Order(turns=turns))
    assert len(steered.history.moves) == MAX_MOVES == 1000
    recipe = on_digits().steered(steered.history.moves)
    check_bounds(recipe)
    assert Experiment.from_json(recipe.to_json()) == recipe


def test_planned_moves_keep_their_room_among_the_thousand(data: ImageSet) -> None:
    plan = [Move(step=1 + at % 2, knob="learning_rate", value=1e-4) for at in range(990)]
    experiment = on_digits().steered(plan)
    turns = tuple(Turn(at, "noise_weight", 0.1 * (1 + at % 2)) for at in range(1, 31))
    steered = fit(experiment, data, CPU, ask=lambda: Order(turns=turns))
    assert [move.knob for move in steered.history.moves].count("noise_weight") == 10
    assert len(steered.history.moves) == 1000


def test_moves_out_of_order_are_a_recipe_that_can_be_read_back(data: ImageSet) -> None:
    moves = [Move(step=at, knob="kl_weight", value=0.1 * at) for at in (5, 1, 3)]
    recipe = on_digits().steered(moves)
    assert [move.step for move in recipe.training.moves] == [1, 3, 5]
    assert Experiment.from_json(recipe.to_json()).id == recipe.id
    assert fit(recipe, data, CPU).history.moves == list(recipe.training.moves)


@pytest.mark.parametrize(("step", "is_made"), [(7, True), (8, False), (500, False)])
def test_a_move_after_the_last_step_is_refused_before_training(
    data: ImageSet, step: int, is_made: bool
) -> None:
    experiment = on_digits().steered([Move(step=step, knob="kl_weight", value=0.1)])
    if is_made:
        fitted = fit(experiment, data, CPU)
        assert experiment.steered(fitted.history.moves).id == experiment.id
        return
    sentence = rf"must be made before the last of 8 steps; got a move after step {step}\. Move it"
    with pytest.raises(InvalidExperiment, match=sentence):
        fit(experiment, data, CPU)


def test_equal_moves_at_several_steps_are_all_made_after_an_interruption(
    data: ImageSet, tmp_path: Path
) -> None:
    there, back = ({"knob": "kl_weight", "value": value} for value in (0.5, 0.001))
    moves = [Move(step=1, **there), Move(step=3, **back), Move(step=5, **there)]
    experiment, path = on_digits().steered(moves), tmp_path / "checkpoint.safetensors"
    with pytest.raises(TrainingSetAside):
        fit(experiment, data, CPU, None, path, ask=from_step(4, Order("yield")))
    resumed, whole = fit(experiment, data, CPU, None, path), fit(experiment, data, CPU)
    assert same_state(resumed.model, whole.model)
    assert resumed.history == whole.history


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("solver", ["adam", "closed_form"])
def test_pictures_that_are_neither_grey_nor_in_three_colours_are_refused_before_training(
    data: ImageSet, channels: int, solver: str
) -> None:
    train, test = (
        ImageSplit(split.images.repeat(1, channels, 1, 1), split.labels)
        for split in (data.train, data.test)
    )
    wide = ImageSet("own", (channels, 8, 8), data.class_names, (), train, test)
    experiment = on_digits(FAMILIES["linear"], solver=solver)
    sentence = rf"^The pictures must be grey or in three colours; got {channels} channels\. "
    with pytest.raises(InvalidExperiment, match=sentence):
        fit(experiment, wide, CPU)
