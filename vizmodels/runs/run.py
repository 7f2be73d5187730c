"""A run: what was asked for, the model that came of it, and how it got there."""

import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vizmodels.data import load_dataset
from vizmodels.data.image_set import ImageSet
from vizmodels.experiment import Experiment
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.training.device import Compute, Device, choose_compute
from vizmodels.training.loop import Fitted, OnProgress, fit
from vizmodels.training.preview import PreviewMaker
from vizmodels.training.progress import History


@dataclass(frozen=True)
class Run:
    """A trained model with its record.

    Attributes
    ----------
    experiment : what was asked for; names the run
    model : in evaluation mode, on the CPU, its weights without gradient
    history : loss terms over the training
    evaluation : name of each loss term -> mean over the test set, decoding the posterior mean
    environment : where, when and with what it was trained
    preview : uint8 array (2, N, C, H, W): test images, and the model's reconstructions of them
    """

    experiment: Experiment
    model: Autoencoder
    history: History
    evaluation: dict[str, float]
    environment: dict[str, str | float] = field(default_factory=dict[str, str | float])
    preview: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((2, 0, 1, 1, 1), np.uint8))

    @property
    def id(self) -> str:
        """The experiment's id: the same experiment is the same run."""
        return self.experiment.id


def train(
    experiment: Experiment,
    *,
    device: Device | str = "auto",
    on_progress: OnProgress | None = None,
    checkpoint_path: Path | None = None,
    data: ImageSet | None = None,
) -> Run:
    """Train an experiment to its end and return the run; blocks.

    Parameters
    ----------
    experiment : what to train
    device : "auto" (cuda, else mps, else cpu) or one of these by name
    on_progress : called with a `Progress` at most every 0.1 s and at the end
    checkpoint_path : file from which a killed training goes on
    data : the image set, if the caller has it already; else it is loaded by its name

    Raises
    ------
    UnknownDataset, DataUnavailable, DamagedData : the image set cannot be had
    InvalidExperiment : the model does not fit the pictures, or no such device is here
    TrainingDiverged : a loss term became infinite or not a number

    Notes
    -----
    On a CPU the same seed gives the same weights; on a GPU sums may be taken in another order.
    """
    compute = choose_compute(device)
    data = load_dataset(experiment.dataset) if data is None else data
    fitted = fit(experiment, data, compute, on_progress, checkpoint_path)
    return as_run(experiment, fitted, data, compute)


def as_run(experiment: Experiment, fitted: Fitted, data: ImageSet, compute: Compute) -> Run:
    """The run of a fitted model, with the pictures that its card shows."""
    preview = PreviewMaker(data).make(fitted.model)
    return Run(
        experiment,
        fitted.model,
        fitted.history,
        fitted.test_terms,
        _environment(fitted, compute),
        np.stack([preview.originals, preview.reconstructions]),
    )


def _environment(fitted: Fitted, compute: Compute) -> dict[str, str | float]:
    on_cuda = compute.device.type == "cuda"
    processor = torch.cuda.get_device_name(compute.device) if on_cuda else _processor_name()
    return {
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "training_seconds": round(fitted.seconds, 3),
        "images_per_second": round(fitted.images_seen / max(fitted.seconds, 1e-9), 1),
        "device": compute.device.type,
        "processor": processor,
        "precision": compute.precision,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def _processor_name() -> str:
    return str(torch.cpu.get_capabilities().get("cpu_name") or platform.machine())
