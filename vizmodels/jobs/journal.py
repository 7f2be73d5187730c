"""The journal: a file for each training that is not over, so that the next start knows of it."""

import contextlib
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from vizmodels.errors import LatentariumError
from vizmodels.experiment import Experiment
from vizmodels.files import whole_file

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A training that was asked for and did not end.

    Attributes
    ----------
    job_id, tag : of the submission; a steered one's checkpoint is found by its tag
    experiment : what was to be trained
    submitted_at : seconds since 1970
    visitor : who asked first; "" for the app itself, and in entries of before it was noted
    """

    job_id: str
    tag: str
    experiment: Experiment
    submitted_at: float
    visitor: str = ""


class Journal:
    """Entries in a folder, one file each.

    A disk that is full costs the entry, never the job. Entries of another server that is alive
    and uses the same folder are left to it.

    Parameters
    ----------
    folder : made when the first entry is written; None keeps nothing
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def note(self, entry: Entry) -> None:
        """Keep an entry; one of the same id is replaced."""
        if self.folder is None:
            return
        try:
            record = {
                "tag": entry.tag,
                "submitted_at": entry.submitted_at,
                "visitor": entry.visitor,
                "experiment": entry.experiment.model_dump(mode="json"),
                "server": [os.getpid(), psutil.Process().create_time()],
            }
            with whole_file(self.folder / f"{entry.job_id}.json") as unfinished:
                unfinished.write_text(json.dumps(record))
        except (OSError, psutil.Error):  # a full disk, or no file handle left
            log.exception("job %s could not be noted", entry.job_id)

    def strike(self, job_id: str) -> None:
        """Forget an entry, if there is one."""
        if self.folder is not None:
            with contextlib.suppress(OSError):
                (self.folder / f"{job_id}.json").unlink(missing_ok=True)

    def interrupted(self) -> list[Entry]:
        """Entries that a server left behind when it ended, the oldest first."""
        if self.folder is None or not self.folder.is_dir():
            return []
        entries = [self._read(path) for path in self.folder.glob("*.json")]
        left = [entry for entry in entries if entry is not None]
        return sorted(left, key=lambda entry: entry.submitted_at)

    def _read(self, path: Path) -> Entry | None:
        """None for an entry of a server that is alive, or one that cannot be read."""
        try:
            record = json.loads(path.read_bytes())
            pid, started = record["server"]
            if _is_alive(int(pid), float(started)):
                return None
            experiment = Experiment.from_json(json.dumps(record["experiment"]))
            tag, submitted_at = str(record["tag"]), float(record["submitted_at"])
            return Entry(path.stem, tag, experiment, submitted_at, str(record.get("visitor", "")))
        except (OSError, ValueError, KeyError, TypeError, LatentariumError):
            log.warning("the entry %s in the journal of jobs cannot be read", path.name)
            return None


def _is_alive(pid: int, started: float) -> bool:
    """Whether another process than this one, the same that wrote the entry, still runs."""
    if pid == os.getpid():
        return False
    try:
        return abs(psutil.Process(pid).create_time() - started) < 1.0
    except psutil.Error:
        return False
