"""Builds all of `assets/` that is computed: `python -m vizmodels.shipped`.

Runs, the description of the sweep, and everything that is measured of them, each only where what
it is made from has changed.
"""

import argparse
import logging
import sys
from pathlib import Path

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.places import ASSETS
from vizmodels.results.store import Results
from vizmodels.runs.library import RunLibrary
from vizmodels.shipped import first_map, results, runs, sweep


def main(arguments: list[str] | None = None) -> None:
    """Command line of all that is shipped."""
    parser = argparse.ArgumentParser(prog="python -m vizmodels.shipped", description=__doc__)
    parser.add_argument("--again", action="store_true", help="make also what is there already")
    parser.add_argument("--only", choices=("runs", "results"), help="one of the two")
    parser.add_argument("--folder", type=Path, default=ASSETS, help="in place of assets/")
    parser.add_argument("--trained", type=Path, help="folder of runs to take instead of training")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    library = RunLibrary(given.folder / "runs")
    if given.only != "results":
        trained = None if given.trained is None else RunLibrary(given.trained)
        runs.build(library, again=given.again, trained=trained)
    if given.only != "runs":
        sweep.describe(given.folder / "sweeps")
        store = Results(Atlas(library), given.folder / "results")
        first_map.build(library, given.folder / "first_map")
        n_measured = results.build(store, again=given.again)
        logging.info("%d answers measured, %d in all", n_measured, len(store.files()))


if __name__ == "__main__":
    main()
