"""A run on its way home: the bytes of its files, so that no shared file system is needed."""

import tempfile
from pathlib import Path

from vizmodels.errors import DamagedRun
from vizmodels.experiment import Experiment
from vizmodels.runs.library import FILES, OPTIONAL_FILES, RunLibrary
from vizmodels.runs.run import Run

Parcel = dict[str, bytes]
"""Name of each file in a run's folder -> its content."""


def pack_run(run: Run) -> Parcel:
    """The files that a library would write for this run."""
    with tempfile.TemporaryDirectory(prefix="latentarium-parcel-") as folder:
        written = RunLibrary(folder).save(run)
        return {path.name: path.read_bytes() for path in written.iterdir()}


def unpack_run(parcel: Parcel, run_id: str = "") -> Run:
    """The run in a parcel, read as strictly as any other run.

    Parameters
    ----------
    parcel : the files
    run_id : that it must be; "" for whatever its experiment says, as of a steered training

    Raises
    ------
    DamagedRun : a file is missing, or does not say what it should
    """
    if not set(FILES) <= set(parcel) <= {*FILES, *OPTIONAL_FILES}:
        raise DamagedRun(
            f"The parcel of run {run_id}".rstrip(),
            "the files " + ", ".join(FILES),
            ", ".join(sorted(parcel)) or "nothing",
            "Train it again.",
        )
    run_id = run_id or Experiment.from_json(parcel["experiment.json"]).id
    with tempfile.TemporaryDirectory(prefix="latentarium-parcel-") as folder:
        unpacked = Path(folder) / run_id
        unpacked.mkdir()
        for name, content in parcel.items():
            (unpacked / name).write_bytes(content)
        return RunLibrary(folder).load(run_id)
