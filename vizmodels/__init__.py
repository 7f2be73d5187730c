"""Autoencoders, trained and seen from inside: the library behind the app.

An `Experiment` says what to do, `train` does it and returns a `Run`, and a `RunLibrary` keeps it.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vizmodels.data import load_dataset
    from vizmodels.experiment import Experiment, Training
    from vizmodels.runs.library import RunLibrary
    from vizmodels.runs.run import Run, train
    from vizmodels.specs import (
        AutoencoderSpec,
        ClassifierSpec,
        DiscreteVAESpec,
        PixelCNNSpec,
        VAESpec,
        VQVAESpec,
    )

__all__ = [
    "AutoencoderSpec",
    "ClassifierSpec",
    "DiscreteVAESpec",
    "Experiment",
    "PixelCNNSpec",
    "Run",
    "RunLibrary",
    "Training",
    "VAESpec",
    "VQVAESpec",
    "load_dataset",
    "train",
]

_MODULES = {
    "Experiment": "experiment",
    "Run": "runs.run",
    "RunLibrary": "runs.library",
    "Training": "experiment",
    "load_dataset": "data",
    "train": "runs.run",
}
"""Where a name is defined, if not in `specs`."""


def __getattr__(name: str) -> object:
    """A public name, imported when it is first used: torch takes seconds, a first map has none."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES.get(name, 'specs')}"), name)
