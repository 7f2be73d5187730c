"""What goes with an image set or a run that is deleted: nothing is left that could not be used."""

from vizmodels.data.own_images import delete_own_images
from vizmodels.errors import UnknownRun
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.records import RunRecord


def runs_on(library: RunLibrary, dataset: str) -> tuple[RunRecord, ...]:
    """The runs made here on an image set, whichever pictures stood under its name."""
    return tuple(r for r in _own(library) if r.experiment.dataset == dataset)


def runs_with(library: RunLibrary, run_id: str) -> tuple[RunRecord, ...]:
    """A run made here, and those made here that are of no use without it: a VQ-VAE's priors."""

    def goes(record: RunRecord) -> bool:
        model = record.experiment.model
        return record.id == run_id or (model.family == "pixelcnn" and model.vq_run == run_id)

    return tuple(sorted(filter(goes, _own(library)), key=lambda record: record.id != run_id))


def delete_set(library: RunLibrary, dataset: str) -> tuple[str, ...]:
    """Delete an image set of one's own with its runs; returns the ids of these.

    Raises
    ------
    UnknownDataset : there is none of that name; built-in sets are never deleted
    """
    gone = tuple(record.id for record in runs_on(library, dataset))
    delete_own_images(dataset)
    _delete(library, gone)
    return gone


def delete_run(library: RunLibrary, run_id: str) -> tuple[str, ...]:
    """Delete a run made here with the priors over its codes; returns the ids of all of them.

    Raises
    ------
    UnknownRun, ReadOnlyRun : it is not here, or is a shipped one
    """
    others = tuple(record.id for record in runs_with(library, run_id) if record.id != run_id)
    library.delete(run_id)
    _delete(library, others)
    return (run_id, *others)


def _delete(library: RunLibrary, run_ids: tuple[str, ...]) -> None:
    for run_id in run_ids:
        try:
            library.delete(run_id)
        except UnknownRun:
            continue  # another server was quicker


def _own(library: RunLibrary) -> list[RunRecord]:
    return [record for record in library.list() if not record.shipped]
