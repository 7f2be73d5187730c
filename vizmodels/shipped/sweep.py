"""Measures the sweep that the page Ablation opens with: `python -m vizmodels.shipped.sweep`.

Only the figures are shipped, in `assets/sweeps/`: 27 runs would fill the lists of runs.
"""

import logging
import sys

from vizmodels.experiment import Experiment, Training
from vizmodels.files import whole_file
from vizmodels.jobs.sweeps import SweepFile
from vizmodels.places import ASSETS
from vizmodels.runs.run import train
from vizmodels.specs import VAESpec
from vizmodels.sweep import Sweep

SHIPPED = Sweep(
    base=Experiment(dataset="strokes", model=VAESpec(), training=Training()),
    latent_dim=(2, 8, 32),
    kl_weight=(1e-4, 1e-3, 1e-2),
    epochs=(5,),
    seeds=(0, 1, 2),
)

log = logging.getLogger(__name__)


def main() -> None:
    """Train every run of the sweep and keep what it reaches on the test set."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    evaluations: dict[str, dict[str, float]] = {}
    for experiment in SHIPPED.experiments():
        run = train(experiment)
        evaluations[run.id] = run.evaluation
        log.info("%s, seed %d: %s", run.id, experiment.training.seed, run.evaluation)
    file = SweepFile(sweep=SHIPPED, evaluations=evaluations)
    with whole_file(ASSETS / "sweeps" / f"{SHIPPED.id}.json") as unfinished:
        unfinished.write_text(file.model_dump_json(indent=1))


if __name__ == "__main__":
    main()
