"""What a training run tells while it goes on, and the history it leaves."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vizmodels.experiment import Knob, Move
from vizmodels.models.trainable import Measure

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Preview:
    """The same few test images through the model as it is now.

    Attributes
    ----------
    originals, reconstructions : uint8 arrays (N, C, H, W)
    points : float32 array (P, 2), where test images lie on the map: the latents themselves for
        two axes, their two leading principal components for more
    labels : int64 array (P,), or None
    """

    originals: NDArray[np.uint8]
    reconstructions: NDArray[np.uint8]
    points: Floats
    labels: NDArray[np.int64] | None

    def __post_init__(self) -> None:
        assert self.originals.shape == self.reconstructions.shape
        assert self.points.ndim == 2 and self.points.shape[1] == 2
        assert self.labels is None or len(self.labels) == len(self.points)


@dataclass(frozen=True)
class Progress:
    """How far a training run is.

    Attributes
    ----------
    step, n_steps : steps taken, and to take in all
    epoch, n_epochs : epochs completed, and to complete in all
    terms : name of each loss term -> its mean since the last report, training images
    test_terms : the same over the test set, in the report that follows an epoch; else empty
    images_per_second : training images, evaluation and reports left out
    seconds_left : None until it can be told
    preview : at most a few times per second; else None
    units : name of each loss term -> what it counts
    is_waiting : whether it waits for an order; `terms` are then those of the last batch alone
    moves : knobs moved so far: after how many steps, which, and to what
    notice : what the watchers should know; else empty
    """

    step: int
    n_steps: int
    epoch: int
    n_epochs: int
    terms: dict[str, float]
    test_terms: dict[str, float]
    images_per_second: float
    seconds_left: float | None
    preview: Preview | None = None
    units: dict[str, str] = field(default_factory=dict[str, str])
    is_waiting: bool = False
    moves: tuple[tuple[int, Knob, float], ...] = ()
    notice: str = ""

    @property
    def fraction(self) -> float:
        """Share of all steps that are done, in [0, 1]."""
        return self.step / self.n_steps


@dataclass
class History:
    """Loss terms over a run: a bounded number of rows for training, one row per epoch for test.

    Attributes
    ----------
    names, units : of the loss terms, in column order; the last is `loss`
    steps, train_rows : step of each report, and the terms' means since the one before
    epochs, test_rows : epoch of each evaluation, and the terms' means over the test set
    measures, measure_units : name of each figure that only a whole set has -> its value at each
        evaluation, and its unit
    moves : knobs that were moved, in the order of their steps
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    steps: list[int] = field(default_factory=list[int])
    train_rows: list[list[float]] = field(default_factory=list[list[float]])
    epochs: list[int] = field(default_factory=list[int])
    test_rows: list[list[float]] = field(default_factory=list[list[float]])
    measures: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    measure_units: dict[str, str] = field(default_factory=dict[str, str])
    moves: list[Move] = field(default_factory=list[Move])

    def add_measures(self, measures: Iterable[Measure]) -> None:
        """Keep the figures of one evaluation."""
        for measure in measures:
            self.measures.setdefault(measure.name, []).append(measure.value)
            self.measure_units[measure.name] = measure.unit

    def last_test(self) -> dict[str, float]:
        """Every figure of the last evaluation by its name."""
        terms = dict(zip(self.names, self.test_rows[-1], strict=True))
        return terms | {name: values[-1] for name, values in self.measures.items()}

    def column(self, name: str, *, test: bool = False) -> Floats:
        """One term over the run, training or test."""
        rows = self.test_rows if test else self.train_rows
        at = self.names.index(name)
        return np.array([row[at] for row in rows], dtype=np.float32)

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """What `history.npz` holds; no pickled object in it."""
        width = len(self.names)
        return {
            "names": np.array(self.names, dtype=np.str_),
            "units": np.array(self.units, dtype=np.str_),
            "steps": np.array(self.steps, dtype=np.int64),
            "train_rows": np.array(self.train_rows, dtype=np.float64).reshape(-1, width),
            "epochs": np.array(self.epochs, dtype=np.int64),
            "test_rows": np.array(self.test_rows, dtype=np.float64).reshape(-1, width),
            "measure_names": np.array(list(self.measures), dtype=np.str_),
            "measure_units": np.array(list(self.measure_units.values()), dtype=np.str_),
            "measures": np.array(list(self.measures.values()), dtype=np.float64),
            "move_steps": np.array([move.step for move in self.moves], dtype=np.int64),
            "move_knobs": np.array([move.knob for move in self.moves], dtype=np.str_),
            "move_values": np.array([move.value for move in self.moves], dtype=np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]]) -> "History":
        """The history that `to_arrays` described. Raises KeyError or ValueError if it cannot be."""
        history = cls(
            names=tuple(arrays["names"].tolist()),
            units=tuple(arrays["units"].tolist()),
            steps=arrays["steps"].tolist(),
            train_rows=arrays["train_rows"].tolist(),
            epochs=arrays["epochs"].tolist(),
            test_rows=arrays["test_rows"].tolist(),
        )
        if "measures" in arrays:  # not in runs older than the first model that had any
            names, units = arrays["measure_names"].tolist(), arrays["measure_units"].tolist()
            history.measures = dict(zip(names, arrays["measures"].tolist(), strict=True))
            history.measure_units = dict(zip(names, units, strict=True))
        if "move_steps" in arrays:  # not in runs older than the first that could be steered
            columns = (arrays[f"move_{part}"].tolist() for part in ("steps", "knobs", "values"))
            rows = zip(*columns, strict=True)
            history.moves = [Move(step=step, knob=knob, value=value) for step, knob, value in rows]
        rows_of = ((history.steps, history.train_rows), (history.epochs, history.test_rows))
        for index, rows in rows_of:
            if len(index) != len(rows) or any(len(row) != len(history.names) for row in rows):
                raise ValueError("rows and columns of the history do not match")
        if any(len(values) != len(history.epochs) for values in history.measures.values()):
            raise ValueError("the history does not have a measure for each epoch")
        return history
