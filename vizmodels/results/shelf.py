"""Reports on disk: frozen dataclasses of arrays and plain values, written whole or not at all."""

import dataclasses
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

import numpy as np

Report = TypeVar("Report")


def write_report(report: Any, path: Path) -> None:
    """Write a dataclass whose fields are arrays, numbers, strings or tuples of these."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    fields = {f.name: np.asarray(getattr(report, f.name)) for f in dataclasses.fields(report)}
    with unfinished.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **fields)
    unfinished.replace(path)


def read_report(kind: type[Report], path: Path) -> Report | None:
    """What was written, or None if there is nothing that can be read: it is then made again.

    Parameters
    ----------
    kind : dataclass that was written; its fields annotated as tuples become tuples again
    path : of the file
    """
    assert dataclasses.is_dataclass(kind)
    try:
        # Opened here: np.load leaves the file open when its archive is damaged.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return kind(**{f.name: _restored(f, arrays[f.name]) for f in dataclasses.fields(kind)})
    except (OSError, EOFError, ValueError, KeyError, AssertionError, BadZipFile):
        return None


def _restored(field: dataclasses.Field[Any], stored: np.ndarray) -> Any:
    if stored.ndim == 0:
        return stored.item()
    return tuple(stored.tolist()) if str(field.type).startswith("tuple") else stored
