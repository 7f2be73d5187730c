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
from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import Experiment
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.trainable import Trainable
from vizmodels.runs.pictures import check_pictures
from vizmodels.runs.training_cost import cost_of
from vizmodels.training.checkpoint import CheckpointFiles
from vizmodels.training.control import AskOrder, run_freely
from vizmodels.training.device import Compute, Device, choose_compute
from vizmodels.training.fitted import Fitted
from vizmodels.training.loop import OnProgress, fit
from vizmodels.training.preview import PreviewMaker
from vizmodels.training.progress import History
from vizmodels.training.snapshots import Snapshots


@dataclass(frozen=True)
class Run:
    """A trained model with its record.

    Attributes
    ----------
    experiment : what was asked for; names the run
    model : in evaluation mode, on the CPU, its weights without gradient
    history : loss terms over the training
    evaluation : name of each loss term -> mean over the test set, decoding the posterior mean
        and the likeliest classes; and of each figure that only a whole set has, such as the
        perplexity, or is of draws
    environment : where, when and with what it was trained
    preview : uint8 array (2, N, C, H, W): test images, and the model's reconstructions of them;
        of a prior its samples, of a classifier the images it finds hardest
    n_classes : of the image set; 0 where it has no labels
    snapshots : weights of a few epochs before the last, if any were kept
    data_digest : of the pictures it was trained on; empty in runs before it was kept
    """

    experiment: Experiment
    model: Trainable
    history: History
    evaluation: dict[str, float]
    environment: dict[str, str | float] = field(default_factory=dict[str, str | float])
    preview: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((2, 0, 1, 1, 1), np.uint8))
    n_classes: int = 0
    snapshots: Snapshots | None = None
    data_digest: str = ""

    @property
    def id(self) -> str:
        """The experiment's id: the same experiment is the same run."""
        return self.experiment.id

    @property
    def autoencoder(self) -> Autoencoder:
        """The model, if it encodes and decodes. Raises InvalidExperiment for a classifier."""
        if not isinstance(self.model, Autoencoder):
            family = self.experiment.model.family
            raise InvalidExperiment("The model", "an autoencoder", family, "Choose another run.")
        return self.model


def train(
    experiment: Experiment,
    *,
    device: Device | str | torch.device = "auto",
    on_progress: OnProgress | None = None,
    checkpoints: CheckpointFiles | Path | str | None = None,
    data: ImageSet | None = None,
    vq_run: Run | None = None,
    ask: AskOrder = run_freely,
) -> Run:
    """Train an experiment to its end and return the run; blocks.

    Parameters
    ----------
    experiment : what to train
    device : "auto" (cuda, else mps, else cpu) or one of these by name
    on_progress : called with a `Progress` a few times a second and at the end
    checkpoints : file from which a killed training goes on; or two, see `CheckpointFiles`
    data : the image set, if the caller has it already; else it is loaded by its name
    vq_run : the run of the VQ-VAE whose codes a prior is to learn; only for family pixelcnn
    ask : answers what is asked of the training now: to wait, to go slower, to turn a knob

    Returns
    -------
    Run
        Of the experiment; if a knob was turned, of the experiment with these moves in it, which is
        another one with another id.

    Raises
    ------
    UnknownDataset, DataUnavailable, DamagedData : the image set cannot be had
    InvalidExperiment : `data` are other pictures than those the experiment names; the model does
        not fit them; or no such device is here
    TrainingDiverged : a loss term became infinite or not a number
    TrainingStopped, TrainingSetAside : it was asked to end

    Notes
    -----
    On a CPU the same seed gives the same weights; on a GPU sums may be taken in another order.
    """
    compute = choose_compute(str(device))
    checkpoints = Path(checkpoints) if isinstance(checkpoints, str) else checkpoints
    data = load_dataset(experiment.dataset) if data is None else data
    check_pictures(experiment, data)
    vqvae = None if vq_run is None else _vqvae(vq_run, experiment, data)
    fitted = fit(experiment, data, compute, on_progress, checkpoints, vqvae, ask)
    return as_run(experiment.steered(fitted.history.moves), fitted, data, compute)


def as_run(experiment: Experiment, fitted: Fitted, data: ImageSet, compute: Compute) -> Run:
    """The run of a fitted model, with the pictures that its card shows."""
    preview = PreviewMaker(data).make(fitted.model)
    return Run(
        experiment,
        fitted.model,
        fitted.history,
        fitted.test_terms,
        _environment(experiment, fitted, data, compute),
        np.stack([preview.originals, preview.reconstructions]),
        len(data.class_names),
        fitted.snapshots,
        data.digest,
    )


def _vqvae(vq_run: Run, experiment: Experiment, data: ImageSet) -> VQVAE:
    spec, of = experiment.model, vq_run.experiment
    is_named = spec.family == "pixelcnn" and spec.vq_run == vq_run.id and spec.vqvae == of.model
    is_of_same = of.pictures == experiment.pictures and vq_run.data_digest in ("", data.digest)
    is_named = is_named and of.dataset == experiment.dataset
    if not isinstance(vq_run.model, VQVAE) or not is_named or not is_of_same:
        raise InvalidExperiment(
            "vq_run",
            "the VQ-VAE's run that a prior's spec names, on the same images",
            f"run {vq_run.id}, {of.model.family} on {'' if is_of_same else 'other pictures of '}"
            f"{of.dataset}",
            "Pass the run of experiment.model.vq_run.",
        )
    return vq_run.model


def _environment(
    experiment: Experiment, fitted: Fitted, data: ImageSet, compute: Compute
) -> dict[str, str | float]:
    on_cuda = compute.device.type == "cuda"
    processor = torch.cuda.get_device_name(compute.device) if on_cuda else processor_name()
    cost = cost_of(experiment.model, data.image_shape, len(data.class_names))
    batch_size = min(experiment.training.batch_size, len(data.train))
    record: dict[str, str | float] = {
        "flops_per_image": round(cost.flops(batch_size) / batch_size, 1),
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "training_seconds": round(fitted.seconds, 3),
        "images_per_second": round(fitted.images_seen / max(fitted.seconds, 1e-9), 1),
        "device": compute.device.type,
        "processor": processor,
        "precision": compute.precision,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    if data.source:
        record["data"] = data.source
    return record


def processor_name() -> str:
    """Of this machine, as the records of its runs have it."""
    return str(torch.cpu.get_capabilities().get("cpu_name") or platform.machine())
