"""Figures that took long to measure: kept as JSON files, shipped ones beside those made here."""

import json
import platform
import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from vizmodels.analysis.pictures.information import INFORMATION_VERSION, InformationKept
from vizmodels.analysis.pictures.sample_quality import SAMPLES_VERSION, SampleQuality
from vizmodels.analysis.pictures.samplers import SamplerName

Result = InformationKept | SampleQuality
Kept = tuple[Result, dict[str, Any]]
"""A result, and the record of how it was measured."""

KINDS: dict[str, type[InformationKept] | type[SampleQuality]] = {
    "information": InformationKept,
    "samples": SampleQuality,
}
NAME = re.compile(r"[a-z0-9._-]{1,160}")


class Measurements:
    """Results by name, the name holding everything that they depend on.

    Parameters
    ----------
    folder : of what is measured here; made when the first result is kept
    shipped : of what comes with the app; never written to
    """

    def __init__(self, folder: Path, shipped: Path | None = None) -> None:
        self.folder, self.shipped = folder, shipped

    def find(self, name: str) -> Kept | None:
        """The result of that name with its record; None where there is none that can be read."""
        for folder in filter(None, (self.shipped, self.folder)):
            try:
                values = json.loads(_file(folder, name).read_bytes())
                kind, record = KINDS[name.split("-")[0]], dict(values["record"])
                return kind.from_values(values["result"]), record
            except (OSError, ValueError, KeyError, TypeError, AttributeError, AssertionError):
                continue  # nothing there, or nothing that can be used: it is measured again
        return None

    def keep(self, name: str, result: Result, record: dict[str, Any]) -> None:
        """Store a result, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / f".{uuid.uuid4().hex}"
        unfinished.write_text(
            json.dumps({"record": record, "result": result.to_values()}, separators=(",", ":"))
        )
        unfinished.replace(_file(self.folder, name))

    def names(self) -> set[str]:
        """Of everything kept, shipped or measured here."""
        folders: Iterable[Path] = filter(None, (self.shipped, self.folder))
        return {file.stem for folder in folders for file in folder.glob("*.json")}


def information_name(run_key: str) -> str:
    """Name of what a run keeps of the class.

    Parameters
    ----------
    run_key : changes with the run's weights, as `Atlas.run_key`
    """
    return f"information-{run_key}-v{INFORMATION_VERSION}"


def originals_name(dataset: str) -> str:
    """Name of what there is of the class in the pictures themselves."""
    return f"information-originals-{dataset}-v{INFORMATION_VERSION}"


def samples_name(run_key: str, sampler: SamplerName, judge_key: str, temperature: float) -> str:
    """Name of the quality of a sampler's pictures in the eyes of one judge."""
    return f"samples-{run_key}-{sampler}-t{temperature:.2f}-{judge_key}-v{SAMPLES_VERSION}"


def how_measured() -> dict[str, Any]:
    """When and with what: the record of a measurement made now."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def _file(folder: Path, name: str) -> Path:
    assert NAME.fullmatch(name), name
    return folder / f"{name}.json"
