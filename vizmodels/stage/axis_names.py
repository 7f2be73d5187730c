"""What the axes of a latent space and of its maps are called."""

from vizmodels.analysis.maps.kinds import ProjectionKind
from vizmodels.runs.library import RunRecord
from vizmodels.specs import DiscreteVAESpec


def latent_axis_names(record: RunRecord) -> list[str] | None:
    """Names of a discrete VAE's axes, the classes before z1, z2, …; None where all are z.

    Classes are counted from 0, as the values of a variable; variables and axes from 1.
    """
    spec = record.experiment.model
    if not isinstance(spec, DiscreteVAESpec):
        return None
    classes = [
        f"p(c{variable + 1}={value})"
        for variable in range(spec.n_variables)
        for value in range(spec.n_classes)
    ]
    return classes + [f"z{k + 1}" for k in range(spec.continuous_dim)]


def axis_names(
    kind: ProjectionKind, explained: tuple[float, ...] = (), n_axes: int = 2
) -> list[str]:
    """Captions of a map's axes; PCA's say which share of the variance they carry."""
    if kind == "raw":
        return [f"z{k + 1}" for k in range(n_axes)]
    if kind == "pca":
        return [f"PC{k + 1} ({share:.0%})" for k, share in enumerate(explained)]
    name = {"umap": "UMAP", "tsne": "t-SNE"}[kind]
    return [f"{name} {k + 1}" for k in range(n_axes)]
