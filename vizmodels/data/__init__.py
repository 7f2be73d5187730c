"""Image sets by name: built in, downloaded, or the visitor's own."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from vizmodels import places
from vizmodels.data.bundled import BUNDLED_NAMES, digits
from vizmodels.data.cifar10_jpeg import archive_identity, cifar10_jpeg_path, load_cifar10_jpeg
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.data.own_images import load_own_images, own_digest, own_image_names, when_stored
from vizmodels.data.torchvision_sets import (
    TORCHVISION_NAMES,
    DownloadProgress,
    is_on_disk,
    torchvision_set,
)
from vizmodels.errors import UnknownDataset

__all__ = [
    "DownloadProgress",
    "ImageSet",
    "ImageSplit",
    "dataset_names",
    "digest_of",
    "is_available",
    "is_own",
    "load_dataset",
    "origin_of",
    "own_pictures",
]

KEPT_BYTES = 1 << 30  # of images in memory; the set asked for last stays whatever its size

_guard = threading.Lock()  # of the two below; never held while a set is loaded
_kept: OrderedDict[tuple[str, str], ImageSet] = OrderedDict()  # the longest unused first
_one_at_a_time: dict[str, threading.Lock] = {}


def load_dataset(
    name: str,
    *,
    on_progress: Callable[[DownloadProgress], None] | None = None,
    download: bool = True,
) -> ImageSet:
    """The image set of that name, from memory, this machine or, if need be, the network.

    Parameters
    ----------
    name : one of `dataset_names()`
    on_progress : called about once per MiB of a download, in the calling thread
    download : whether the network may be asked for what is not on this machine

    Returns
    -------
    ImageSet
        Shared by all who ask for it: its tensors must not be written to.

    Raises
    ------
    UnknownDataset
        No image set of that name is built in or has been added.
    DataUnavailable
        Its files are not here, and could not be fetched or stored.
    DamagedData
        Its files are here, but are not what they should be.

    Notes
    -----
    Safe to call from many threads: a set is loaded once, and the others wait for it.
    """
    names = dataset_names()
    if name not in names:
        remedy = "Choose one of these, or add your own images under that name."
        raise UnknownDataset("The image set", f"one of {', '.join(names)}", name, remedy)
    with _guard:
        lock = _one_at_a_time.setdefault(name, threading.Lock())
    with lock:
        key = (name, origin_of(name))
        with _guard:
            if key in _kept:
                _kept.move_to_end(key)
                return _kept[key]
        image_set = _load(name, on_progress, download)
        with _guard:
            _kept[key] = image_set
            while len(_kept) > 1 and sum(map(_n_bytes, _kept.values())) > KEPT_BYTES:
                _kept.popitem(last=False)
    return image_set


def dataset_names() -> tuple[str, ...]:
    """The names `load_dataset` knows: the built-in sets, then the visitor's own."""
    return (*BUNDLED_NAMES, *TORCHVISION_NAMES, *own_image_names())


def is_available(name: str) -> bool:
    """Whether `load_dataset` can load that set without the network; False for an unknown name."""
    if name in TORCHVISION_NAMES:
        return is_on_disk(name) or _is_from_jpeg(name)
    return name in dataset_names()


def digest_of(name: str) -> str:
    """`ImageSet.digest` of a set, without loading it where its pictures are drawn or one's own.

    Raises
    ------
    UnknownDataset, DataUnavailable, DamagedData : as `load_dataset` does without the network
    """
    if name == "strokes":
        from vizmodels.data.strokes import strokes_edition

        return strokes_edition()
    return own_digest(name) if is_own(name) else load_dataset(name, download=False).digest


def own_pictures(name: str) -> str:
    """What an experiment says of the pictures it is on: the digest of one's own, else nothing.

    Raises
    ------
    DamagedData, DataUnavailable : a set of one's own cannot be read
    """
    return own_digest(name) if is_own(name) else ""


def is_own(name: str) -> bool:
    """Whether it is a visitor's own set; False for an unknown name too."""
    return name not in (*BUNDLED_NAMES, *TORCHVISION_NAMES) and name in own_image_names()


def _load(
    name: str, on_progress: Callable[[DownloadProgress], None] | None, download: bool
) -> ImageSet:
    if name == "strokes":
        from vizmodels.data.strokes import strokes

        return strokes()
    if name == "digits":
        return digits()
    if _is_from_jpeg(name):
        return load_cifar10_jpeg()
    if name in TORCHVISION_NAMES:
        return torchvision_set(name, on_progress=on_progress, download=download)
    return load_own_images(name)


def origin_of(name: str) -> str:
    """What a set of that name was made from, so that one made from something else is not reused."""
    if name in BUNDLED_NAMES:
        return name
    if _is_from_jpeg(name):
        return f"{cifar10_jpeg_path()} {archive_identity()}"
    return str(places.data_folder()) if name in TORCHVISION_NAMES else when_stored(name)


def _is_from_jpeg(name: str) -> bool:
    """Whether CIFAR-10 is asked for and only its pictures as JPEG are on this machine."""
    return name == "cifar10" and not is_on_disk(name) and cifar10_jpeg_path().is_file()


def _n_bytes(image_set: ImageSet) -> int:
    return image_set.train.images.nbytes + image_set.test.images.nbytes
