"""What only a public server refuses: fine in the library, a sentence from `check_bounds`."""

import typing
from typing import Any

import annotated_types
import pytest

from vizmodels.bounds import AtMost, bound_of, check_bounds
from vizmodels.described import Described
from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import Experiment, Move, Training
from vizmodels.jobs import JobBoard
from vizmodels.runs.library import RunLibrary
from vizmodels.specs import (
    SPECS,
    AutoencoderSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
)
from vizmodels.sweep import Sweep

LONG = Experiment(dataset="digits", model=VAESpec(), training=Training(epochs=500))
WIDE = Experiment(dataset="digits", model=VAESpec(latent_dim=1000))
REFUSALS = [
    (
        LONG,
        "epochs must be a whole number from 1 to 200; got 500. Change it and try again.",
    ),
    (
        WIDE,
        "latent_dim must be a whole number from 1 to 512; got 1000. Change it and try again.",
    ),
]

NEEDED: dict[type[Described], dict[str, Any]] = {
    PixelCNNSpec: {"vq_run": "0123456789ab", "vqvae": VQVAESpec()},
    DiscreteVAESpec: {"n_variables": 1, "n_classes": 2},
}
"""Of a class that cannot be made of its defaults, or whose defaults multiply to too many axes."""

MARKED = [
    (described, name, bound_of(field))
    for described in (*SPECS.values(), Training)
    for name, field in described.model_fields.items()
    if bound_of(field) != AtMost()
]
NUMBERS = [
    (described, name, bound.most)
    for described, name, bound in MARKED
    if described.model_fields[name].annotation is int
]
TUPLES = [one for one in MARKED if one[:2] not in [number[:2] for number in NUMBERS]]


def made(described: type[Described], **values: Any) -> Described:
    return described(**{**NEEDED.get(described, {}), **values})


def named(value: object) -> str | None:
    return value.__name__ if isinstance(value, type) else str(value)


@pytest.mark.parametrize(("described", "name", "most"), NUMBERS, ids=named)
def test_a_number_is_refused_one_above_its_mark_and_accepted_at_it(
    described: type[Described], name: str, most: int
) -> None:
    check_bounds(made(described, **{name: most}))
    above = made(described, **{name: most + 1})
    with pytest.raises(InvalidExperiment) as error:
        check_bounds(above)
    low = next(
        mark.ge
        for mark in described.model_fields[name].metadata
        if isinstance(mark, annotated_types.Ge)
    )
    assert str(error.value) == (
        f"{name} must be a whole number from {low} to {most}; got {most + 1}. "
        "Change it and try again."
    )


def entries_of(name: str, n: int, value: int) -> tuple[Any, ...]:
    moves = tuple(Move(step=step, knob="learning_rate", value=0.1) for step in range(n))
    return moves if name == "moves" else (value,) * n


@pytest.mark.parametrize(("described", "name", "bound"), TUPLES, ids=named)
def test_one_entry_more_than_its_mark_is_refused(
    described: type[Described], name: str, bound: AtMost
) -> None:
    assert bound.length is not None
    check_bounds(made(described, **{name: entries_of(name, bound.length, 16)}))
    longer = made(described, **{name: entries_of(name, bound.length + 1, 16)})
    with pytest.raises(InvalidExperiment, match=rf"^{name} must be at most {bound.length} numbers"):
        check_bounds(longer)


@pytest.mark.parametrize(
    ("described", "name", "bound"), [one for one in TUPLES if one[2].most is not None], ids=named
)
def test_an_entry_one_above_its_mark_is_refused(
    described: type[Described], name: str, bound: AtMost
) -> None:
    assert bound.most is not None
    check_bounds(made(described, **{name: (bound.most,)}))
    larger = made(described, **{name: (16, bound.most + 1)})
    with pytest.raises(InvalidExperiment) as error:
        check_bounds(larger)
    assert str(error.value) == (
        f"{name}.1 must be less than or equal to {bound.most}; got {bound.most + 1}. "
        "Change it and try again."
    )


def test_every_size_in_a_description_has_a_mark() -> None:
    sizes = {
        (described, name)
        for described in (*SPECS.values(), Training)
        for name, field in described.model_fields.items()
        if field.annotation is int or typing.get_origin(field.annotation) is tuple
    }
    assert sizes - {one[:2] for one in MARKED} == {(Training, "seed")}


@pytest.mark.parametrize(("experiment", "sentence"), REFUSALS)
def test_what_the_library_can_train_the_board_refuses_with_a_sentence(
    experiment: Experiment, sentence: str, tmp_path: Any
) -> None:
    board = JobBoard(RunLibrary(tmp_path))
    for refuse in (
        lambda: check_bounds(experiment),
        lambda: board.submit(experiment),
        lambda: board.submit_sweep("0123456789ab", [experiment]),
    ):
        with pytest.raises(InvalidExperiment) as error:
            refuse()
        assert str(error.value) == sentence
    assert board.jobs() == []


def test_an_experiment_beyond_a_server_survives_its_json() -> None:
    for experiment, _ in REFUSALS:
        assert Experiment.from_json(experiment.to_json()) == experiment


def test_a_description_inside_another_is_checked_as_well() -> None:
    prior = PixelCNNSpec(vq_run="0123456789ab", vqvae=VQVAESpec(codebook_size=5000))
    with pytest.raises(InvalidExperiment, match="codebook_size must be a whole number from 2 to"):
        check_bounds(Experiment(dataset="digits", model=prior))


def test_a_sweep_may_be_larger_than_a_server_does() -> None:
    base = Experiment(dataset="digits", model=AutoencoderSpec())
    sweep = Sweep(base=base, epochs=(1, 500), seeds=tuple(range(60)))
    assert len(sweep.experiments()) == 120
    with pytest.raises(InvalidExperiment, match=r"^A sweep must be at most 100 runs; got 120"):
        check_bounds(sweep)


def test_more_runs_than_a_server_does_are_not_submitted(tmp_path: Any) -> None:
    base = Experiment(dataset="digits", model=AutoencoderSpec())
    sweep = Sweep(base=base, seeds=tuple(range(101)))
    with pytest.raises(InvalidExperiment, match=r"^A sweep must be at most 100 runs; got 101"):
        JobBoard(RunLibrary(tmp_path)).submit_sweep(sweep.id, sweep.experiments())
