"""The sweep that the page Ablation opens with: its description in `assets/sweeps/`.

Its runs are trained for their figures alone, which ship with all that is measured: 27 runs would
fill the lists of runs.
"""

from pathlib import Path

from vizmodels.experiment import Experiment, Training
from vizmodels.jobs.sweeps import write_sweep
from vizmodels.specs import VAESpec
from vizmodels.sweep import Sweep

SHIPPED = Sweep(
    base=Experiment(dataset="strokes", model=VAESpec(), training=Training()),
    latent_dim=(2, 8, 32),
    kl_weight=(1e-4, 1e-3, 1e-2),
    epochs=(5,),
    seeds=(0, 1, 2),
)


def describe(folder: Path) -> None:
    """Write the sweep's description, and remove that of a sweep no longer shipped."""
    for file in folder.glob("*.json"):
        if file.stem != SHIPPED.id:
            file.unlink()
    if not (folder / f"{SHIPPED.id}.json").exists():
        write_sweep(SHIPPED, folder)
