"""The files of a run: written from it, and read back with its weights."""

import io
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load

from vizmodels.models import build_model
from vizmodels.models.probabilistic import ProbabilisticAutoencoder
from vizmodels.runs.epoch_weights import read_snapshots, write_snapshots
from vizmodels.runs.reading import content_of, parsing
from vizmodels.runs.records import EPOCHS_FILE, RUN_FORMAT, read_record
from vizmodels.runs.run import Run
from vizmodels.runs.tensor_file import save_tensors
from vizmodels.training.progress import History

BINARY_FILES = ("weights.safetensors", "history.npz", "preview.png")


def write_run(run: Run, folder: Path, half: bool) -> None:
    """Write a run's files into an empty folder, its weights in half precision if asked."""
    (folder / "experiment.json").write_text(run.experiment.to_json())
    tensors = {
        name: (weight.half() if half else weight).contiguous()
        for name, weight in run.model.state_dict().items()
    }
    save_tensors(tensors, folder / "weights.safetensors")
    with (folder / "history.npz").open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **run.history.to_arrays())
    evaluation = {
        **run.evaluation,
        "image_shape": list(run.model.image_shape),
        "n_classes": run.n_classes,
    }
    (folder / "evaluation.json").write_text(json.dumps(evaluation, indent=2))
    environment = {**run.environment, "format": RUN_FORMAT}
    if run.data_digest:
        environment["data_digest"] = run.data_digest
    (folder / "environment.json").write_text(json.dumps(environment, indent=2))
    _write_preview(run.preview, folder / "preview.png")
    if run.snapshots is not None:
        write_snapshots(run.snapshots, folder / EPOCHS_FILE)


def read_run(folder: Path) -> Run:
    """The run in a folder, checked whole. Raises UnreadableRun, of which DamagedRun and NewerRun.

    Each file is read before it is understood, so that a disk's hiccup is not taken for damage.
    """
    record = read_record(folder, shipped=False)
    contents = {name: content_of(folder, name) for name in BINARY_FILES}
    epochs = content_of(folder, EPOCHS_FILE) if (folder / EPOCHS_FILE).exists() else None
    with parsing(folder):
        weights = load(contents["weights.safetensors"])
        model = build_model(
            record.experiment.model, record.image_shape, torch.Generator(), record.n_classes
        )
        model.load_state_dict({name: w.float() for name, w in weights.items()}, strict=True)
        if isinstance(model, ProbabilisticAutoencoder):  # its weight may have been moved
            model.kl_weight.fill_(record.experiment.last_value_of("kl_weight"))
        if not all(bool(w.isfinite().all()) for w in weights.values()):
            raise ValueError("a weight is not a finite number")
        with np.load(io.BytesIO(contents["history.npz"]), allow_pickle=False) as arrays:
            history = History.from_arrays(dict(arrays))
        preview = _read_preview(contents["preview.png"], record.image_shape)
        snapshots = None if epochs is None else read_snapshots(epochs, model)
    model.eval().requires_grad_(False)
    return Run(
        record.experiment,
        model,
        history,
        record.evaluation,
        record.environment,
        preview,
        record.n_classes,
        snapshots,
        record.data_digest,
    )


def _write_preview(preview: np.ndarray, path: Path) -> None:
    """Two rows of pictures, originals above reconstructions."""
    n_rows, n, channels, height, width = preview.shape
    sheet = preview.transpose(0, 3, 1, 4, 2).reshape(n_rows * height, n * width, channels)
    Image.fromarray(sheet.squeeze(2) if channels == 1 else sheet).save(path, optimize=True)


def _read_preview(content: bytes, image_shape: tuple[int, int, int]) -> np.ndarray:
    channels, height, width = image_shape
    with Image.open(io.BytesIO(content)) as picture:
        sheet = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    tiles = sheet.reshape(2, height, -1, width, channels)
    return np.ascontiguousarray(tiles.transpose(0, 2, 4, 1, 3))
