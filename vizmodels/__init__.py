"""Autoencoders, trained and seen from inside: the library behind the app.

An `Experiment` says what to do, `train` does it and returns a `Run`, and a `RunLibrary` keeps it.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vizmodels.data import load_dataset
    from vizmodels.data.image_set import ImageSet, ImageSplit
    from vizmodels.data.own_images import add_own_images
    from vizmodels.errors import (
        DamagedData,
        DamagedRun,
        DataUnavailable,
        EngineUnavailable,
        ImagesRejected,
        InvalidExperiment,
        InvalidTensor,
        LatentariumError,
        NewerRun,
        NotExportable,
        NotYours,
        OtherPictures,
        ReadOnlyRun,
        TooFewImages,
        TrainingDiverged,
        TrainingSetAside,
        TrainingStopped,
        UnknownDataset,
        UnknownField,
        UnknownRun,
        UnreadableCheckpoint,
        UnreadableRun,
    )
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
    from vizmodels.sweep import Sweep

__all__ = [
    "AutoencoderSpec",
    "ClassifierSpec",
    "DamagedData",
    "DamagedRun",
    "DataUnavailable",
    "DiscreteVAESpec",
    "EngineUnavailable",
    "Experiment",
    "ImageSet",
    "ImageSplit",
    "ImagesRejected",
    "InvalidExperiment",
    "InvalidTensor",
    "LatentariumError",
    "NewerRun",
    "NotExportable",
    "NotYours",
    "OtherPictures",
    "PixelCNNSpec",
    "ReadOnlyRun",
    "Run",
    "RunLibrary",
    "Sweep",
    "TooFewImages",
    "Training",
    "TrainingDiverged",
    "TrainingSetAside",
    "TrainingStopped",
    "UnknownDataset",
    "UnknownField",
    "UnknownRun",
    "UnreadableCheckpoint",
    "UnreadableRun",
    "VAESpec",
    "VQVAESpec",
    "add_own_images",
    "load_dataset",
    "train",
]

_MODULES = {
    "DamagedData": "errors",
    "DamagedRun": "errors",
    "DataUnavailable": "errors",
    "EngineUnavailable": "errors",
    "Experiment": "experiment",
    "ImageSet": "data.image_set",
    "ImageSplit": "data.image_set",
    "ImagesRejected": "errors",
    "InvalidExperiment": "errors",
    "InvalidTensor": "errors",
    "LatentariumError": "errors",
    "NewerRun": "errors",
    "NotExportable": "errors",
    "NotYours": "errors",
    "OtherPictures": "errors",
    "ReadOnlyRun": "errors",
    "Run": "runs.run",
    "RunLibrary": "runs.library",
    "Sweep": "sweep",
    "TooFewImages": "errors",
    "Training": "experiment",
    "TrainingDiverged": "errors",
    "TrainingSetAside": "errors",
    "TrainingStopped": "errors",
    "UnknownDataset": "errors",
    "UnknownField": "errors",
    "UnknownRun": "errors",
    "UnreadableCheckpoint": "errors",
    "UnreadableRun": "errors",
    "add_own_images": "data.own_images",
    "load_dataset": "data",
    "train": "runs.run",
}
"""Where a name is defined, if not in `specs`."""


def __getattr__(name: str) -> object:
    """A public name, imported when it is first used: torch takes seconds, a first map has none."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES.get(name, 'specs')}"), name)
