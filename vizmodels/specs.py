"""The models there are: one description a family, each with its own knobs and their ranges."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from vizmodels.bounds import AtMost
from vizmodels.described import Described
from vizmodels.errors import InvalidExperiment

MAX_LATENT_DIM = 512
MAX_WIDTH = 2048
MAX_STAGES = 4
HEAD_WIDTH = 16  # channels that one attention head looks at

MAX_COMBINATIONS = 100_000
"""Of all values of the categorical latents, up to which their sum can be taken exactly."""

MAX_COMBINATIONS_BESIDE_AXES = 100
"""The same beside Gaussian axes, where every image needs decodings of its own."""

OF_DRAWS = "reconstruction_of_draws"
"""Name of a figure of models with a posterior: the reconstruction term on the test set at a draw
z ~ q(z|x) of each image, as in training, where the term itself is of the mean."""

DEFAULT_WIDTHS: dict[str, tuple[int, ...]] = {
    "linear": (),
    "mlp": (512, 256),
    "conv": (32, 64),
    "transformer": (64, 64),
}

Width = Annotated[int, Field(ge=1)]
Widths = Annotated[tuple[Width, ...], AtMost(MAX_WIDTH, length=MAX_STAGES)]
RunId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]


class NetworkSpec(Described):
    """What every model made of a mirrored encoder and decoder has."""

    backbone: Literal["linear", "mlp", "conv", "transformer"] = Field(
        default="mlp", description="Kind of network on both sides of the bottleneck."
    )
    widths: Widths = Field(
        default=(),
        description="Units of each hidden layer (mlp), channels of each stage (conv) or of each "
        "block (transformer), from the image to the latent; the decoder mirrors them.",
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
                "empty for backbone linear and at least one number for any other",
                f"{list(self.widths)} with backbone {self.backbone}",
                "Leave widths out for the default.",
            )
        is_even = len(set(self.widths)) == 1 and self.widths[0] % HEAD_WIDTH == 0
        if self.backbone == "transformer" and not is_even:
            raise InvalidExperiment(
                "model.widths",
                f"one multiple of {HEAD_WIDTH}, once for each block of a transformer",
                list(self.widths),
                "Try 64, 64.",
            )
        return self


class AutoencoderSpec(NetworkSpec):
    """A deterministic autoencoder; with backbone `linear` it can only learn a PCA subspace."""

    family: Literal["autoencoder"] = "autoencoder"
    latent_dim: Annotated[int, AtMost(MAX_LATENT_DIM)] = Field(
        default=2, ge=1, description="Number of latent axes, D."
    )


class ProbabilisticSpec(NetworkSpec):
    """What the models with a posterior, a prior and a likelihood share."""

    backbone: Literal["mlp", "conv", "transformer"] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]  # a narrower choice, and frozen
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
    kl_warm_up: Annotated[int, AtMost(200)] = Field(
        default=0,
        ge=0,
        description="Epochs over which the KL weight grows from 0 to its value. The loss that is "
        "shown counts the whole weight.",
    )


class VAESpec(ProbabilisticSpec):
    """A variational autoencoder with a diagonal Gaussian posterior and a standard normal prior."""

    family: Literal["vae"] = "vae"
    latent_dim: Annotated[int, AtMost(MAX_LATENT_DIM)] = Field(
        default=2, ge=1, description="Number of latent axes, D."
    )
    kl_estimate: Literal["closed_form", "monte_carlo"] = Field(
        default="closed_form",
        description="KL term by its formula, or from the one latent that was drawn.",
    )
    free_bits: float = Field(
        default=0.0,
        ge=0,
        le=10,
        description="Nats of KL that each axis may use before its KL is charged, "
        "against posterior collapse. The loss counts the KL beyond them, in training and test.",
    )


class DiscreteVAESpec(ProbabilisticSpec):
    """n categorical latents of k classes under a uniform prior, alone or beside Gaussian axes."""

    family: Literal["discrete_vae"] = "discrete_vae"
    n_variables: Annotated[int, AtMost(64)] = Field(
        default=20, ge=1, description="Categorical latents, n."
    )
    n_classes: Annotated[int, AtMost(256)] = Field(
        default=10, ge=2, description="Classes of each of them, k."
    )
    continuous_dim: Annotated[int, AtMost(64)] = Field(
        default=0, ge=0, description="Gaussian axes beside the categorical latents."
    )
    estimator: Literal[
        "gumbel", "straight_through", "score_function", "score_function_baseline", "enumeration"
    ] = Field(
        default="gumbel",
        description="How the gradient passes the draw of a class: Gumbel-softmax, "
        "straight-through, score function with or without a baseline, or the exact sum.",
    )
    temperature: float = Field(
        default=1.0, gt=0, le=10, description="Of the Gumbel-softmax, at the first step."
    )
    final_temperature: float = Field(
        default=0.5, gt=0, le=10, description="Of the Gumbel-softmax, at the last step."
    )

    @property
    def latent_dim(self) -> int:
        """Axes of the latent: n·k probabilities, then the Gaussian ones."""
        return self.n_variables * self.n_classes + self.continuous_dim

    def check_whole(self) -> None:
        """Raises InvalidExperiment above so many axes, or combinations to enumerate."""
        if self.latent_dim > MAX_LATENT_DIM:
            raise InvalidExperiment(
                "model.n_variables · n_classes + continuous_dim",
                f"at most {MAX_LATENT_DIM}",
                self.latent_dim,
                "Choose fewer variables or fewer classes.",
            )
        limit = MAX_COMBINATIONS_BESIDE_AXES if self.continuous_dim else MAX_COMBINATIONS
        if self.estimator == "enumeration" and self.n_classes**self.n_variables > limit:
            beside = " beside Gaussian axes" if self.continuous_dim else ""
            raise InvalidExperiment(
                "The number of combinations to enumerate",
                f"at most {limit:,}{beside}",
                f"{self.n_classes}^{self.n_variables}",
                "Choose fewer variables, fewer classes, or estimator gumbel.",
            )


class VQVAESpec(Described):
    """A convolutional autoencoder whose latents are entries of a learned codebook."""

    family: Literal["vqvae"] = "vqvae"
    backbone: Literal["conv"] = Field(
        default="conv", description="Kind of network on both sides of the bottleneck."
    )
    codebook_size: Annotated[int, AtMost(4096)] = Field(
        default=128, ge=2, description="Code vectors, K."
    )
    code_dim: Annotated[int, AtMost(256)] = Field(
        default=16, ge=1, description="Numbers in one code vector."
    )
    grid: Literal["half", "quarter", "eighth"] = Field(
        default="quarter",
        description="Side of the grid of codes, of the picture's side: a quarter makes 7×7 codes "
        "of 28×28 pixels.",
    )
    channels: Annotated[int, AtMost(512)] = Field(
        default=64, ge=4, description="Of the convolutions."
    )
    n_residual: Annotated[int, AtMost(8)] = Field(
        default=2, ge=0, description="Residual blocks on each side of the codes."
    )
    assignment: Literal["nearest", "distance_weighted"] = Field(
        default="nearest",
        description="Which code a vector becomes while training: the nearest, or one drawn at "
        "random, the nearer the likelier.",
    )
    codebook_update: Literal["ema", "gradient"] = Field(
        default="ema",
        description="Codes follow moving averages of what they stand for, or the codebook loss.",
    )
    decay: float = Field(default=0.99, ge=0, lt=1, description="Of the moving averages, a step.")
    commitment_weight: float = Field(
        default=0.25,
        ge=0,
        le=100,
        description="Weight of the term that keeps the encoder near its codes.",
    )
    initialisation: Literal["data", "kmeans", "random"] = Field(
        default="data",
        description="First codes: encoded vectors, their k-means centres, or small random ones.",
    )
    reset_dead_codes: bool = Field(
        default=True, description="Move a code that is no longer used to an encoded vector."
    )


class PixelCNNSpec(Described):
    """A gated PixelCNN over the code grids of a trained VQ-VAE: an autoregressive prior."""

    family: Literal["pixelcnn"] = "pixelcnn"
    backbone: Literal["conv"] = "conv"
    vq_run: RunId = Field(description="Run of the VQ-VAE whose codes it learns.")
    vqvae: VQVAESpec = Field(description="That VQ-VAE, so that the run is whole by itself.")
    channels: Annotated[int, AtMost(256)] = Field(
        default=64, ge=8, description="Of the gated layers."
    )
    n_layers: Annotated[int, AtMost(20)] = Field(default=6, ge=1, description="Gated layers.")
    dropout: float = Field(
        default=0.1, ge=0, lt=1, description="Share of the channels left out at each step."
    )
    class_conditional: bool = Field(
        default=False, description="Whether it is told the class, and can be asked for one."
    )


class ClassifierSpec(Described):
    """A small convolutional classifier: the judge of samples and of information kept."""

    family: Literal["classifier"] = "classifier"
    backbone: Literal["conv"] = "conv"
    widths: Widths = Field(default=(32, 64), min_length=1, description="Channels of each stage.")
    n_features: Annotated[int, AtMost(1024)] = Field(
        default=128, ge=2, description="Units of the last hidden layer, the features."
    )


AutoencodingSpec = AutoencoderSpec | VAESpec | DiscreteVAESpec | VQVAESpec
"""Of a model that encodes pictures and decodes latents."""

AnySpec = AutoencodingSpec | PixelCNNSpec | ClassifierSpec
ModelSpec = Annotated[AnySpec, Field(discriminator="family")]

SPECS: dict[str, type[AnySpec]] = {
    "autoencoder": AutoencoderSpec,
    "vae": VAESpec,
    "discrete_vae": DiscreteVAESpec,
    "vqvae": VQVAESpec,
    "pixelcnn": PixelCNNSpec,
    "classifier": ClassifierSpec,
}

ImageShape = tuple[int, int, int]
"""(C, H, W) of the pictures."""

HALVINGS = {"half": 1, "quarter": 2, "eighth": 3}
"""How often a VQ-VAE's encoder halves a picture's sides, by its `grid`."""


def code_grid(image_shape: ImageShape, n_halvings: int) -> tuple[int, int]:
    """(h, w) of a VQ-VAE's grid of codes."""
    return image_shape[1] >> n_halvings, image_shape[2] >> n_halvings


def embedding_dim(spec: AutoencodingSpec | PixelCNNSpec, image_shape: ImageShape) -> int:
    """Axes of the space in which a model's latents lie, `Autoencoder.embedding_dim`."""
    match spec:
        case PixelCNNSpec():
            return embedding_dim(spec.vqvae, image_shape)
        case VQVAESpec():
            height, width = code_grid(image_shape, HALVINGS[spec.grid])
            return height * width * spec.code_dim
        case _:
            return spec.latent_dim
