"""What to train and how: frozen, validated descriptions that read and write JSON.

The forms of the app, the state in its links and the files of its runs all come from these
classes and from `specs`, so a field's range and its help text stand there and nowhere else.
"""

import functools
import hashlib
import json
import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from vizmodels.bounds import AtMost
from vizmodels.described import Described
from vizmodels.errors import InvalidExperiment
from vizmodels.specs import DiscreteVAESpec, ModelSpec, PixelCNNSpec, VQVAESpec

FORMAT_VERSION = 1
"""Raise it when the same JSON would mean another recipe: every run id changes with it.

A loop that takes other steps or draws other numbers for the same recipe is no reason: a seed's
weights hold for one version of the app, as they do for one version of torch.
"""

ID_LENGTH = 12  # hex digits; 48 bits keep 100,000 runs apart with a collision chance below 2e-5

MAX_EPOCHS = 200
KEPT_IDS = 4096  # a page of a sweep asks for those of its runs at every rerun


MAX_MOVES = 1000

Knob = Literal["kl_weight", "noise_weight", "learning_rate"]
"""What can be moved while a model trains."""

KNOB_RANGES: dict[Knob, tuple[float, float]] = {
    "kl_weight": (0.0, 100.0),
    "noise_weight": (0.0, 1.0),
    "learning_rate": (1e-8, 1.0),
}


class Move(Described):
    """A knob that is moved while the model trains: from which step on, which, and to what."""

    step: int = Field(ge=0, description="Steps taken before it.")
    knob: Knob = Field(description="What is moved.")
    value: float = Field(description="What it is from then on.")

    @model_validator(mode="after")
    def _is_in_range(self) -> Self:
        low, high = KNOB_RANGES[self.knob]
        if not low <= self.value <= high:
            rule = f"a number from {low:g} to {high:g}"
            raise InvalidExperiment(self.knob, rule, self.value, "Move it less.")
        return self


class Training(Described):
    """How a model is fitted to its image set."""

    epochs: Annotated[int, AtMost(MAX_EPOCHS)] = Field(
        default=10, ge=1, description="Passes over the training images."
    )
    batch_size: Annotated[int, AtMost(4096)] = Field(
        default=256, ge=1, description="Images per step."
    )
    learning_rate: float = Field(default=2e-3, gt=0, le=1, description="Step size of Adam.")
    noise_weight: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Weight w of the Gaussian noise on the input, clip(x + w·ε, 0, 1); "
        "the target stays clean.",
    )
    seed: int = Field(
        default=0, ge=0, lt=2**32, description="Same seed on the same CPU: same weights."
    )
    schedule: Literal["constant", "one_cycle"] = Field(
        default="constant",
        description="Learning rate over the run: as it is, or rising to it within the first "
        "tenth of the steps and falling to nothing after.",
    )
    binarise: bool = Field(
        default=False,
        description="Draw every pixel anew as black or white, its grey value the chance of white.",
    )
    solver: Literal["adam", "closed_form"] = Field(
        default="adam",
        description="Gradient descent by Adam, or the closed form that only PCA has.",
    )
    moves: Annotated[tuple[Move, ...], AtMost(length=MAX_MOVES)] = Field(
        default=(),
        description="Knobs moved while it trains, in the order of their steps.",
    )

    def steps_per_epoch(self, n_images: int) -> int:
        """Steps of one pass over so many training images, ceil(N / B)."""
        return math.ceil(n_images / self.batch_size)

    def n_steps(self, n_images: int) -> int:
        """Steps of the whole training on so many images."""
        return self.epochs * self.steps_per_epoch(n_images)

    def stream_seed(self, stream: str, epoch: int = 0) -> int:
        """Seed of one stream of random numbers, 63 bits: what draws from one says nothing of
        another, and nearby seeds and epochs have nothing in common.

        Parameters
        ----------
        stream : what is drawn: "weights", "codes", "order" of the images, or "noise"
        epoch : of the order
        """
        digest = hashlib.sha256(f"{self.seed} {stream} {epoch}".encode()).digest()
        return int.from_bytes(digest[:8]) >> 1  # torch takes no unsigned 64 bits everywhere


class Experiment(Described):
    """A complete recipe for one run: data, model and training."""

    dataset: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Name of the image set."
    )
    pictures: str = Field(
        default="",
        pattern=r"^([0-9a-f]{8})?$",
        description="Digest of the pictures, where other pictures may stand under the same name: "
        "of a set that is one's own. Empty for whatever the name stands for.",
    )
    model: ModelSpec
    training: Training = Training()

    @model_validator(mode="after")
    def _closed_form_is_linear(self) -> Self:
        if self.training.solver == "closed_form" and self.model.backbone != "linear":
            raise InvalidExperiment(
                "training.solver",
                "adam unless the model is a linear autoencoder",
                f"closed_form with backbone {self.model.backbone}",
                "Choose backbone linear, or solver adam.",
            )
        return self

    @model_validator(mode="after")
    def _codes_have_no_pixels(self) -> Self:
        training = self.training
        if self.model.family == "pixelcnn" and (training.noise_weight or training.binarise):
            raise InvalidExperiment(
                "training.noise_weight and training.binarise",
                "off for a prior over codes",
                f"{training.noise_weight:g} and {training.binarise}",
                "Leave them out.",
            )
        return self

    @model_validator(mode="after")
    def _moves_can_be_made(self) -> Self:
        steps = [move.step for move in self.training.moves]
        if steps != sorted(steps):
            raise InvalidExperiment(
                "training.moves", "in the order of their steps", steps, "Sort them."
            )
        for move in self.training.moves:
            self.check_knob(move.knob)
        return self

    @property
    def image_set(self) -> tuple[str, str]:
        """Name of the image set, and which pictures of that name: alike of comparable runs."""
        return self.dataset, self.pictures

    @property
    def movable_knobs(self) -> tuple[Knob, ...]:
        """The knobs that can be moved while it trains."""
        if self.training.solver == "closed_form":
            return ()
        has_kl, has_pixels = hasattr(self.model, "kl_weight"), self.model.family != "pixelcnn"
        there: dict[Knob, bool] = {
            "kl_weight": has_kl,
            "noise_weight": has_pixels,
            "learning_rate": True,
        }
        return tuple(knob for knob, is_there in there.items() if is_there)

    def check_knob(self, knob: Knob) -> None:
        """Raises InvalidExperiment unless this experiment has the knob."""
        if knob not in self.movable_knobs:
            named = ", ".join(self.movable_knobs) or "none"
            rule = f"of knobs that this experiment has: {named}"
            raise InvalidExperiment("training.moves", rule, knob, "Leave it out.")

    def value_of(self, knob: Knob) -> float:
        """What a knob is set to before any move."""
        holder = self.model if knob == "kl_weight" else self.training
        return float(getattr(holder, knob))

    def last_value_of(self, knob: Knob) -> float:
        """What a knob is set to after every move."""
        moved = [move.value for move in self.training.moves if move.knob == knob]
        return moved[-1] if moved else self.value_of(knob)

    def steered(self, moves: Sequence[Move]) -> "Experiment":
        """The same experiment with other moves, in the order of their steps: another recipe, which
        has another id."""
        in_order = tuple(sorted(moves, key=lambda move: move.step))
        training = self.training.model_copy(update={"moves": in_order})
        return self.model_copy(update={"training": training})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The experiment that `to_json` wrote. Raises InvalidExperiment, never pydantic's own."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidExperiment(
                "experiment", "JSON", str(error), "Export the run again."
            ) from None
        if not isinstance(values, dict):
            raise InvalidExperiment("experiment", "a JSON object", values, "Export the run again.")
        return cls(**{str(key): value for key, value in values.items()})

    def to_json(self) -> str:
        """All fields, defaults included, for people and other programs to read."""
        return self.model_dump_json(indent=2)

    @property
    def id(self) -> str:
        """Short hash of what was asked for; fields that do nothing, or are at their default, do not
        enter.

        So a knob that is added later, with today's behaviour as its default, changes no id.
        """
        return _id_of(self, False)  # pyright: ignore[reportArgumentType]  # frozen: it has a hash

    @property
    def former_id(self) -> str:
        """The id from when fields that do nothing entered: folders of then are named by it."""
        return _id_of(self, True)  # pyright: ignore[reportArgumentType]  # frozen: it has a hash


@functools.lru_cache(KEPT_IDS)
def _id_of(experiment: Experiment, with_idle: bool) -> str:
    asked = experiment.model_dump(mode="json", exclude_defaults=True)
    asked["model"]["family"] = experiment.model.family
    if not with_idle:
        _drop_idle(experiment, asked)
    canonical = json.dumps([FORMAT_VERSION, asked], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:ID_LENGTH]


def _drop_idle(experiment: Experiment, asked: dict[str, Any]) -> None:
    """Take out what was set and does nothing beside the rest."""
    model = experiment.model
    if experiment.training.solver == "closed_form":  # one pass, and of all others only the seed
        kept = {"epochs": 1, "solver": "closed_form"}
        seed = experiment.training.seed
        asked["training"] = kept | ({"seed": seed} if seed else {})
    if isinstance(model, DiscreteVAESpec) and model.estimator != "gumbel":
        asked["model"].pop("temperature", None)
        asked["model"].pop("final_temperature", None)
    of_codes = asked["model"] if isinstance(model, VQVAESpec) else asked["model"].get("vqvae")
    spec = model.vqvae if isinstance(model, PixelCNNSpec) else model
    if isinstance(spec, VQVAESpec) and spec.codebook_update != "ema" and of_codes:
        of_codes.pop("decay", None)
