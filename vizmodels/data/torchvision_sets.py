"""MNIST, Fashion-MNIST and CIFAR-10, in torchvision's layout: read if there, else downloaded.

torchvision knows where the files come from and what their MD5s are; it is imported only to fetch
or to unpickle, because that import costs seconds. Reading and checking idx files is ours, because
torchvision turns a truncated file into a bare assertion.
"""

import gzip
import hashlib
import http.client
import queue
import shutil
import struct
import tarfile
import tempfile
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from vizmodels import places
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.errors import DamagedData, DataUnavailable
from vizmodels.files import whole_file

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10, MNIST

TORCHVISION_NAMES = ("mnist", "fashion_mnist", "cifar10")

CONNECT_SECONDS = 10.0  # per mirror; a lecture hall's captive network may never answer at all
CHUNK_BYTES = 1 << 20
LARGEST_DOWNLOAD = 200 << 20  # bytes; CIFAR-10, the largest, has 163 MiB

IDX_FOLDERS = {"mnist": "MNIST/raw", "fashion_mnist": "FashionMNIST/raw"}
IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
IDX_IMAGES_MAGIC = 0x0803  # unsigned bytes, three axes
IDX_LABELS_MAGIC = 0x0801  # unsigned bytes, one axis
IDX_SIDE = 28  # pixels
CIFAR_FOLDER = "cifar-10-batches-py"
CIFAR_FILES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta")
CIFAR_ARCHIVE = "cifar-10-python.tar.gz"

CLASS_NAMES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        *("T-shirt", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "cifar10": (
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
}

FETCH_AGAIN = "Delete it, and it will be fetched again."


@dataclass(frozen=True)
class DownloadProgress:
    """How much of one file of an image set has arrived.

    Attributes
    ----------
    name : the image set
    file : the file that is being fetched
    received_bytes : bytes so far
    total_bytes : bytes in all, or None where the server does not say
    """

    name: str
    file: str
    received_bytes: int
    total_bytes: int | None


OnDownload = Callable[[DownloadProgress], None] | None


class _NoAnswer(Exception):
    """No mirror gave the file; the text says why the last one did not. Never reaches a visitor."""


def torchvision_set(
    name: str, *, on_progress: OnDownload = None, download: bool = True
) -> ImageSet:
    """One of torchvision's image sets, from the data folder, else from its mirrors.

    Parameters
    ----------
    name : one of `TORCHVISION_NAMES`
    on_progress : called about once per MiB while a file arrives, in the calling thread
    download : whether the network may be asked for what the data folder lacks

    Returns
    -------
    ImageSet
        60,000 + 10,000 images of (1, 28, 28) for both MNISTs; 50,000 + 10,000 of (3, 32, 32) for
        CIFAR-10.

    Raises
    ------
    DataUnavailable
        Files are missing and could not be fetched or stored.
    DamagedData
        A file is there, but truncated, corrupted or of another set.

    Notes
    -----
    Writes only when something has to be fetched or unpacked; then under temporary names, so that
    a file that is there under its own name is whole. MNIST takes 0.2 s.
    """
    assert name in TORCHVISION_NAMES, name
    load = _cifar if name == "cifar10" else _mnist_like
    return load(name, on_progress, download)


def is_on_disk(name: str) -> bool:
    """Whether all files of one of `TORCHVISION_NAMES` are there, none visibly damaged (cheap)."""
    if name == "cifar10":
        root = places.data_folder()
        in_place = all((root / CIFAR_FOLDER / file).is_file() for file in CIFAR_FILES)
        return in_place or (root / CIFAR_ARCHIVE).is_file()
    paths = [_idx_path(name, file) for file in IDX_FILES]
    return all(path.is_file() and _idx_damage(path) is None for path in paths)


# ---- the two MNISTs: idx files -------------------------------------------------------------------


def _mnist_like(name: str, on_progress: OnDownload, download: bool) -> ImageSet:
    missing = [file for file in IDX_FILES if not _idx_path(name, file).is_file()]
    if missing and not download:
        folder = places.data_folder() / IDX_FOLDERS[name]
        got = f"{len(missing)} of {len(IDX_FILES)} missing"
        raise _unavailable(name, folder, [f"{file}.gz" for file in missing], got)
    if missing:
        _fetch_idx(name, missing, on_progress)
    train, test = (_idx_split(name, *pair) for pair in (IDX_FILES[:2], IDX_FILES[2:]))
    shape = (1, IDX_SIDE, IDX_SIDE)
    return ImageSet(name, shape, CLASS_NAMES[name], (), train, test)


def _idx_path(name: str, file: str) -> Path:
    """The file itself, or the .gz a visitor put there by hand if only that exists."""
    plain = places.data_folder() / IDX_FOLDERS[name] / file
    packed = plain.with_name(f"{file}.gz")
    return packed if packed.is_file() and not plain.is_file() else plain


def _idx_split(name: str, images_file: str, labels_file: str) -> ImageSplit:
    images_path, labels_path = _idx_path(name, images_file), _idx_path(name, labels_file)
    images = _read_idx(name, images_path).reshape(-1, 1, IDX_SIDE, IDX_SIDE)
    labels = _read_idx(name, labels_path)
    if len(images) != len(labels):
        raise DamagedData(
            f"The file {labels_path}",
            f"of {len(images):,} labels, one for each image of {images_path.name}",
            f"{len(labels):,} labels",
            "Delete both, and they will be fetched again.",
        )
    if len(labels) and labels.max() >= len(CLASS_NAMES[name]):
        thing, got = f"Every label in {labels_path}", str(int(labels.max()))
        raise DamagedData(thing, "0 to 9", got, FETCH_AGAIN)
    return ImageSplit(images, labels.to(torch.int64))


def _read_idx(name: str, path: Path) -> Tensor:
    if path.suffix == ".gz":
        md5 = dict(_mnist_class(name).resources)[path.name]
        _check_md5(path, md5)
        content = gzip.decompress(path.read_bytes())
    else:
        damage = _idx_damage(path)
        if damage is not None:
            raise damage
        content = path.read_bytes()
    header_bytes = 16 if "images" in path.name else 8
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=header_bytes).copy())


def _idx_damage(path: Path) -> DamagedData | None:
    """What is wrong with an unpacked idx file, judged by its header and its length alone."""
    if path.suffix == ".gz":
        return None  # its MD5 is checked when it is read
    magic, sides = (
        (IDX_IMAGES_MAGIC, [IDX_SIDE, IDX_SIDE])
        if "images" in path.name
        else (IDX_LABELS_MAGIC, [])
    )
    header_bytes = 4 * (2 + len(sides))  # magic, count, and one number per further axis
    n_bytes = path.stat().st_size
    if n_bytes < header_bytes:
        rule, got = f"at least {header_bytes} bytes long", f"{n_bytes} bytes"
        return DamagedData(f"The file {path}", rule, got, FETCH_AGAIN)
    with path.open("rb") as file:
        found, count, *rest = struct.unpack(f">{2 + len(sides)}I", file.read(header_bytes))
    if [found, *rest] != [magic, *sides]:
        expected = " ".join(f"{number:08x}" for number in [magic, *sides])
        got = " ".join(f"{number:08x}" for number in [found, *rest])
        rule = f"an idx file whose header (without the count) is {expected}"
        return DamagedData(f"The file {path}", rule, got, FETCH_AGAIN)
    n_expected = header_bytes + count * int(np.prod(sides, dtype=int))
    if n_bytes != n_expected:
        rule, got = f"{n_expected:,} bytes long, as its header says", f"{n_bytes:,} bytes"
        return DamagedData(f"The file {path}", rule, got, FETCH_AGAIN)
    return None


def _mnist_class(name: str) -> type["MNIST"]:
    from torchvision.datasets import MNIST, FashionMNIST

    return FashionMNIST if name == "fashion_mnist" else MNIST


def _fetch_idx(name: str, missing: Sequence[str], on_progress: OnDownload) -> None:
    source = _mnist_class(name)
    folder = places.data_folder() / IDX_FOLDERS[name]
    md5s = dict(source.resources)
    with _fetching(name, folder, [f"{file}.gz" for file in missing]):
        for file in missing:
            packed = f"{file}.gz"
            urls = [mirror + packed for mirror in source.mirrors]
            with tempfile.TemporaryFile(dir=folder) as part:
                _receive(name, packed, urls, md5s[packed], part, on_progress)
                with gzip.open(part) as content:
                    _write_whole(content, folder / file)


# ---- CIFAR-10: pickles, opened only after their MD5 is right -------------------------------------


def _cifar(name: str, on_progress: OnDownload, download: bool) -> ImageSet:
    from torchvision.datasets import CIFAR10

    root = places.data_folder()
    batches = root / CIFAR_FOLDER
    if not all((batches / file).is_file() for file in CIFAR_FILES):
        packed = root / CIFAR_ARCHIVE
        if packed.is_file():  # put there by hand
            _check_md5(packed, CIFAR10.tgz_md5)
            with _fetching(name, root, [CIFAR_ARCHIVE]), packed.open("rb") as archive:
                _unpack_cifar(archive, root)
        elif download:
            _fetch_cifar(name, CIFAR10, root, on_progress)
        else:
            raise _unavailable(name, root, [CIFAR_ARCHIVE], f"no {CIFAR_FOLDER}")
    for file, md5 in [*CIFAR10.train_list, *CIFAR10.test_list]:
        _check_md5(batches / file, md5)
    _check_md5(batches / CIFAR10.meta["filename"], CIFAR10.meta["md5"])
    train, test = (_cifar_split(CIFAR10(root, train=train)) for train in (True, False))
    return ImageSet(name, (3, 32, 32), CLASS_NAMES[name], (), train, test)


def _cifar_split(data_set: "CIFAR10") -> ImageSplit:
    images = np.ascontiguousarray(np.transpose(data_set.data, (0, 3, 1, 2)))
    return ImageSplit(torch.from_numpy(images), torch.tensor(data_set.targets, dtype=torch.int64))


def _fetch_cifar(name: str, source: type["CIFAR10"], root: Path, on_progress: OnDownload) -> None:
    with _fetching(name, root, [CIFAR_ARCHIVE]), tempfile.TemporaryFile(dir=root) as part:
        _receive(name, CIFAR_ARCHIVE, [source.url], source.tgz_md5, part, on_progress)
        _unpack_cifar(part, root)


def _unpack_cifar(archive: IO[bytes], root: Path) -> None:
    (root / CIFAR_FOLDER).mkdir(exist_ok=True)
    with tarfile.open(fileobj=archive, mode="r:gz") as members:
        for file in CIFAR_FILES:
            content = members.extractfile(f"{CIFAR_FOLDER}/{file}")
            assert content is not None, file  # the archive's MD5 was right
            _write_whole(content, root / CIFAR_FOLDER / file)


def _check_md5(path: Path, md5: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if found != md5:
        n_bytes = path.stat().st_size
        got = f"{n_bytes:,} bytes with MD5 {found}"
        raise DamagedData(f"The file {path}", f"the original with MD5 {md5}", got, FETCH_AGAIN)


# ---- fetching: checked, bounded in time and size, there whole or not at all ----------------------


def _receive(
    name: str, file: str, urls: Sequence[str], md5: str, part: IO[bytes], on_progress: OnDownload
) -> None:
    """Fills `part` from the first of `urls` that gives the file of that MD5, and rewinds it."""
    reason: _NoAnswer | None = None
    for url in urls:
        part.seek(0)
        part.truncate()
        digest = hashlib.md5(usedforsecurity=False)
        received = 0
        try:
            for chunk, total in _chunks(url):
                part.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if on_progress is not None:
                    on_progress(DownloadProgress(name, file, received, total))
        except _NoAnswer as failure:
            reason = failure
            continue
        if digest.hexdigest() == md5:
            part.seek(0)
            return
        reason = _NoAnswer(f"a broken {file} from {_host(url)} (wrong MD5)")
    assert reason is not None, "there is at least one mirror"
    raise reason


@contextmanager
def _fetching(name: str, folder: Path, files: Sequence[str]) -> Generator[None]:
    """Makes `folder`; whatever goes wrong in fetching `files` into it becomes one sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except _NoAnswer as reason:
        raise _unavailable(name, folder, files, str(reason)) from reason
    except OSError as reason:
        raise DataUnavailable(
            f"The data folder {folder}",
            f"writable, so that {name} can be stored in it",
            reason.strerror or str(reason),
            "Set LATENTARIUM_DATA to a folder that can be written and has room.",
        ) from reason


def _unavailable(name: str, folder: Path, files: Sequence[str], got: str) -> DataUnavailable:
    """The sentence that says which files to put where."""
    remedy = f"Connect to the network and fetch them, or put {', '.join(files)} into {folder}."
    return DataUnavailable(f"The files of {name}", f"in {folder}", got, remedy)


def _write_whole(content: IO[bytes] | gzip.GzipFile, target: Path) -> None:
    with whole_file(target) as unfinished, unfinished.open("wb") as file:
        shutil.copyfileobj(content, file, CHUNK_BYTES)


def _chunks(url: str) -> Iterator[tuple[bytes, int | None]]:
    """The pieces of an answer, each with the length of the whole."""
    n_received = 0
    try:
        with _open_url(url) as response:
            length = response.headers.get("Content-Length")
            total = int(length) if length and length.isdecimal() else None
            while chunk := response.read(CHUNK_BYTES):
                n_received += len(chunk)
                if n_received > LARGEST_DOWNLOAD:
                    raise _NoAnswer(f"more than {LARGEST_DOWNLOAD:,} bytes from {_host(url)}")
                yield chunk, total
    except (OSError, http.client.HTTPException) as failure:
        reason = getattr(failure, "reason", failure)  # of a URLError, without its wrapping
        raise _NoAnswer(f"no answer ({reason}) from {_host(url)}") from failure


def _open_url(url: str) -> http.client.HTTPResponse:
    """Connects in a thread: a socket's limit covers neither name look-up nor several addresses."""
    answers: queue.SimpleQueue[http.client.HTTPResponse | Exception] = queue.SimpleQueue()

    def connect() -> None:
        try:
            answers.put(urllib.request.urlopen(url, timeout=CONNECT_SECONDS))
        except (OSError, http.client.HTTPException) as failure:
            answers.put(failure)

    threading.Thread(target=connect, daemon=True, name="connect").start()
    try:
        answer = answers.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        raise TimeoutError(f"waited {CONNECT_SECONDS:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).hostname or url
