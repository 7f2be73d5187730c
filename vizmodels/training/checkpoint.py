"""The state of an unfinished training run in one file, so that a killed one goes on."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vizmodels.errors import UnreadableCheckpoint
from vizmodels.files import whole_file
from vizmodels.training.progress import History

GO_ON = "Train again: it goes on from there."

CHECKPOINT_FORMAT = 2
"""Raise it when a training would go on otherwise than it began: older checkpoints are not read."""


@dataclass(frozen=True)
class Checkpoint:
    """Everything a training run needs to go on bit for bit where it stopped.

    Attributes
    ----------
    experiment_id : whose run this is; a checkpoint of another one is never used
    step : steps taken
    seconds : time spent training until here
    history : until here
    tensors : model weights, Adam's moments, the generator's state, the loss terms since the last
        row of the history, and the weights of the epochs that are kept, by name
    last_turn : number of the last turn of a knob that has been taken; 0 before the first
    n_stepped : single steps taken, of those that orders have granted
    """

    experiment_id: str
    step: int
    seconds: float
    history: History
    tensors: dict[str, Tensor]
    last_turn: int = 0
    n_stepped: int = 0


@dataclass(frozen=True)
class CheckpointFiles:
    """Where the checkpoints of one submission lie.

    Attributes
    ----------
    plain : of the experiment as it was asked for; whoever asks for it next goes on from there
    steered : from the first turn of a knob on, which is this submission's own affair
    """

    plain: Path
    steered: Path


def load_newest(files: CheckpointFiles, experiment_id: str) -> Checkpoint | None:
    """The steered checkpoint if there is one, else the plain one, else None."""
    steered = load_checkpoint(files.steered, experiment_id)
    return load_checkpoint(files.plain, experiment_id) if steered is None else steered


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write the file whole, or leave the one before."""
    record = {
        "format": CHECKPOINT_FORMAT,
        "experiment_id": checkpoint.experiment_id,
        "step": checkpoint.step,
        "last_turn": checkpoint.last_turn,
        "n_stepped": checkpoint.n_stepped,
        "seconds": checkpoint.seconds,
        "history": {key: value.tolist() for key, value in checkpoint.history.to_arrays().items()},
    }
    tensors = {key: value.detach().cpu().contiguous() for key, value in checkpoint.tensors.items()}
    with whole_file(path) as unfinished:
        save_file(tensors, unfinished, metadata={"checkpoint": json.dumps(record)})


def load_checkpoint(path: Path, experiment_id: str) -> Checkpoint | None:
    """The checkpoint of this experiment, or None if there is none, or a damaged one.

    A damaged checkpoint costs time, never a result, so training then starts again.

    Raises
    ------
    UnreadableCheckpoint : this machine cannot read it now; begun again, the training would write
        over it
    """
    try:
        path.open("rb").close()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableCheckpoint(
            f"The checkpoint {path.name}", "readable on this machine now", str(error), GO_ON
        ) from error
    try:
        with safe_open(path, framework="pt") as file:
            record = json.loads(file.metadata()["checkpoint"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        history = History.from_arrays({k: np.array(v) for k, v in record["history"].items()})
        if record["format"] != CHECKPOINT_FORMAT or record["experiment_id"] != experiment_id:
            return None
        step, seconds = record["step"], record["seconds"]
        last_turn, n_stepped = record["last_turn"], record["n_stepped"]
        return Checkpoint(experiment_id, step, seconds, history, tensors, last_turn, n_stepped)
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError):
        return None


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Adam's moments and step counts, by the position of their weight."""
    state = optimizer.state_dict()["state"]
    return {f"adam.{i}.{key}": value for i, kept in state.items() for key, value in kept.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put back what `optimizer_tensors` read."""
    weights: list[Tensor] = optimizer.param_groups[0]["params"]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("adam."):
            _, position, key = name.split(".")
            if key != "step":
                # The fused step walks through memory, so moments lie there as their weight does.
                value = torch.empty_like(weights[int(position)]).copy_(value)
            state.setdefault(int(position), {})[key] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
