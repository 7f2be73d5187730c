"""The library: a folder of runs, each there whole or not at all."""

import contextlib
import functools
import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from vizmodels.errors import DamagedRun, ReadOnlyRun, UnknownRun
from vizmodels.experiment import Experiment
from vizmodels.files import whole_folder
from vizmodels.runs.listing import Listing
from vizmodels.runs.records import (
    EPOCHS_FILE,
    FILES,
    ID_PATTERN,
    OPTIONAL_FILES,
    SET_ASIDE,
    WEIGHTS_FILE,
    RunRecord,
    damaged,
    first_line,
)

if TYPE_CHECKING:
    from vizmodels.runs.run import Run

KEY_DIGITS = 8  # of the hash in a run's key
KEPT_HASHES = 4096

__all__ = ["EPOCHS_FILE", "FILES", "OPTIONAL_FILES", "RunLibrary", "RunRecord"]


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
        self._listing = Listing()
        self.damaged: dict[str, str] = {}
        """Name of each run set aside since the library was opened -> the sentence that says why."""

    def save(self, run: "Run", *, half: bool = False) -> Path:
        """Write a run; one of the same id is replaced. Returns its folder.

        Parameters
        ----------
        run : to be stored
        half : store the weights as float16, half the size; `gallery` rounds them beforehand so
            that nothing is lost
        """
        from vizmodels.runs.run_files import write_run  # here, since torch takes seconds to import

        final = self.path / run.id
        with whole_folder(final) as unfinished:
            write_run(run, unfinished, half)
        return final

    def load(self, run_id: str) -> "Run":
        """The run of this id, checked whole.

        Raises
        ------
        UnknownRun : there is none
        DamagedRun : a file of it is missing or does not say what it should; a run made here is
            also set aside
        """
        from vizmodels.runs.run_files import read_run  # here, since torch takes seconds to import

        folder = self._folder(run_id)
        try:
            return read_run(folder)
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
            told = (folder / WEIGHTS_FILE).stat()
            digest = _digest(folder / WEIGHTS_FILE, told.st_ino, told.st_mtime_ns, told.st_size)
        except OSError as error:
            raise damaged(folder, first_line(error)) from error
        return f"{run_id}-{digest[:KEY_DIGITS]}"

    def record(self, run_id: str) -> RunRecord:
        """What the list shows of one run. Raises UnknownRun or DamagedRun."""
        folder = self._folder(run_id)
        return self._listing.record(folder, self._is_shipped(folder))

    def find(self, experiment: Experiment) -> "Run | None":
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
        records: dict[str, RunRecord] = {}
        for parent in self._parents():
            for run_id, found in self._listing.records(parent, parent == self.shipped).items():
                if isinstance(found, DamagedRun):
                    self._set_aside(parent / run_id, found)
                else:
                    records.setdefault(run_id, found)
        newest_first = sorted(
            records.values(), key=lambda r: str(r.environment.get("trained_at", "")), reverse=True
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


@functools.lru_cache(KEPT_HASHES)
def _digest(path: Path, number: int, changed_ns: int, size: int) -> str:
    """Hash of a file; its number, the time of its last change and its size tell versions apart."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
