"""Records of runs, read once and again only when something in their folder changes."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from vizmodels.errors import DamagedRun
from vizmodels.runs.records import ID_PATTERN, RECORD_FILES, RunRecord, read_record

LOOK_INTO_SECONDS = 0.25
"""Between two looks at the files in all folders, which nothing here ever writes over in place: for
500 runs they take 4 ms, the folders alone half a millisecond."""

_stat = os.stat  # of strings: with a `Path` for each file 500 runs would take three times as long


@dataclass(frozen=True)
class _Known:
    """What a run's folder said, and when it and the files of its record were last changed."""

    changed: int
    files_changed: tuple[int, ...]
    found: RunRecord | DamagedRun


class Listing:
    """The records of a few folders of runs; safe to ask from many threads.

    A run that was saved, replaced or deleted, or lost a file, by this process or another, is
    noticed at once by the time of its folder; a file written over in place a moment later.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._looked_into: dict[str, float] = {}

    def record(self, folder: Path, shipped: bool) -> RunRecord:
        """The record in a run's folder. Raises DamagedRun."""
        found = self._look(str(folder), shipped, into=True)
        if isinstance(found, DamagedRun):
            raise DamagedRun(*found.parts)
        return found

    def records(self, parent: Path, shipped: bool) -> dict[str, RunRecord | DamagedRun]:
        """All that a folder of runs holds: id -> the record, or what is wrong with the run."""
        try:
            with os.scandir(parent) as entries:
                runs = {e.name: e.path for e in entries if ID_PATTERN.fullmatch(e.name)}
        except (FileNotFoundError, NotADirectoryError):
            runs = {}
        now = time.monotonic()
        into = now - self._looked_into.get(str(parent), -LOOK_INTO_SECONDS) >= LOOK_INTO_SECONDS
        if into:
            self._looked_into[str(parent)] = now
        found = {run_id: self._look(folder, shipped, into) for run_id, folder in runs.items()}
        self._forget(f"{parent}{os.sep}", set(runs.values()))
        return found

    def _look(self, folder: str, shipped: bool, into: bool) -> RunRecord | DamagedRun:
        known, changed = self._known.get(folder), _changed(folder)
        is_same = known is not None and known.changed == changed
        if known is not None and is_same and not into:
            return known.found
        files_changed = tuple(_changed(f"{folder}{os.sep}{name}") for name in RECORD_FILES)
        if known is not None and is_same and known.files_changed == files_changed:
            return known.found
        try:
            found: RunRecord | DamagedRun = read_record(Path(folder), shipped)
        except DamagedRun as error:
            found = error
        with self._guard:
            self._known[folder] = _Known(changed, files_changed, found)
        return found

    def _forget(self, parent: str, still_there: set[str]) -> None:
        """Drop the records of folders that are gone."""
        with self._guard:
            known = {folder for folder in self._known if folder.startswith(parent)}
            for folder in known - still_there:
                del self._known[folder]


def _changed(path: str) -> int:
    """Nanoseconds since 1970; 0 if there is no such file."""
    try:
        return _stat(path).st_mtime_ns
    except OSError:
        return 0
