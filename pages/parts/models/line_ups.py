"""Which runs stand beside each other on a page until the visitor chooses others."""

from collections.abc import Callable, Sequence

from pages.parts.models.run_kinds import autoencodes
from vizmodels.runs.library import RunRecord

ALWAYS_HERE = "strokes"  # the image set that needs no download
USUAL_AXES = 16  # of the models that are compared where two axes would be too few
PARTNERS = {"vae": "autoencoder"}
"""What stands beside a run of a kind; beside every other kind a VAE."""


def kind_of(record: RunRecord) -> str:
    """The family, with PCA and autoencoders trained on noise told apart from plain ones."""
    training = record.experiment.training
    if training.solver == "closed_form":
        return "pca"
    family = record.experiment.model.family
    return "denoising" if family == "autoencoder" and training.noise_weight else family


def default_run(records: Sequence[RunRecord]) -> RunRecord | None:
    """For a visitor who has chosen none: a 2-D VAE on `strokes`, whose data are always here."""
    wanted: tuple[Callable[[RunRecord], bool], ...] = (
        lambda r: (
            r.experiment.dataset == ALWAYS_HERE
            and r.experiment.model.family == "vae"
            and r.embedding_dim == 2
        ),
        lambda r: r.experiment.dataset in (ALWAYS_HERE, "digits"),
        lambda _: True,
    )
    with_map = [record for record in records if autoencodes(record)]
    return next((r for fits in wanted for r in with_map if fits(r)), None)


def default_partner(records: Sequence[RunRecord], a: RunRecord) -> RunRecord | None:
    """What stands beside A unless chosen: the other family on the same images, as alike as can be.

    The same number of axes and the same backbone where there is one, as for a VQ-VAE there is not.
    """
    wanted = PARTNERS.get(kind_of(a), "vae")
    on_same = [
        r for r in records if r.experiment.image_set == a.experiment.image_set and r.id != a.id
    ]
    return best_of(wanted, on_same, a.embedding_dim, a.experiment.model.backbone)


def best_of(
    kind: str, records: Sequence[RunRecord], n_axes: int, backbone: str = "mlp"
) -> RunRecord | None:
    """The run of a kind that is most like one of so many axes and that backbone."""

    def unlike(record: RunRecord) -> tuple[bool, bool, bool]:
        return (
            record.embedding_dim != n_axes,
            record.embedding_dim != USUAL_AXES,
            record.experiment.model.backbone != backbone,
        )

    return min((r for r in records if kind_of(r) == kind), key=unlike, default=None)


def first_of(line_up: Sequence[str], records: Sequence[RunRecord], n_axes: int) -> RunRecord | None:
    """Model A of a page with a line-up: of its first kind, on the images that are always here."""
    here = [record for record in records if record.experiment.dataset == ALWAYS_HERE]
    return best_of(line_up[0], here, n_axes) or default_run(records)


def next_of(
    line_up: Sequence[str], records: Sequence[RunRecord], chosen: Sequence[RunRecord]
) -> RunRecord | None:
    """Who comes next beside the runs chosen so far: of the first kind that is not among them.

    Parameters
    ----------
    line_up : kinds in the order in which a page would show them
    records : on the images of the first of `chosen`
    chosen : at least one
    """
    a, shown = chosen[0], {kind_of(record) for record in chosen}
    found = (
        best_of(kind, records, a.embedding_dim, a.experiment.model.backbone)
        for kind in line_up
        if kind not in shown
    )
    return next((record for record in found if record is not None), None)
