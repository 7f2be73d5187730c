"""Autoencoders, trained and seen from inside: the library behind the app.

An `Experiment` says what to do, `train` does it and returns a `Run`, and a `RunLibrary` keeps it.
"""

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
