"""What runs inside a worker: one training, one call, and the warm-up before the first of them.

A refusal (`LatentariumError`) is returned, not raised: it is an answer for the visitor, and dask
would write a traceback of it into the server's log.
"""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from distributed import get_worker

from vizmodels.data import DownloadProgress, load_dataset
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.errors import (
    LatentariumError,
    TrainingDiverged,
    TrainingSetAside,
    TrainingStopped,
)
from vizmodels.experiment import Experiment, Training
from vizmodels.jobs.messages import Plain, pack_progress
from vizmodels.jobs.orders import order_to
from vizmodels.jobs.parcel import Parcel, pack_run, unpack_run
from vizmodels.places import cache_folder
from vizmodels.runs.run import Run, train
from vizmodels.specs import VAESpec
from vizmodels.training.checkpoint import CheckpointFiles, load_newest
from vizmodels.training.control import Order
from vizmodels.training.progress import Progress

BYTES_PER_MB = 1e6
MAX_CHECKPOINTS = 50  # of trainings that were stopped; a few MB each


class Teller:
    """Sends the messages of one attempt at a job to the board that asked for it.

    dask runs a job again when its worker dies, and messages of the dead attempt may still be on
    their way; each attempt therefore signs with a mark of its own.
    """

    def __init__(self, tag: str, topic: str) -> None:
        self.tag, self.topic, self.attempt = tag, topic, uuid.uuid4().hex

    def tell(self, kind: str, **values: Any) -> None:
        """Send one message of plain values."""
        message: Plain = {"job": self.tag, "attempt": self.attempt, "kind": kind, **values}
        get_worker().log_event(self.topic, message)


def run_training_job(
    experiment_json: str, tag: str, topic: str, order: Order, vq_parcel: Parcel | None = None
) -> Parcel | LatentariumError:
    """Train in this worker, going on from the checkpoint of a killed attempt if there is one.

    Parameters
    ----------
    experiment_json : what to train
    tag : name of this submission, which messages and orders carry
    topic : where the board listens
    order : what is asked of the training as it begins
    vq_parcel : the VQ-VAE's run, for a prior over its codes

    Returns
    -------
    Parcel or LatentariumError
        The run's files, or why there are none.
    """
    experiment = Experiment.from_json(experiment_json)
    folder = cache_folder() / "checkpoints"
    files = CheckpointFiles(
        folder / f"{experiment.id}.safetensors", folder / f"{experiment.id}-{tag}.safetensors"
    )
    teller = Teller(tag, topic)

    def ask() -> Order:
        return order_to(tag, order)

    def on_download(download: DownloadProgress) -> None:
        teller.tell("notice", sentence=_download_sentence(download))
        if ask().wish == "stop":
            raise TrainingStopped("The training", "left running", "a stop", "Start it again.")

    def on_progress(progress: Progress) -> None:
        teller.tell("progress", progress=pack_progress(progress))

    teller.tell("began", history=_history_so_far(files, experiment.id))
    try:
        run = train(
            experiment,
            on_progress=on_progress,
            checkpoints=files,
            data=load_dataset(experiment.dataset, on_progress=on_download),
            vq_run=_vq_run(experiment, vq_parcel),
            ask=ask,
        )
    except (TrainingStopped, TrainingSetAside) as ended:
        return ended  # its checkpoint stays: the same experiment goes on where it stopped
    except LatentariumError as refusal:
        if isinstance(refusal, TrainingDiverged):
            _remove(files, steered=bool(ask().turns))
        return refusal
    parcel = pack_run(run)
    _remove(files, steered=run.id != experiment.id)
    _remove_oldest(folder)
    return parcel


def _remove(files: CheckpointFiles, *, steered: bool) -> None:
    """Remove the checkpoint that is no longer needed; a plain one is of use to others."""
    (files.steered if steered else files.plain).unlink(missing_ok=True)


def _remove_oldest(folder: Path) -> None:
    """Keep the newest checkpoints of trainings that nobody has gone on with."""
    by_age = sorted(folder.glob("*.safetensors"), key=lambda path: path.stat().st_mtime)
    for path in by_age[:-MAX_CHECKPOINTS]:
        path.unlink(missing_ok=True)


def run_call_job(
    function: Callable[..., Any], args: tuple[Any, ...], tag: str, topic: str
) -> Any | LatentariumError:
    """Call the function in this worker and return what it returns."""
    Teller(tag, topic).tell("began", history=None)
    try:
        return function(*args)
    except LatentariumError as refusal:
        return refusal


def prepare_after(prepare: Callable[[], object], warm_ups: list[str]) -> None:
    """Prepare this worker for calls; dask waits for the warm-ups, whose results it passes in."""
    assert isinstance(warm_ups, list)
    prepare()


def warm_up() -> str:
    """Name of the device this worker computes on, after a first tiny training on it.

    Unpickling this function has imported torch; one step loads its kernels and, on a GPU, makes
    the context, so that the first visitor does not wait for either.
    """
    images = torch.randint(0, 256, (16, 1, 8, 8), dtype=torch.uint8)
    split = ImageSplit(images, torch.arange(16))
    data = ImageSet("warm-up", (1, 8, 8), tuple(map(str, range(16))), (), split, split)
    model = VAESpec(latent_dim=2, widths=(8,))
    train(Experiment(dataset="warm-up", model=model, training=Training(epochs=1)), data=data)
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    n_threads = torch.get_num_threads()
    return f"CPU, {n_threads} thread" + ("" if n_threads == 1 else "s")


def _download_sentence(download: DownloadProgress) -> str:
    received = download.received_bytes / BYTES_PER_MB
    total = "" if download.total_bytes is None else f" of {download.total_bytes / BYTES_PER_MB:.0f}"
    return f"Fetching {download.name}, {download.file}: {received:.0f}{total} MB."


def _vq_run(experiment: Experiment, parcel: Parcel | None) -> Run | None:
    if parcel is None or experiment.model.family != "pixelcnn":
        return None
    return unpack_run(parcel, experiment.model.vq_run)


def _history_so_far(files: CheckpointFiles, experiment_id: str) -> Plain | None:
    """The loss terms up to the checkpoint, as plain values."""
    kept = load_newest(files, experiment_id)
    if kept is None:
        return None
    return {name: array.tolist() for name, array in kept.history.to_arrays().items()}
