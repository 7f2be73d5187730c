"""What a rerun of each page costs the server: `python -m bench.reruns [--quick]`.

A visitor without a browser opens a page, waits until charts have come and all that is measured in
the background is there, and then asks for the whole page again and again. Counted is the processor
time of the server, less what it uses by itself. Beside it stands a page of 28 captions, served by
an app of its own and asked in turns with the pages.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from bench.report import at_most, report
from bench.serving import Served, serve
from bench.visitors import Visitor, cpu_ms_each, exceptions
from vizmodels.data import load_dataset

LIMIT_MS = 15.0
N_PLAIN = 28  # elements of the page that the others stand beside
PLAIN_APP = f"""
import streamlit as st

for at in range({N_PLAIN}):
    st.caption(f"Element {{at}}")
"""
PAGES = (
    "",
    "train",
    "ablation",
    "latent_space",
    "reconstruction",
    "denoising",
    "interpolation",
    "sampling",
    "codebook",
    "information",
)
QUICK_PAGES = ("", "latent_space", "denoising", "codebook")
CHARTS_COME_S = 1.2  # after a visit's beginning
BETWEEN_S = 0.3  # two looks whether a page is at rest
ALIKE_NEEDED, MOST_LOOKS = 3, 300
PAGES_PER_PLAIN = 3  # measured before the plain page is again


def rerun_ms(served: Served, page: str, n: int) -> float:
    """Processor time of the server for one rerun of a page at rest."""
    with Visitor(served.address, page) as visitor:
        _wait_for_rest(visitor, page)
        return cpu_ms_each(served.process.pid, visitor.rerun, n)


def _wait_for_rest(visitor: Visitor, page: str) -> None:
    """Rerun until the page sends as many messages three times in a row."""
    visitor.rerun()
    time.sleep(CHARTS_COME_S)
    counts: list[int] = []
    for _ in range(MOST_LOOKS):
        answers = visitor.rerun()
        if said := exceptions(answers):
            raise RuntimeError(f"the page {page or 'home'} failed: {said[0]}")
        counts.append(len(answers))
        if len(counts) >= ALIKE_NEEDED and len(set(counts[-ALIKE_NEEDED:])) == 1:
            return
        time.sleep(BETWEEN_S)
    raise TimeoutError(f"the page {page or 'home'} does not come to rest: {counts[-5:]} messages")


def measure_reruns(app: Served, folder: Path, *, quick: bool) -> None:
    """Report each page of a served app beside the plain one.

    Parameters
    ----------
    app : that has been up for a while
    folder : for the plain app
    quick : four pages and few reruns of each
    """
    n, pages = (5, QUICK_PAGES) if quick else (20, PAGES)
    (folder / "plain").mkdir(exist_ok=True)
    plain_app = folder / "plain" / "plain.py"
    plain_app.write_text(PLAIN_APP)
    with serve(("run", str(plain_app)), folder / "plain", {}) as plain:
        theirs: list[float] = []
        ours: dict[str, float] = {}
        for at, page in enumerate(pages):
            if at % PAGES_PER_PLAIN == 0:
                theirs.append(rerun_ms(plain, "", n))
            ours[page or "home"] = rerun_ms(app, page, n)
    beside = statistics.median(theirs)
    for page, value in ours.items():
        report(at_most(f"rerun of {page}, processor time", value, "ms", LIMIT_MS, beside))


def main() -> None:
    """Command line of the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="four pages, fewer reruns")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        environment = {"LATENTARIUM_HOME": str(folder / "home")}
        os.environ.update(environment)
        load_dataset("strokes")  # drawn once, as the first start of the app does
        with serve(("run", "app.py"), folder, environment) as app:
            measure_reruns(app, folder, quick=quick)


if __name__ == "__main__":
    main()
