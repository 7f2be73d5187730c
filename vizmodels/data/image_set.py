"""The image set: pictures, labels and known factors, as every other layer receives them."""

import functools
import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

DIGEST_LENGTH = 8  # hexadecimal digits


@dataclass(frozen=True)
class ImageSplit:
    """One half of an image set: N pictures with what is known about each.

    Attributes
    ----------
    images : uint8 tensor (N, C, H, W)
    labels : int64 tensor (N,), class index of each picture, or None
    factors : float32 tensor (N, F), known continuous causes of each picture, or None
    """

    images: Tensor
    labels: Tensor | None = None
    factors: Tensor | None = None

    def __post_init__(self) -> None:
        assert self.images.dtype == torch.uint8 and self.images.ndim == 4, self.images.shape
        if self.labels is not None:
            assert self.labels.dtype == torch.int64 and self.labels.shape == (len(self),)
        if self.factors is not None:
            assert self.factors.dtype == torch.float32 and self.factors.ndim == 2
            assert len(self.factors) == len(self)

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class ImageSet:
    """A named set of pictures of one shape, split into train and test.

    Attributes
    ----------
    name : what `load_dataset` was asked for
    image_shape : (C, H, W), the same for every picture
    class_names : one word per label value; empty where there are no labels
    factor_names : one word per column of `factors`; empty where there are none
    train, test : the two splits; `test` is never trained on
    source : where the pictures come from when that is not the set's own files; empty otherwise
    edition : names the pictures where a program draws them, which rounds a shade differently from
        processor to processor, and where they are one's own, of which the digest is kept; letters,
        digits and dots. Empty elsewhere
    """

    name: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    factor_names: tuple[str, ...]
    train: ImageSplit
    test: ImageSplit
    source: str = ""
    edition: str = ""

    @functools.cached_property
    def digest(self) -> str:
        """Changes with the pictures or their labels: the edition, or the start of their hash."""
        if self.edition:
            return self.edition
        total = hashlib.sha256()
        for split in (self.train, self.test):
            for tensor in (split.images, split.labels):
                total.update(b"" if tensor is None else tensor.numpy().tobytes())
        return total.hexdigest()[:DIGEST_LENGTH]

    def __post_init__(self) -> None:
        for split in (self.train, self.test):
            assert tuple(split.images.shape[1:]) == self.image_shape, self.image_shape
            assert (split.labels is None) == (not self.class_names)
            n_factors = 0 if split.factors is None else split.factors.shape[1]
            assert n_factors == len(self.factor_names)
