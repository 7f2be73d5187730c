"""A sweep: one experiment over a grid of latent sizes, KL weights, noise weights, epochs, seeds."""

import functools
import hashlib
import itertools
import json
from typing import Any, Literal, Self, get_args

from pydantic import Field, model_validator

from vizmodels.bounds import check_bounds
from vizmodels.described import Described
from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import ID_LENGTH, Experiment, Training

MAX_RUNS = 100
KEPT_SWEEPS = 64  # whose experiments are not made again at every look

SweepAxis = Literal["latent_dim", "kl_weight", "noise_weight", "epochs"]
SWEEP_AXES: tuple[SweepAxis, ...] = get_args(SweepAxis)
OF_MODEL = frozenset({"latent_dim", "kl_weight"})


class Sweep(Described):
    """Every combination of the values, each with every seed."""

    base: Experiment = Field(description="What all runs have in common.")
    latent_dim: tuple[int, ...] = Field(default=(), description="Latent sizes; empty: the base's.")
    kl_weight: tuple[float, ...] = Field(default=(), description="KL weights; empty: the base's.")
    noise_weight: tuple[float, ...] = Field(default=(), description="Weights of the noise.")
    epochs: tuple[int, ...] = Field(default=(), description="Lengths of the training.")
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1, description="Of each combination.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        for axis in self.axes:
            if axis in OF_MODEL and axis not in type(self.base.model).model_fields:
                family = self.base.model.family
                rule = f"empty for family {family}, which has none"
                raise InvalidExperiment(axis, rule, list(self.values(axis)), "Leave it out.")
        for axis in (*self.axes, "seeds"):
            values = getattr(self, axis)
            if len(set(values)) < len(values):
                raise InvalidExperiment(axis, "of values that differ", list(values), "Drop one.")
        for axis in self.axes:  # each value once, not every combination: that is refused here
            for value in self.values(axis):
                self.experiments_of({axis: value}, self.seeds[:1])
        self.experiments_of({})
        return self

    def check_whole(self) -> None:
        """Raises InvalidExperiment above so many runs, or where one of them asks too much."""
        check_n_runs(self.n_runs)
        for experiment in self.experiments():
            check_bounds(experiment)

    @property
    def id(self) -> str:
        """Short hash of what is swept."""
        runs = sorted(experiment.id for experiment in self.experiments())
        asked = json.dumps([self.model_dump(mode="json", exclude={"base"}), runs], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()[:ID_LENGTH]

    @property
    def axes(self) -> tuple[SweepAxis, ...]:
        """The axes with values of their own, in the order of their names here."""
        return tuple(axis for axis in SWEEP_AXES if getattr(self, axis))

    @property
    def n_runs(self) -> int:
        """Combinations times seeds."""
        n = len(self.seeds)
        for axis in self.axes:
            n *= len(self.values(axis))
        return n

    def values(self, axis: SweepAxis) -> tuple[float, ...]:
        """What an axis is set to, one after the other; of one without values, the base's."""
        given: tuple[float, ...] = getattr(self, axis)
        holder = self.base.model if axis in OF_MODEL else self.base.training
        return given or (getattr(holder, axis),)

    def cells(self) -> list[dict[SweepAxis, float]]:
        """Every combination of the swept axes' values, without the seeds."""
        values = (self.values(axis) for axis in self.axes)
        return [dict(zip(self.axes, one, strict=True)) for one in itertools.product(*values)]

    def experiments_of(
        self, cell: dict[SweepAxis, float], seeds: tuple[int, ...] | None = None
    ) -> tuple[Experiment, ...]:
        """The experiments of one combination, one for each seed of the sweep or of those given."""
        of_model: dict[str, Any] = self.base.model.model_dump()
        of_training: dict[str, Any] = self.base.training.model_dump()
        for axis, value in cell.items():
            (of_model if axis in OF_MODEL else of_training)[axis] = value
        model = type(self.base.model)(**of_model)
        experiments: list[Experiment] = []
        for seed in self.seeds if seeds is None else seeds:
            of_training["seed"] = seed
            training = Training(**of_training)
            experiments.append(
                Experiment(
                    dataset=self.base.dataset,
                    pictures=self.base.pictures,
                    model=model,
                    training=training,
                )
            )
        return tuple(experiments)

    def experiments(self) -> tuple[Experiment, ...]:
        """All of them, the first seed of every combination before the second of any."""
        by_cell = (experiments for _, experiments in self.by_cell())
        return tuple(itertools.chain.from_iterable(zip(*by_cell, strict=True)))

    def by_cell(self) -> tuple[tuple[dict[SweepAxis, float], tuple[Experiment, ...]], ...]:
        """Each combination with its experiments."""
        made = _by_cell(self)  # pyright: ignore[reportArgumentType]  # frozen: it has a hash
        return tuple(zip(self.cells(), made, strict=True))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The sweep that `model_dump_json` wrote. Raises InvalidExperiment."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidExperiment("sweep", "JSON", str(error), "Start it again.") from None
        if not isinstance(values, dict):
            raise InvalidExperiment("sweep", "a JSON object", values, "Start it again.")
        return cls(**{str(key): value for key, value in values.items()})


def check_n_runs(n_runs: int) -> None:
    """Raises InvalidExperiment where a sweep has more runs than a server does."""
    if n_runs > MAX_RUNS:
        rule = f"at most {MAX_RUNS} runs"
        raise InvalidExperiment("A sweep", rule, n_runs, "Choose fewer values or seeds.")


@functools.lru_cache(KEPT_SWEEPS)
def _by_cell(sweep: Sweep) -> tuple[tuple[Experiment, ...], ...]:
    return tuple(sweep.experiments_of(cell) for cell in sweep.cells())
