"""A visitor's own pictures, a folder per class or a .zip of one, as an image set that is kept."""

import contextlib
import dataclasses
import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from vizmodels import places
from vizmodels.bounds import ImageBounds
from vizmodels.data.bundled import BUNDLED_NAMES
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.data.picture_source import (
    ImportProgress,
    PictureFile,
    picture_files,
    read_pictures,
    shown_path,
)
from vizmodels.data.torchvision_sets import TORCHVISION_NAMES
from vizmodels.errors import (
    DamagedData,
    DataUnavailable,
    ImagesRejected,
    LatentariumError,
    UnknownDataset,
)
from vizmodels.files import exclusive, whole_file

NAME_RULE = "1 to 40 lowercase letters, digits, - and _, beginning with a letter or digit"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
SMALLEST_SIZE = 8  # pixels a side, after resizing

TEST_SHARE = 10  # one picture in ten, of each class
SPLIT_SEED = 0

KEPT_DIGESTS = 256
KEPT_WHERE = "on the page Train, under Kept on this machine"


class _Plan(NamedTuple):
    """The pictures in their final order, the first `n_train` of them to train on."""

    files: list[PictureFile]
    n_train: int
    labels: Tensor | None
    class_names: tuple[str, ...]


def add_own_images(
    source: Path | BinaryIO,
    name: str,
    *,
    image_size: int = 32,
    on_progress: Callable[[ImportProgress], None] | None = None,
    bounds: ImageBounds | None = None,
) -> ImageSet:
    """The image set made of the visitor's pictures, stored under `name` for `load_own_images`.

    Parameters
    ----------
    source : a folder, a .zip file or an open one: `<class>/<picture>`, or
        `train/<class>/<picture>` and `test/<class>/<picture>`, or pictures only (no labels)
    name : 1 to 40 lowercase letters, digits, - and _; not taken yet
    image_size : side of the square pictures in pixels, 8 or more
    on_progress : called every few pictures, in the calling thread
    bounds : on what is taken in, such as a server's; None for none

    Returns
    -------
    ImageSet
        (1, S, S) if every picture is grey, else (3, S, S); turned upright by EXIF, laid on black
        where transparent, cropped to the central square, resized with antialiasing.

    Raises
    ------
    ImagesRejected
        A limit is broken or a file is not a picture; then nothing is stored.

    Notes
    -----
    Not random: one picture in ten of each class is for testing, always the same ones, unless the
    source has train/ and test/. 60,000 JPEGs of 32×32 take about 10 s.
    """
    _check_new(name)
    if not NAME.fullmatch(name) or name in (*BUNDLED_NAMES, *TORCHVISION_NAMES):
        rule = f"{NAME_RULE}, and not a built-in one"
        remedy = "Choose another, for example my-flowers."
        raise ImagesRejected("The name of an image set", rule, name, remedy)
    if image_size < SMALLEST_SIZE or (bounds and image_size > bounds.largest_side):
        rule = f"{SMALLEST_SIZE} " + (f"to {bounds.largest_side} pixels" if bounds else "or more")
        raise ImagesRejected("The image size", rule, image_size, "Choose a size in that range.")
    with picture_files(source, bounds) as files:
        plan = _planned(files, bounds)
        images = read_pictures(plan.files, name, image_size, on_progress)
    own = _image_set(name, images, plan.labels, plan.n_train, plan.class_names)
    _store(name, images, plan, own.digest)
    return dataclasses.replace(own, edition=own.digest)


def own_image_names() -> tuple[str, ...]:
    """The names of the own image sets that are stored, in alphabetical order."""
    stems = (path.stem for path in _folder().glob("*.json"))
    return tuple(sorted(stem for stem in stems if NAME.fullmatch(stem)))


def load_own_images(name: str) -> ImageSet:
    """The own image set stored under `name`.

    Raises
    ------
    UnknownDataset
        There is none of that name.
    DamagedData
        One of its two files does not hold what it should.
    DataUnavailable
        This machine cannot read them now.
    """
    path = _folder() / f"{name}.safetensors"
    while True:  # until both files are of one set, should another process replace it meanwhile
        before = when_stored(name)
        try:
            own = _read(path)
        except LatentariumError:
            if before == when_stored(name):
                raise
        else:
            if before == when_stored(name):
                return own


def _read(path: Path) -> ImageSet:
    try:
        about = json.loads(path.with_suffix(".json").read_text("utf-8"))
        with path.open("rb"):  # whose error, if there is one, says more than that of safetensors
            tensors = load_file(path)
        images, labels = tensors["images"], tensors.get("labels")
        n_train, class_names = int(about["n_train"]), tuple(map(str, about["class_names"]))
        digest = str(about.get("digest", ""))  # in sets since the first that needed it
    except FileNotFoundError as failure:
        raise _damaged(path, str(failure)) from failure
    except (OSError, MemoryError) as failure:
        thing, told = f"The own image set {path}", str(failure) or type(failure).__name__
        rule, remedy = "readable on this machine now", "Try again; nothing was changed."
        raise DataUnavailable(thing, rule, told, remedy) from failure
    except (ValueError, LookupError, TypeError, SafetensorError) as failure:
        raise _damaged(path, str(failure)) from failure
    if not _fits(images, labels, n_train, len(class_names)):
        raise _damaged(path, f"{tuple(images.shape)} images, {n_train} to train on")
    own = _image_set(path.stem, images, labels, n_train, class_names, digest)
    return own if digest else dataclasses.replace(own, edition=own.digest)


def own_digest(name: str) -> str:
    """Digest of the pictures stored under `name`, read from their record; else of the pictures.

    Raises
    ------
    UnknownDataset, DamagedData, DataUnavailable : as for `load_own_images`
    """
    return _digest_when(name, when_stored(name))


@functools.lru_cache(KEPT_DIGESTS)
def _digest_when(name: str, stored: str) -> str:
    assert stored
    with contextlib.suppress(OSError, ValueError, AttributeError):
        about = json.loads((_folder() / f"{name}.json").read_text("utf-8"))
        if digest := str(about.get("digest", "")):
            return digest
    return load_own_images(name).digest


def when_stored(name: str) -> str:
    """Where and when the stored set `name` was written; another value means another set."""
    _check_stored(name)
    path = _folder() / f"{name}.json"
    if not NAME.fullmatch(name) or not path.is_file():
        _check_stored(name)
    told = path.stat()
    return f"{path} {told.st_mtime_ns} {told.st_ino}"


def delete_own_images(name: str) -> None:
    """Remove the own image set `name` from this machine.

    Raises
    ------
    UnknownDataset
        There is none of that name.
    """
    _check_stored(name)
    with exclusive(_folder()):
        _check_stored(name)
        path = _folder() / f"{name}.safetensors"
        path.with_suffix(".json").unlink()  # first: what is not listed is not half there
        path.unlink(missing_ok=True)


# ---- which picture is of which class, and which are for testing ----------------------------------


def _planned(files: list[PictureFile], bounds: ImageBounds | None) -> _Plan:
    if len(files) < 2 or (bounds and len(files) > bounds.n_images):
        remedy = "Add pictures." if len(files) < 2 else "Take some pictures out."
        rule = f"2 to {bounds.n_images:,} pictures" if bounds else "2 pictures or more"
        raise ImagesRejected("The source", rule, f"{len(files):,}", remedy)
    files = sorted(files, key=lambda file: file.parts)  # whatever order the system lists them in
    folders = [file.parts[:-1] for file in files]
    levels = zip(*folders, strict=False)  # as deep as the shallowest picture
    n_shared = len(list(takewhile(lambda level: len(set(level)) == 1, levels)))
    folders = [folder[n_shared:] for folder in folders]
    tops = {folder[0].lower() if folder else "" for folder in folders}
    is_split = tops == {"train", "test"}
    classes = [folder[1:] if is_split else folder for folder in folders]
    for file, names in zip(files, classes, strict=True):
        if len(names) != len(classes[0]) or len(names) > 1:
            rule = "in a folder per class, in train/<class> and test/<class>, or in one folder"
            remedy = "Move it beside the others."
            raise ImagesRejected("The pictures", rule, shown_path(file.parts), remedy)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(files)).tolist()
    if is_split:
        test = [i for i in order if folders[i][0].lower() == "test"]
    else:
        test = _tenth_of_each(classes, order)
    chosen = set(test)
    order = [i for i in order if i not in chosen] + test
    class_names = sorted({shown_path(names) for names in classes if names})
    index = {class_name: k for k, class_name in enumerate(class_names)}
    labels = torch.tensor([index[shown_path(classes[i])] for i in order]) if index else None
    return _Plan([files[i] for i in order], len(order) - len(test), labels, tuple(class_names))


def _tenth_of_each(classes: Sequence[tuple[str, ...]], order: Sequence[int]) -> list[int]:
    """The first tenth of each class in that order: one at least, if the class can spare it."""
    wanted = {names: max(n // TEST_SHARE, min(n - 1, 1)) for names, n in Counter(classes).items()}
    test: list[int] = []
    for i in order:
        if wanted[classes[i]] > 0:
            wanted[classes[i]] -= 1
            test.append(i)
    return test or [order[-1]]  # a single picture of every class


# ---- keeping them --------------------------------------------------------------------------------


def _folder() -> Path:
    return places.home_folder() / "images"


def _store(name: str, images: Tensor, plan: _Plan, digest: str) -> None:
    """Writes both files whole, the listed one last."""
    path = _folder() / f"{name}.safetensors"
    about = {"class_names": plan.class_names, "n_train": plan.n_train, "digest": digest}
    tensors = {"images": images} | ({} if plan.labels is None else {"labels": plan.labels})
    listed = path.with_suffix(".json")
    try:
        with exclusive(_folder()):
            _check_new(name)
            with whole_file(listed) as listed_part, whole_file(path) as part:
                save_file(tensors, part)
                listed_part.write_text(json.dumps(about), "utf-8")
    except (OSError, SafetensorError) as failure:
        rule, remedy = "writable and have room", "Free some space, or set LATENTARIUM_HOME."
        thing = f"The folder {_folder()}"
        raise ImagesRejected(thing, rule, str(failure), remedy) from failure


def _check_new(name: str) -> None:
    if name in own_image_names():
        remedy = f"Delete the old one {KEPT_WHERE}, or choose another name."
        raise ImagesRejected("The name of an image set", "new", name, remedy)


def _check_stored(name: str) -> None:
    names = own_image_names()
    if name not in names:
        rule = f"one of {', '.join(names)}" if names else "added first"
        raise UnknownDataset("The own image set", rule, name, "Add its pictures under that name.")


def _fits(images: Tensor, labels: Tensor | None, n_train: int, n_classes: int) -> bool:
    if images.dtype != torch.uint8 or images.ndim != 4 or not 0 < n_train < len(images):
        return False
    if labels is None:
        return n_classes == 0
    if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
        return False
    return int(labels.min()) >= 0 and int(labels.max()) < n_classes


def _damaged(path: Path, got: str) -> DamagedData:
    remedy = f"Delete this image set {KEPT_WHERE}, and add its pictures again."
    return DamagedData(f"The own image set {path}", "as it was stored", got, remedy)


def _image_set(
    name: str,
    images: Tensor,
    labels: Tensor | None,
    n_train: int,
    class_names: tuple[str, ...],
    edition: str = "",
) -> ImageSet:
    train, test = (
        ImageSplit(images[half], None if labels is None else labels[half])
        for half in (slice(n_train), slice(n_train, None))
    )
    n_channels, height, width = images.shape[1:]
    return ImageSet(
        name, (n_channels, height, width), class_names, (), train, test, edition=edition
    )
