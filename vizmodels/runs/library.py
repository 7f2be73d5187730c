"""The library: a folder of runs, each there whole or not at all."""

import contextlib
import hashlib
import json
import math
import re
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file

from vizmodels.errors import DamagedRun, ReadOnlyRun, UnknownRun
from vizmodels.experiment import ID_LENGTH, Experiment
from vizmodels.files import whole_folder
from vizmodels.models import build_model, embedding_dim
from vizmodels.runs.epoch_weights import read_snapshots, write_snapshots
from vizmodels.runs.run import Run
from vizmodels.runs.tensor_file import save_tensors
from vizmodels.runs.titles import title_of
from vizmodels.training.progress import History

ID_PATTERN = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")
FILES = (
    "experiment.json",
    "weights.safetensors",
    "history.npz",
    "evaluation.json",
    "environment.json",
    "preview.png",
)
EPOCHS_FILE = "epochs.safetensors"
OPTIONAL_FILES = (EPOCHS_FILE,)
"""What a run may have beside these: the weights of a few of its epochs."""

KEY_DIGITS = 8  # of the hash in a run's key

SET_ASIDE = "damaged"  # folder of runs that could not be read; the visitor may still want them

UNREADABLE = (
    OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError,
    RuntimeError, SyntaxError, BadZipFile, zlib.error, SafetensorError,
    Image.DecompressionBombError,
)  # fmt: skip
"""What readers of JSON, safetensors, npz and PNG raise on bytes that are not what they expect."""


@dataclass(frozen=True)
class RunRecord:
    """What a list of runs shows, without the weights."""

    id: str
    experiment: Experiment
    evaluation: dict[str, float]
    environment: dict[str, str | float]
    image_shape: tuple[int, int, int]
    folder: Path
    shipped: bool
    n_classes: int = 0

    @property
    def title(self) -> str:
        """One line that tells this run from its neighbours."""
        return title_of(self.experiment)

    @property
    def embedding_dim(self) -> int:
        """Axes of the space its latents lie in; 0 for a classifier, which has none."""
        spec = self.experiment.model
        return 0 if spec.family == "classifier" else embedding_dim(spec, self.image_shape)


class RunLibrary:
    """Runs in a folder, with a read-only gallery of shipped ones beside it.

    Parameters
    ----------
    path : folder of the runs made here; created when the first one is saved
    shipped : folder of runs that come with the app, never written to
    """

    def __init__(self, path: Path | str, shipped: Path | str | None = None) -> None:
        self.path = Path(path)
        self.shipped = Path(shipped) if shipped is not None else None
        self.damaged: dict[str, str] = {}
        """Name of each run set aside since the library was opened -> the sentence that says why."""

    def save(self, run: Run, *, half: bool = False) -> Path:
        """Write a run; one of the same id is replaced. Returns its folder.

        Parameters
        ----------
        run : to be stored
        half : store the weights as float16, half the size; `gallery` rounds them beforehand so
            that nothing is lost
        """
        final = self.path / run.id
        with whole_folder(final) as unfinished:
            _write(run, unfinished, half)
        return final

    def load(self, run_id: str) -> Run:
        """The run of this id, checked whole.

        Raises
        ------
        UnknownRun : there is none
        DamagedRun : a file of it is missing or does not say what it should; a run made here is
            also set aside
        """
        folder = self._folder(run_id)
        try:
            return _read(folder)
        except DamagedRun as error:
            self._set_aside(folder, error)
            raise

    def key(self, run_id: str) -> str:
        """Name of a run that changes when its weights do, as training it again on a GPU may.

        The id and the start of the hash of the file of weights: no weight is loaded.

        Raises
        ------
        UnknownRun, DamagedRun : as for `load`
        """
        folder = self._folder(run_id)
        try:
            weights = (folder / "weights.safetensors").read_bytes()
        except OSError as error:
            raise _damaged(folder, _first_line(error)) from error
        return f"{run_id}-{hashlib.sha256(weights).hexdigest()[:KEY_DIGITS]}"

    def record(self, run_id: str) -> RunRecord:
        """What the list shows of one run. Raises UnknownRun or DamagedRun."""
        folder = self._folder(run_id)
        return _read_record(folder, self._is_shipped(folder))

    def find(self, experiment: Experiment) -> Run | None:
        """The run of this experiment, or None if it has not been trained yet."""
        try:
            return self.load(experiment.id)
        except (UnknownRun, DamagedRun):
            return None

    def __contains__(self, experiment: Experiment) -> bool:
        try:
            return self._folder(experiment.id).is_dir()
        except UnknownRun:
            return False

    def list(self) -> list[RunRecord]:
        """Every readable run, shipped ones first, then the newest; a damaged one is set aside."""
        records: list[RunRecord] = []
        for parent in self._parents():
            for folder in parent.iterdir() if parent.is_dir() else ():
                listed = any(record.id == folder.name for record in records)
                if listed or not ID_PATTERN.fullmatch(folder.name):
                    continue
                try:
                    records.append(_read_record(folder, self._is_shipped(folder)))
                except DamagedRun as error:
                    self._set_aside(folder, error)
        newest_first = sorted(
            records, key=lambda r: str(r.environment.get("trained_at", "")), reverse=True
        )
        return sorted(newest_first, key=lambda r: not r.shipped)

    def delete(self, run_id: str) -> None:
        """Remove a run made here. Raises UnknownRun, or ReadOnlyRun for a shipped one."""
        folder = self._folder(run_id)
        if self._is_shipped(folder):
            raise ReadOnlyRun(f"Run {run_id}", "one made here", "a shipped run", "Leave it.")
        shutil.rmtree(folder)

    def _parents(self) -> tuple[Path, ...]:
        return (self.path,) if self.shipped is None else (self.shipped, self.path)

    def _is_shipped(self, folder: Path) -> bool:
        return folder.parent == self.shipped

    def _folder(self, run_id: str) -> Path:
        """The run's folder; an id that is not one never reaches the file system."""
        if ID_PATTERN.fullmatch(run_id):
            for parent in self._parents():
                if (parent / run_id).is_dir():
                    return parent / run_id
        raise UnknownRun("Run", "in the library", run_id, "Choose one from the list of runs.")

    def _set_aside(self, folder: Path, error: DamagedRun) -> None:
        self.damaged[folder.name] = str(error)
        if not self._is_shipped(folder):
            aside = self.path / SET_ASIDE
            with contextlib.suppress(OSError):  # where it cannot be moved it is still reported
                aside.mkdir(exist_ok=True)
                shutil.rmtree(aside / folder.name, ignore_errors=True)
                folder.rename(aside / folder.name)


def _write(run: Run, folder: Path, half: bool) -> None:
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
    (folder / "environment.json").write_text(json.dumps(run.environment, indent=2))
    _write_preview(run.preview, folder / "preview.png")
    if run.snapshots is not None:
        write_snapshots(run.snapshots, folder / EPOCHS_FILE)


def _read(folder: Path) -> Run:
    record = _read_record(folder, shipped=False)
    try:
        weights = load_file(folder / "weights.safetensors")
        model = build_model(
            record.experiment.model, record.image_shape, torch.Generator(), record.n_classes
        )
        model.load_state_dict({name: w.float() for name, w in weights.items()}, strict=True)
        if not all(bool(w.isfinite().all()) for w in weights.values()):
            raise ValueError("a weight is not a finite number")
        # Opened here: np.load leaves the file open when its archive is damaged.
        with (
            (folder / "history.npz").open("rb") as file,
            np.load(file, allow_pickle=False) as arrays,
        ):
            history = History.from_arrays(dict(arrays))
        preview = _read_preview(folder / "preview.png", record.image_shape)
        epochs_file = folder / EPOCHS_FILE
        snapshots = read_snapshots(epochs_file, model) if epochs_file.exists() else None
    except UNREADABLE as error:
        raise _damaged(folder, _first_line(error)) from error
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
    )


def _read_record(folder: Path, shipped: bool) -> RunRecord:
    for name in FILES:
        if not (folder / name).is_file():
            raise _damaged(folder, f"no {name}")
    try:
        experiment = Experiment.from_json((folder / "experiment.json").read_bytes())
        evaluation = json.loads((folder / "evaluation.json").read_bytes())
        environment = json.loads((folder / "environment.json").read_bytes())
        channels, height, width = (int(n) for n in evaluation.pop("image_shape"))
        n_classes = int(evaluation.pop("n_classes", 0))  # in runs since the first that needed it
        terms = {str(name): float(value) for name, value in evaluation.items()}
        if not isinstance(environment, dict):
            raise ValueError("an environment that is not a JSON object")
    except UNREADABLE as error:
        raise _damaged(folder, _first_line(error)) from error
    if experiment.id != folder.name:
        raise _damaged(folder, f"the experiment of run {experiment.id}")
    if not all(math.isfinite(value) for value in terms.values()):
        raise _damaged(folder, "an evaluation that is not finite")
    shape = (channels, height, width)
    return RunRecord(folder.name, experiment, terms, environment, shape, folder, shipped, n_classes)


def _write_preview(preview: np.ndarray, path: Path) -> None:
    """Two rows of pictures, originals above reconstructions."""
    n_rows, n, channels, height, width = preview.shape
    sheet = preview.transpose(0, 3, 1, 4, 2).reshape(n_rows * height, n * width, channels)
    Image.fromarray(sheet.squeeze(2) if channels == 1 else sheet).save(path, optimize=True)


def _read_preview(path: Path, image_shape: tuple[int, int, int]) -> np.ndarray:
    channels, height, width = image_shape
    with Image.open(path) as picture:
        sheet = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    tiles = sheet.reshape(2, height, -1, width, channels)
    return np.ascontiguousarray(tiles.transpose(0, 2, 4, 1, 3))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _damaged(folder: Path, found: str) -> DamagedRun:
    return DamagedRun(
        f"Run {folder.name}", "whole and readable", found, "Train it again, or restore its folder."
    )
