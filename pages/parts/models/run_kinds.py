"""What can be asked of a run: maps of which kinds, and the figure that tells it apart."""

import math
from collections.abc import Sequence

from vizmodels.analysis.maps.kinds import PROJECTION_KINDS, ProjectionKind
from vizmodels.runs.library import RunRecord
from vizmodels.specs import (
    OF_DRAWS,
    AutoencodingSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VQVAESpec,
)

NATS_PER_BIT = math.log(2)
FAMILY_NAMES = {
    "autoencoder": "AE",
    "vae": "VAE",
    "discrete_vae": "Discrete VAE",
    "vqvae": "VQ-VAE",
    "pixelcnn": "PixelCNN",
    "classifier": "Classifier",
}
KIND_NAMES: dict[ProjectionKind, str] = {
    "raw": "Raw axes",
    "pca": "PCA",
    "umap": "UMAP",
    "tsne": "t-SNE",
}


def autoencodes(record: RunRecord) -> bool:
    """Whether the run has a map and reconstructions of its own.

    A classifier has neither, and a prior over codes has those of its VQ-VAE.
    """
    return isinstance(record.experiment.model, AutoencodingSpec)


def map_kinds(models: Sequence[RunRecord]) -> tuple[ProjectionKind, ...]:
    """The maps that can be offered of all these runs.

    The first two of a VQ-VAE's numbers belong to the code in one corner of the picture: a map of
    them says nothing.
    """
    has_codes = any(isinstance(m.experiment.model, VQVAESpec) for m in models)
    return tuple(kind for kind in PROJECTION_KINDS if not (has_codes and kind == "raw"))


def first_map_kind(record: RunRecord) -> ProjectionKind:
    """The map shown unless another is chosen: two axes as they are, more by PCA."""
    return "raw" if record.embedding_dim <= 2 and "raw" in map_kinds([record]) else "pca"


def decodes_probabilities(record: RunRecord) -> bool:
    """Whether the run's test reconstruction is of class probabilities in place of the likeliest
    classes, as that of discrete VAEs was before draws were evaluated as well."""
    is_discrete = isinstance(record.experiment.model, DiscreteVAESpec)
    return is_discrete and OF_DRAWS not in record.evaluation


def figures_of(record: RunRecord) -> str:
    """How well the run does on the test set, in the figure that its family is judged by."""
    told = record.evaluation
    match record.experiment.model:
        case PixelCNNSpec():
            bits, marginal = (
                told[name] / NATS_PER_BIT for name in ("code_nll", "marginal_entropy")
            )
            return f"{bits:.2f} bits per code (marginal {marginal:.2f})"
        case ClassifierSpec():
            return f"accuracy {told['accuracy']:.1%}".replace("%", " %")
        case VQVAESpec():
            used = f"{told['usage']:.0%}".replace("%", " %")
            return f"error {told['reconstruction']:.4f} · {used} of codes used"
        case model:
            is_bernoulli = getattr(model, "likelihood", "gaussian") == "bernoulli"
            name = "cross-entropy" if is_bernoulli else "error"
            text = f"{name} {told['reconstruction']:.4f}"
            return f"{text}, relaxed" if decodes_probabilities(record) else text
