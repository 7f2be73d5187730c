"""The image set: pictures, labels and known factors, as every other layer receives them."""

import functools
import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from vizmodels.errors import InvalidTensor

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
        images = self.images
        if images.dtype != torch.uint8 or images.ndim != 4:
            got, remedy = (
                f"{images.dtype} {tuple(images.shape)}",
                "Scale them to 0 to 255.",
            )
            raise InvalidTensor("The images of a split", "uint8 (N, C, H, W)", got, remedy)
        if self.labels is not None:
            labels = torch.as_tensor(self.labels)  # a list says plainly what it means
            if labels.shape != (len(self),) or labels.is_floating_point():
                got, remedy = f"{labels.dtype} {tuple(labels.shape)}", "Give one class to each."
                raise InvalidTensor("The labels of a split", f"int64 ({len(self)},)", got, remedy)
            object.__setattr__(self, "labels", labels.long())
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
            if tuple(split.images.shape[1:]) != tuple(self.image_shape):
                got, remedy = tuple(split.images.shape[1:]), "Say the shape that the pictures have."
                raise InvalidTensor("The image_shape of a set", f"{got}", self.image_shape, remedy)
            assert (split.labels is None) == (not self.class_names)
            n_factors = 0 if split.factors is None else split.factors.shape[1]
            assert n_factors == len(self.factor_names)
