"""Makes `assets/reports/`, what has been measured of the runs that come with the app.

`python -m vizmodels.shipped.reports`; only of runs on the images that every machine has, so that
their pages open at once.
"""

import argparse
import logging
import shutil
import sys
import time
from pathlib import Path

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.places import ASSETS, cache_folder
from vizmodels.results.reports import REPORT_KINDS, Reports
from vizmodels.runs.library import RunLibrary
from vizmodels.specs import AutoencodingSpec

DATASET = "strokes"

log = logging.getLogger(__name__)


def build(folder: Path, library: RunLibrary) -> None:
    """Make every report that is not in the folder yet, and remove those of runs that are gone."""
    reports = Reports(Atlas(library, cache_folder() / "projections"), folder)
    wanted: set[str] = set()
    for record in library.list():
        is_here = record.experiment.dataset == DATASET
        if not is_here or not isinstance(record.experiment.model, AutoencodingSpec):
            continue
        for kind in REPORT_KINDS:
            wanted.add(reports.name(kind, record.id))
            began = time.perf_counter()
            if reports.find(kind, record.id) is None:
                reports.make(kind, record.id)
                seconds = time.perf_counter() - began
                log.info("%s of %s: %.1f s", kind.name, record.title, seconds)
    for file in folder.glob("*.npz"):
        if file.stem not in wanted:
            file.unlink()


def main() -> None:
    """Command line of the shipped reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true", help="make also what is there already")
    parser.add_argument("--folder", type=Path, default=ASSETS / "reports")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    if arguments.again:
        shutil.rmtree(arguments.folder, ignore_errors=True)
    build(arguments.folder, RunLibrary(ASSETS / "runs"))


if __name__ == "__main__":
    main()
