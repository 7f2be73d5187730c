"""What to train and how: frozen, validated descriptions that read and write JSON.

The forms of the app, the state in its links and the files of its runs all come from these
classes, so a field's range and its help text stand here and nowhere else.
"""

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vizmodels.errors import InvalidExperiment

FORMAT_VERSION = 1
"""Raise it when the same JSON would train a different model: every run id changes with it."""

ID_LENGTH = 12  # hex digits; 48 bits keep 100,000 runs apart with a collision chance below 2e-5

MAX_LATENT_DIM = 512
MAX_EPOCHS = 200
MAX_WIDTH = 2048
MAX_STAGES = 4

DEFAULT_WIDTHS: dict[str, tuple[int, ...]] = {"linear": (), "mlp": (512, 256), "conv": (32, 64)}

Width = Annotated[int, Field(ge=1, le=MAX_WIDTH)]


class Described(BaseModel):
    """A frozen description that refuses unknown fields, NaN and infinity with one sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _sentence(error, type(self)) from None


class NetworkSpec(Described):
    """What every model made of a mirrored encoder and decoder has."""

    backbone: Literal["linear", "mlp", "conv"] = Field(
        default="mlp", description="Kind of network on both sides of the bottleneck."
    )
    latent_dim: int = Field(
        default=2, ge=1, le=MAX_LATENT_DIM, description="Number of latent axes, D."
    )
    widths: tuple[Width, ...] = Field(
        default=(),
        max_length=MAX_STAGES,
        description="Units of each hidden layer (mlp) or channels of each stage (conv), "
        "from the image to the latent; the decoder mirrors them.",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_widths(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("widths") is None:
            backbone = values.get("backbone", cls.model_fields["backbone"].default)
            known = isinstance(backbone, str)  # anything else is refused when its turn comes
            return {**values, "widths": DEFAULT_WIDTHS.get(backbone, ()) if known else ()}
        return values

    @model_validator(mode="after")
    def _check_widths(self) -> Self:
        if (self.backbone == "linear") == bool(self.widths):
            raise InvalidExperiment(
                "model.widths",
                "empty for backbone linear and 1 to 4 numbers for any other",
                f"{list(self.widths)} with backbone {self.backbone}",
                "Leave widths out for the default.",
            )
        return self


class AutoencoderSpec(NetworkSpec):
    """A deterministic autoencoder; with backbone `linear` it can only learn a PCA subspace."""

    family: Literal["autoencoder"] = "autoencoder"


class VAESpec(NetworkSpec):
    """A variational autoencoder with a diagonal Gaussian posterior and a standard normal prior."""

    family: Literal["vae"] = "vae"
    backbone: Literal["mlp", "conv"] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]  # a narrower choice, and frozen
        default="mlp", description="Kind of network on both sides of the bottleneck."
    )
    kl_weight: float = Field(
        default=1e-3,
        ge=0,
        le=100,
        description="Weight of the KL term (nats, summed over axes) beside the "
        "reconstruction (mean over pixels).",
    )
    likelihood: Literal["gaussian", "bernoulli"] = Field(
        default="gaussian",
        description="Reconstruction term: squared error, or cross-entropy in nats.",
    )


ModelSpec = Annotated[AutoencoderSpec | VAESpec, Field(discriminator="family")]
SPECS: dict[str, type[AutoencoderSpec] | type[VAESpec]] = {
    "autoencoder": AutoencoderSpec,
    "vae": VAESpec,
}


class Training(Described):
    """How a model is fitted to its image set."""

    epochs: int = Field(
        default=10, ge=1, le=MAX_EPOCHS, description="Passes over the training images."
    )
    batch_size: int = Field(default=256, ge=1, le=4096, description="Images per step.")
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
    solver: Literal["adam", "closed_form"] = Field(
        default="adam",
        description="Gradient descent by Adam, or the closed form that only PCA has.",
    )


class Experiment(Described):
    """A complete recipe for one run: data, model and training."""

    dataset: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Name of the image set."
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
        """Short hash of what was asked for; fields left at their default do not enter.

        So a knob that is added later, with today's behaviour as its default, changes no id.
        """
        asked = self.model_dump(mode="json", exclude_defaults=True)
        asked["model"]["family"] = self.model.family
        canonical = json.dumps([FORMAT_VERSION, asked], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:ID_LENGTH]


def _sentence(error: ValidationError, asked: type[BaseModel]) -> InvalidExperiment:
    """The first thing wrong, in the one message shape."""
    first = error.errors()[0]
    inner = first.get("ctx", {}).get("error")
    if isinstance(inner, InvalidExperiment):
        return inner
    path = ".".join(str(part) for part in first["loc"] if part not in SPECS)
    rule, remedy = first["msg"].removeprefix("Input should be "), "Change it and try again."
    if first["type"] == "extra_forbidden":
        known = ", ".join(asked.model_fields)
        rule, remedy = f"one of the fields {known}", "Leave it out."
    elif first["type"] == "missing":
        return InvalidExperiment(path, "given", "nothing", "Add it.")
    elif first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path, rule = "model.family", "one of " + ", ".join(SPECS)
        got = first["input"].get("family") if isinstance(first["input"], dict) else first["input"]
        return InvalidExperiment(path, rule, got, "Choose a family from the list.")
    elif (limits := _limits(asked, first["loc"])) is not None:
        rule = limits
    elif first["type"] == "too_long":
        rule = f"at most {first.get('ctx', {}).get('max_length')} numbers"
    elif first["type"] == "string_pattern_mismatch":
        rule = "1 to 40 lowercase letters, digits, - or _, starting with a letter or digit"
    return InvalidExperiment(path or asked.__name__, rule, first["input"], remedy)


def _limits(asked: type[BaseModel], location: tuple[int | str, ...]) -> str | None:
    """The whole range of a numeric field, so that one message says both ends."""
    field = asked.model_fields.get(str(location[0])) if location else None
    if field is None or not (field.annotation is int or field.annotation is float):
        return None
    bounds = {
        name: getattr(mark, name)
        for mark in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if getattr(mark, name, None) is not None
    }
    kind = "a whole number" if field.annotation is int else "a number"
    low = f"from {bounds['ge']}" if "ge" in bounds else f"above {bounds.get('gt')} and up"
    high = f"to {bounds['le']}" if "le" in bounds else f"and below {bounds.get('lt')}"
    return f"{kind} {low} {high}"
