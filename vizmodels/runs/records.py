"""What a run's folder says without its weights: enough for lists, cards and pickers."""

import functools
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from vizmodels.experiment import ID_LENGTH, Experiment
from vizmodels.runs.reading import check_files, content_of, damaged, newer, parsing
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

RUN_FORMAT = 1
"""Raise it when the files of a run say what an older version would misread."""


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
    data_digest: str = ""
    """Of the pictures it was trained on, see `ImageSet.digest`; empty in older runs."""

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
    """The record in a run's folder. Raises UnreadableRun, of which DamagedRun and NewerRun."""
    check_files(folder, FILES)
    environment_json, experiment_json, evaluation_json = (
        content_of(folder, f"{name}.json") for name in ("environment", "experiment", "evaluation")
    )
    with parsing(folder):
        environment = json.loads(environment_json)
        if not isinstance(environment, dict):
            raise ValueError("an environment that is not a JSON object")
        if int(environment.pop("format", RUN_FORMAT)) > RUN_FORMAT:
            raise newer(folder, "files of a later format")
        digest = str(environment.pop("data_digest", ""))  # in runs since the first that needed it
        experiment = Experiment.from_json(experiment_json)
        evaluation = json.loads(evaluation_json)
        channels, height, width = (int(n) for n in evaluation.pop("image_shape"))
        n_classes = int(evaluation.pop("n_classes", 0))  # in runs since the first that needed it
        terms = {str(name): float(value) for name, value in evaluation.items()}
    if folder.name not in (experiment.id, experiment.former_id):
        raise damaged(folder, f"the experiment of run {experiment.id}")
    if not all(math.isfinite(value) for value in terms.values()):
        raise damaged(folder, "an evaluation that is not finite")
    shape = (channels, height, width)
    return RunRecord(
        folder.name, experiment, terms, environment, shape, folder, shipped, n_classes, digest
    )
