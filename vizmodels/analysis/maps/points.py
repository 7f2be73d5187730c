"""Which pictures stand on a map."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vizmodels.analysis.maps.kinds import MAP_POINTS
from vizmodels.data.image_set import ImageSet, ImageSplit


@dataclass(frozen=True)
class MapPoints:
    """P pictures of one image set: its test split, then as much of its train split as needed.

    Attributes
    ----------
    pictures : the pictures with labels and factors, as a split
    n_test : how many of the first come from the test split
    """

    pictures: ImageSplit
    n_test: int

    def __len__(self) -> int:
        return len(self.pictures)

    def labels(self) -> NDArray[np.int64] | None:
        """Class index of each picture, or None."""
        return None if self.pictures.labels is None else self.pictures.labels.numpy()


def map_points(data: ImageSet, limit: int = MAP_POINTS["some"]) -> MapPoints:
    """The pictures of a map: test pictures first, since no model has seen them."""
    n_test = min(limit, len(data.test))
    n_train = min(limit - n_test, len(data.train))

    def joined(name: str) -> torch.Tensor | None:
        test, train = getattr(data.test, name), getattr(data.train, name)
        return None if test is None else torch.cat([test[:n_test], train[:n_train]])

    images = joined("images")
    assert images is not None
    return MapPoints(ImageSplit(images, joined("labels"), joined("factors")), n_test)
