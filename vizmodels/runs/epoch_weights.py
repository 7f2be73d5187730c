"""The optional file of a run that keeps its weights after some epochs."""

from pathlib import Path

from safetensors.torch import load
from torch import Tensor

from vizmodels.models.trainable import Trainable
from vizmodels.runs.tensor_file import save_tensors
from vizmodels.training.snapshots import Snapshots


def write_snapshots(snapshots: Snapshots, path: Path) -> None:
    """One tensor for each epoch and weight, named "<epoch>/<weight>"."""
    named = {
        f"{epoch}/{name}": weight
        for epoch, weights in snapshots.weights.items()
        for name, weight in weights.items()
    }
    save_tensors(named, path)


def read_snapshots(content: bytes, model: Trainable) -> Snapshots:
    """The snapshots in a file.

    Parameters
    ----------
    content : of the file
    model : whose weights they must be, by name and shape

    Raises
    ------
    ValueError : a weight is missing, too many, of another shape or not a finite number
    SafetensorError : the bytes are none that were written here
    """
    by_epoch: dict[int, dict[str, Tensor]] = {}
    for key, weight in load(content).items():
        epoch, _, name = key.partition("/")
        by_epoch.setdefault(int(epoch), {})[name] = weight
    expected = {name: weight.shape for name, weight in model.state_dict().items()}
    for epoch, weights in by_epoch.items():
        if {name: weight.shape for name, weight in weights.items()} != expected:
            raise ValueError(f"weights of epoch {epoch} that are not this model's")
        if not all(bool(weight.isfinite().all()) for weight in weights.values()):
            raise ValueError(f"a weight of epoch {epoch} is not a finite number")
    if not by_epoch:
        raise ValueError("a file of epochs without any")
    return Snapshots(by_epoch)
