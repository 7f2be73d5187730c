"""Autoencoders, trained and seen from inside: the library behind the app.

An `Experiment` says what to do, `train` does it and returns a `Run`, and a `RunLibrary` keeps it.
"""

from vizmodels.data import load_dataset
from vizmodels.experiment import AutoencoderSpec, Experiment, Training, VAESpec
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train

__all__ = [
    "AutoencoderSpec",
    "Experiment",
    "Run",
    "RunLibrary",
    "Training",
    "VAESpec",
    "load_dataset",
    "train",
]
