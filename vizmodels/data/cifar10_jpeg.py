"""CIFAR-10 from `cifar10-jpeg.tar`: its pictures re-encoded as JPEG, for where only these are.

Nothing in the archive is trusted: nothing is unpacked to the disk, a member's path, kind and length
are checked before it is read, and a picture's header before a pixel is decoded.
"""

import re
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from vizmodels import places
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.data.picture_source import BROKEN_FILE, shown_path
from vizmodels.data.tensor_cache import read_tensors, write_tensors
from vizmodels.data.torchvision_sets import CLASS_NAMES
from vizmodels.errors import DamagedData, DataUnavailable

TAR_NAME = "cifar10-jpeg.tar"
SOURCE = f"CIFAR-10's pictures re-encoded as JPEG ({TAR_NAME})"
VERSION = 1  # raise it with any change to pixels or order, so that caches are made again

CLASSES = CLASS_NAMES["cifar10"]
N_PER_CLASS = {"train": 5_000, "test": 1_000}
SIDE = 32  # pixels
MEMBER = re.compile(r"(train|test)/([a-z]+)/([0-9]{4})\.jpg")
FOLDER = re.compile(r"(train|test)(/[a-z]+)?")

LARGEST_TAR = 200 << 20  # bytes; the real one has 88 MiB
LARGEST_MEMBER = 16 << 10  # bytes; the real ones have at most 1,124
ORDER_SEED = 0  # the archive lists class after class, but the first pictures are the ones shown

REMEDY = "Replace it by a whole one, or delete it, and CIFAR-10 itself will be fetched."


class _Picture(NamedTuple):
    """A JPEG that has not been decoded, and where it belongs."""

    split: str
    label: int
    number: int
    path: str
    content: bytes


def cifar10_jpeg_path() -> Path:
    """Where the archive is looked for: beside torchvision's files in the data folder."""
    return places.data_folder() / TAR_NAME


def archive_identity() -> tuple[int, int]:
    """The archive's length in bytes and time of change in ns; other numbers mean other pictures."""
    try:
        status = cifar10_jpeg_path().stat()
    except OSError as failure:
        remedy = "Put it back, or connect to the network, and CIFAR-10 itself will be fetched."
        thing, got = f"The file {cifar10_jpeg_path()}", failure.strerror or str(failure)
        raise DataUnavailable(thing, "readable", got, remedy) from failure
    return status.st_size, status.st_mtime_ns


def load_cifar10_jpeg() -> ImageSet:
    """CIFAR-10 as it is in the archive of JPEG files, classes mixed.

    Returns
    -------
    ImageSet
        50,000 + 10,000 images of (3, 32, 32), named cifar10; its `source` says that they are not
        CIFAR-10's own pixels.

    Raises
    ------
    DataUnavailable
        The archive is not there.
    DamagedData
        A picture is missing, broken or not what its path says; then nothing is kept.

    Notes
    -----
    Not random: the order is a fixed shuffle. About 10 s, then kept in `places.cache_folder()` and
    read from there in less than one; where that cannot be written, decoded again each time.
    """
    path = cifar10_jpeg_path()
    identity = torch.tensor(archive_identity())
    cache = places.cache_folder() / f"cifar10-jpeg-v{VERSION}.safetensors"  # one, not one per tar
    tensors = read_tensors(cache)
    if tensors is None or not torch.equal(tensors["made_from"], identity):
        tensors = _decode_all(path) | {"made_from": identity}
        write_tensors(cache, tensors)
    train, test = (
        ImageSplit(tensors[f"{split}.images"], tensors[f"{split}.labels"])
        for split in ("train", "test")
    )
    return ImageSet("cifar10", (3, SIDE, SIDE), CLASSES, (), train, test, SOURCE)


def _decode_all(path: Path) -> dict[str, Tensor]:
    """Images and labels of both splits; every picture has its place, whatever the archive's order.

    One thread: with files this small, threads only fight for Python's lock.
    """
    rng = np.random.default_rng(ORDER_SEED)
    sizes = {split: n * len(CLASSES) for split, n in N_PER_CLASS.items()}
    places_of = {split: rng.permutation(n) for split, n in sizes.items()}
    images = {split: np.empty((n, 3, SIDE, SIDE), np.uint8) for split, n in sizes.items()}
    labels = {split: np.full(n, -1) for split, n in sizes.items()}  # -1: not there yet
    for picture in _pictures(path):
        split = picture.split
        place = places_of[split][picture.label * N_PER_CLASS[split] + picture.number]
        if labels[split][place] >= 0:
            raise _damaged(path, "an archive of every picture once", f"{picture.path} twice")
        labels[split][place] = picture.label
        images[split][place] = _decode(path, picture)
    n_found = sum(int((values >= 0).sum()) for values in labels.values())
    if n_found < sum(sizes.values()):
        rule = f"an archive of {sizes['train']:,} + {sizes['test']:,} pictures"
        raise _damaged(path, rule, f"{n_found:,}")
    tensors = {f"{split}.images": torch.from_numpy(values) for split, values in images.items()}
    return tensors | {f"{split}.labels": torch.from_numpy(v) for split, v in labels.items()}


def _pictures(path: Path) -> Iterator[_Picture]:
    """The members in the archive's order, each judged before it is read."""
    try:
        if (n_bytes := path.stat().st_size) > LARGEST_TAR:
            raise _damaged(path, f"at most {LARGEST_TAR:,} bytes long", f"{n_bytes:,}")
        with tarfile.open(path, "r:") as archive:  # r: takes no compressed one
            for member in archive:
                if member.isdir() and FOLDER.fullmatch(member.name):
                    continue
                place = _place(path, member)
                content = archive.extractfile(member)
                assert content is not None, "it is a regular file"
                yield _Picture(*place, member.name, content.read())
    except DamagedData:
        raise
    except (*BROKEN_FILE, tarfile.TarError) as failure:
        raise _damaged(path, "a whole .tar archive", str(failure)) from failure


def _place(path: Path, member: tarfile.TarInfo) -> tuple[str, int, int]:
    """Split, class index and number of a member, if it is a picture of the set by its header."""
    shown = shown_path([member.name[:100]])
    found = MEMBER.fullmatch(member.name)
    if not found or not member.isreg() or member.issparse() or found[2] not in CLASSES:
        rule = "an archive of files train/<class>/NNNN.jpg and test/<class>/NNNN.jpg"
        raise _damaged(path, rule, shown)
    split, label, number = found[1], CLASSES.index(found[2]), int(found[3])
    if number >= N_PER_CLASS[split]:
        last = f"{N_PER_CLASS[split] - 1:04}"
        raise _damaged(path, f"an archive of {split} pictures 0000 to {last}", shown)
    if not 0 < member.size <= LARGEST_MEMBER:
        rule = f"an archive of pictures of 1 to {LARGEST_MEMBER:,} bytes"
        raise _damaged(path, rule, f"{member.size:,} in {shown}")
    return split, label, number


def _decode(path: Path, picture: _Picture) -> NDArray[np.uint8]:
    """(3, 32, 32)."""
    rule = f"an archive of whole {SIDE}×{SIDE} RGB JPEGs"
    try:
        with Image.open(BytesIO(picture.content), formats=["JPEG"]) as image:
            kind = f"{image.width}×{image.height} {image.mode}"
            if kind == f"{SIDE}×{SIDE} RGB":
                return np.asarray(image).transpose(2, 0, 1)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as failure:
        raise _damaged(path, rule, f"a huge picture in {picture.path}") from failure
    except BROKEN_FILE as failure:
        raise _damaged(path, rule, f"a broken {picture.path}") from failure
    raise _damaged(path, rule, f"{kind} in {picture.path}")


def _damaged(path: Path, rule: str, got: str) -> DamagedData:
    return DamagedData(f"The file {path}", rule, got, REMEDY)
