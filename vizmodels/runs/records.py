"""What a run's folder says without its weights: enough for lists, cards and pickers."""

import functools
import json
import math
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

from PIL import Image
from safetensors import SafetensorError

from vizmodels.errors import DamagedRun
from vizmodels.experiment import ID_LENGTH, Experiment
from vizmodels.runs.titles import title_of
from vizmodels.specs import embedding_dim

ID_PATTERN = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")
WEIGHTS_FILE = "weights.safetensors"
FILES = (
    "experiment.json",
    WEIGHTS_FILE,
    "history.npz",
    "evaluation.json",
    "environment.json",
    "preview.png",
)
RECORD_FILES = ("experiment.json", "evaluation.json", "environment.json")
"""Those that a record is read from."""

EPOCHS_FILE = "epochs.safetensors"
OPTIONAL_FILES = (EPOCHS_FILE,)
"""What a run may have beside these: the weights of a few of its epochs."""

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

    @functools.cached_property
    def title(self) -> str:
        """One line that tells this run from its neighbours."""
        return title_of(self.experiment)

    @functools.cached_property
    def embedding_dim(self) -> int:
        """Axes of the space its latents lie in; 0 for a classifier, which has none."""
        spec = self.experiment.model
        return 0 if spec.family == "classifier" else embedding_dim(spec, self.image_shape)


def read_record(folder: Path, shipped: bool) -> RunRecord:
    """The record in a run's folder. Raises DamagedRun."""
    for name in FILES:
        if not (folder / name).is_file():
            raise damaged(folder, f"no {name}")
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
        raise damaged(folder, first_line(error)) from error
    if experiment.id != folder.name:
        raise damaged(folder, f"the experiment of run {experiment.id}")
    if not all(math.isfinite(value) for value in terms.values()):
        raise damaged(folder, "an evaluation that is not finite")
    shape = (channels, height, width)
    return RunRecord(folder.name, experiment, terms, environment, shape, folder, shipped, n_classes)


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def damaged(folder: Path, found: str) -> DamagedRun:
    """The error that says what was found in a run's folder."""
    return DamagedRun(
        f"Run {folder.name}", "whole and readable", found, "Train it again, or restore its folder."
    )
