"""What a measurement looks at: each read has a key for the question's name, and a value."""

import json
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.analysis.latents.interpolation import pairs_of_classes
from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.analysis.maps.kinds import Extent
from vizmodels.experiment import Experiment
from vizmodels.models.classifier import Classifier
from vizmodels.models.trainable import Trainable

NO_CLASSIFIER = "none"


class Read(Protocol):
    """One thing that a measuring function is given."""

    def key(self, atlas: Atlas) -> str:
        """Changes whenever the value does. Raises what `value` raises."""
        ...

    def value(self, atlas: Atlas) -> Any:
        """What the function is given; pickles, so that a worker can be asked."""
        ...


@dataclass(frozen=True)
class Model:
    """A run's model."""

    run_id: str

    def key(self, atlas: Atlas) -> str:
        """The run with the hash of its weights."""
        return atlas.run_key(self.run_id)

    def value(self, atlas: Atlas) -> Trainable:
        """In evaluation mode, on the CPU."""
        return atlas.run(self.run_id).model


@dataclass(frozen=True)
class Judge:
    """A run's classifier, or None where nobody has trained one on the images."""

    run_id: str | None

    def key(self, atlas: Atlas) -> str:
        """The run with the hash of its weights, or `none`."""
        return NO_CLASSIFIER if self.run_id is None else atlas.run_key(self.run_id)

    def value(self, atlas: Atlas) -> Classifier | None:
        """In evaluation mode, on the CPU."""
        if self.run_id is None:
            return None
        model = atlas.run(self.run_id).model
        assert isinstance(model, Classifier)
        return model


@dataclass(frozen=True)
class Images:
    """The test images among the pictures of a map, or the first of them; uint8 (N, C, H, W)."""

    dataset: str
    first: int | None = None

    def key(self, atlas: Atlas) -> str:
        """The map's pictures with their edition or hash, and how many are taken."""
        return f"{atlas.points_key(self.dataset)}-{self.first or 'test'}"

    def value(self, atlas: Atlas) -> UInt8[Tensor, "N C H W"]:
        """Shared with the atlas: not to be written to."""
        points = atlas.points(self.dataset)
        return points.pictures.images[: points.n_test][: self.first]


@dataclass(frozen=True)
class Labels:
    """The classes of `Images`, int64 (N,), or None."""

    dataset: str

    def key(self, atlas: Atlas) -> str:
        """Of the pictures: they come with their labels."""
        return f"{atlas.points_key(self.dataset)}-labels"

    def value(self, atlas: Atlas) -> NDArray[np.int64] | None:
        """Shared with the atlas: not to be written to."""
        points = atlas.points(self.dataset)
        labels = points.labels()
        return None if labels is None else labels[: points.n_test]


@dataclass(frozen=True)
class Pairs:
    """Pairs of test images of different classes, uint8 (2, M, C, H, W), see `pairs_of_classes`."""

    dataset: str
    n_pairs: int

    def key(self, atlas: Atlas) -> str:
        """The map's pictures, and how many pairs are drawn from them."""
        return f"{atlas.points_key(self.dataset)}-{self.n_pairs}-pairs"

    def value(self, atlas: Atlas) -> UInt8[Tensor, "2 M C H W"]:
        """Always the same draw."""
        points = atlas.points(self.dataset)
        rows = pairs_of_classes(points.labels(), points.n_test, self.n_pairs)
        return points.pictures.images[torch.from_numpy(rows)]


@dataclass(frozen=True)
class Latents:
    """Where a run places the pictures of its map, float32 (P, E)."""

    run_id: str
    extent: Extent = "some"
    test_only: bool = False

    def key(self, atlas: Atlas) -> str:
        """The run and the pictures that it places."""
        pictures = atlas.points_key(_dataset(atlas, self.run_id), self.extent)
        return f"{atlas.run_key(self.run_id)}-{pictures}-{'test' if self.test_only else 'all'}"

    def value(self, atlas: Atlas) -> NDArray[np.float32]:
        """Shared with the atlas: not to be written to."""
        latents = atlas.latents(self.run_id, self.extent)
        points = atlas.points(_dataset(atlas, self.run_id), self.extent)
        return latents[: points.n_test] if self.test_only else latents


@dataclass(frozen=True)
class Dataset:
    """A whole image set, train and test, which the function loads by its name."""

    name: str

    def key(self, atlas: Atlas) -> str:
        """Its name with its edition or the hash of its pictures."""
        return atlas.data_key(self.name)

    def value(self, atlas: Atlas) -> str:
        """The name: a worker has the pictures, or fetches them."""
        del atlas
        return self.name


@dataclass(frozen=True)
class Setting:
    """A plain value: a number, a string, or a tuple of these."""

    given: Any

    def key(self, atlas: Atlas) -> str:
        """Canonical JSON."""
        del atlas
        return json.dumps(self.given, sort_keys=True, separators=(",", ":"))

    def value(self, atlas: Atlas) -> Any:
        """As it was given."""
        del atlas
        return self.given


@dataclass(frozen=True)
class Recipe:
    """An experiment that is trained to be measured."""

    experiment: Experiment

    def key(self, atlas: Atlas) -> str:
        """Its id, in which a knob that is added later does not enter at its default."""
        del atlas
        return self.experiment.id

    def value(self, atlas: Atlas) -> Experiment:
        """As it was given."""
        del atlas
        return self.experiment


def _dataset(atlas: Atlas, run_id: str) -> str:
    return atlas.run(run_id).experiment.dataset
