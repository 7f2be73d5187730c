"""Records of runs, read once and again only when something in their folder changes."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from vizmodels.errors import DamagedRun, NewerRun, UnreadableRun
from vizmodels.runs.folders import Identity, identity, names_in
from vizmodels.runs.reading import read_steadily
from vizmodels.runs.records import ID_PATTERN, RECORD_FILES, RunRecord, read_record

LOOK_INTO_SECONDS = 0.25
"""Between two looks at the files in all folders, which nothing here ever writes over in place: for
500 runs they take 4 ms, the folders alone half a millisecond."""

_stat = os.stat  # of strings: with a `Path` for each file 500 runs would take three times as long


@dataclass(frozen=True)
class _Known:
    """What a run's folder said, and when it and the files of its record were last changed."""

    identity: Identity
    files_changed: tuple[int, ...]
    found: RunRecord | UnreadableRun


class Listing:
    """The records of a few folders of runs; safe to ask from many threads.

    A run that was saved, replaced or deleted, or lost a file, by this process or another, is
    noticed at once by its folder; a file written over in place a moment later.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._looked_into: dict[str, float] = {}

    def record(self, folder: Path, shipped: bool) -> RunRecord:
        """The record in a run's folder. Raises UnreadableRun; FileNotFoundError once it is gone."""
        found = self._look(str(folder), shipped, into=True)
        if found is None:
            raise FileNotFoundError(str(folder))
        if isinstance(found, UnreadableRun):
            raise type(found)(*found.parts)
        return found

    def records(self, parent: Path, shipped: bool) -> dict[str, RunRecord | UnreadableRun]:
        """All that a folder of runs holds: id -> the record, or what is wrong with the run.

        Raises OSError where the folder is there and cannot be read.
        """
        before = f"{parent}{os.sep}"
        with self._guard:
            names = {folder[len(before) :] for folder in self._known if folder.startswith(before)}
        names.update(name for name in names_in(parent) if ID_PATTERN.fullmatch(name))
        now = time.monotonic()
        into = now - self._looked_into.get(str(parent), -LOOK_INTO_SECONDS) >= LOOK_INTO_SECONDS
        if into:
            self._looked_into[str(parent)] = now
        # Those known before are looked for by name: a scan may pass over one that is replaced.
        looked = {name: self._look(before + name, shipped, into) for name in sorted(names)}
        gone = {before + name for name, found in looked.items() if found is None}
        with self._guard:
            for folder in gone:
                self._known.pop(folder, None)
        return {name: found for name, found in looked.items() if found is not None}

    def _look(self, folder: str, shipped: bool, into: bool) -> RunRecord | UnreadableRun | None:
        """None where there is no such folder."""
        known, now = self._known.get(folder), identity(folder)
        is_same = known is not None and now is not None and known.identity == now
        if known is not None and is_same and not into:
            return known.found
        files_changed = _files_changed(folder)
        if known is not None and is_same and known.files_changed == files_changed:
            return known.found
        try:
            found = read_steadily(Path(folder), lambda place: read_record(place, shipped))
        except FileNotFoundError:
            return None
        except UnreadableRun as error:
            found = error
        is_known = isinstance(found, RunRecord | DamagedRun | NewerRun)
        if is_known and now is not None and now == identity(folder):
            with self._guard:  # what only this machine cannot read now is looked for again
                self._known[folder] = _Known(now, files_changed, found)
        return found


def _files_changed(folder: str) -> tuple[int, ...]:
    """Of each file of a record, nanoseconds since 1970; 0 if there is no such file."""
    return tuple(map(_changed, (f"{folder}{os.sep}{name}" for name in RECORD_FILES)))


def _changed(path: str) -> int:
    try:
        return _stat(path).st_mtime_ns
    except OSError:
        return 0
