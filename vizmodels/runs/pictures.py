"""Which pictures a run belongs to: those it learned from, and no others of the same name."""

from vizmodels.data import is_available, load_dataset
from vizmodels.data.image_set import ImageSet
from vizmodels.errors import DataUnavailable, InvalidExperiment, OtherPictures
from vizmodels.experiment import Experiment


def check_pictures(experiment: Experiment, data: ImageSet) -> None:
    """Raises InvalidExperiment unless these are the pictures that an experiment names.

    A set of a name that nothing stands under on this machine is taken as it is.
    """
    for name, split in (("train", data.train), ("test", data.test)):
        if not len(split):
            rule, remedy = "one picture or more", "Add pictures."
            raise InvalidExperiment(f"The split {name} of {data.name}", rule, "none", remedy)
    rule = f"those of the experiment's image set, {experiment.dataset}"
    remedy = f"Leave data out, or set the experiment's dataset to {data.name}."
    if data.name != experiment.dataset:
        raise InvalidExperiment("The pictures to train on", rule, f"those of {data.name}", remedy)
    if experiment.pictures and data.digest != experiment.pictures:
        rule += f", whose digest is {experiment.pictures}"
        remedy = "Set the experiment's pictures to it, which makes it another experiment."
        raise InvalidExperiment("The pictures to train on", rule, data.digest, remedy)
    known = _known(data.name)
    if known is None or known is data:
        return
    remedy = "Leave data out, or give the image set and the experiment a name of their own."
    if known.image_shape != data.image_shape:
        rule += f", {known.image_shape}"
        raise InvalidExperiment("The pictures to train on", rule, data.image_shape, remedy)
    if not (known.source or data.source) and known.digest != data.digest:
        rule += f", whose digest is {known.digest}"
        raise InvalidExperiment("The pictures to train on", rule, data.digest, remedy)


def check_learned_from(experiment: Experiment, digest: str, data: ImageSet) -> None:
    """Raises OtherPictures unless a run learned from these pictures, as far as is known.

    Asked only of sets that other pictures may stand under the name of: drawn or one's own.

    Parameters
    ----------
    experiment : of the run
    digest : of the pictures that the run was trained on; empty where nobody kept it
    data : what stands under the name now
    """
    learned_from = experiment.pictures or digest
    if not data.edition or learned_from in ("", data.digest):
        return
    raise OtherPictures(
        f"The pictures of {data.name}",
        f"those that run {experiment.id} learned from, whose digest is {learned_from}",
        f"others under the same name, {data.digest}",
        "Train it again on these, or choose another run.",
    )


def _known(name: str) -> ImageSet | None:
    """The set of that name on this machine, or None if there is none."""
    try:
        return load_dataset(name, download=False) if is_available(name) else None
    except DataUnavailable:
        return None
