"""The pictures of a folder or a .zip: which there are, judged before any is read, and their pixels.

Everything in an upload is hostile until checked: nothing is unpacked to the disk, an archive's list
is checked before a byte is decompressed, and a picture's header before a pixel is decoded.
"""

import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from vizmodels.bounds import ImageBounds
from vizmodels.errors import ImagesRejected

MAX_UNPACKED_RATIO = 100  # pictures hardly shrink in a .zip; blank bitmaps do, by about as much
MAX_PICTURE_BYTES = 64 << 20
MAX_PICTURE_PIXELS = 50_000_000  # a telephone's 48 megapixels; 150 MB decoded, per thread
N_THREADS = min(4, os.cpu_count() or 1)  # memory is theirs times one decoded picture
SMALL_FILE_BYTES = 10_000  # below, threads only fight for Python's lock: 13 s instead of 10 (CIFAR)
FILES_PER_TASK = 64

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
ARCHIVE_SUFFIXES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")
IGNORED_NAMES = ("__macosx", "thumbs.db", "desktop.ini")  # beside all that begin with a dot

# zipfile can stop these at the size an entry claims to have; it inflates the others in one go.
BOUNDED_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

GREY_TOLERANCE = 3  # levels of 255 between channels: JPEG's rounding, not a colour

# What Pillow, zipfile and their decompressors raise when fed with a broken or hostile file.
BROKEN_FILE = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, ArithmeticError, SyntaxError),
    *(RuntimeError, MemoryError, struct.error, zlib.error, zipfile.BadZipFile),
)


@dataclass(frozen=True)
class ImportProgress:
    """How many of the pictures of the own image set `name` have been read."""

    name: str
    n_done: int
    n_total: int


class PictureFile(NamedTuple):
    """A picture that has not been read: its folders and name, its length, and how to read it."""

    parts: tuple[str, ...]
    n_bytes: int
    read: Callable[[], bytes]


# ---- which files there are, judged before any is read --------------------------------------------


@contextmanager
def picture_files(
    source: Path | BinaryIO, bounds: ImageBounds | None = None
) -> Generator[list[PictureFile]]:
    """The pictures of a folder or an archive, readable until the block is left."""
    if isinstance(source, Path) and source.is_dir():
        yield list(_files_of_folder(source))
        return
    with ExitStack() as opened:
        try:
            stream = opened.enter_context(source.open("rb")) if isinstance(source, Path) else source
            if bounds is not None:
                _check_size(stream, bounds)
            archive = opened.enter_context(zipfile.ZipFile(stream))
        except ImagesRejected:
            raise
        except BROKEN_FILE as failure:
            got, remedy = f"something else ({failure})", "Pack the folder of pictures into a .zip."
            raise ImagesRejected("The source", "a folder or a .zip file", got, remedy) from failure
        yield list(_files_of_zip(archive, bounds))


def _files_of_folder(folder: Path) -> Iterator[PictureFile]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_ignored((name,))]
        for path in (Path(where, name) for name in (*folders, *names)):
            parts, status = path.relative_to(folder).parts, path.lstat()
            if stat.S_ISDIR(status.st_mode) or _is_ignored(parts):
                continue
            _check_entry(parts, status.st_mode, status.st_size)
            yield PictureFile(parts, status.st_size, path.read_bytes)


def _check_size(stream: BinaryIO, bounds: ImageBounds) -> None:
    n_bytes = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if n_bytes > bounds.upload_bytes:
        remedy = "Take some pictures out, or make them smaller."
        rule = f"at most {bounds.upload_bytes:,} bytes long"
        raise ImagesRejected("The .zip file", rule, f"{n_bytes:,} bytes", remedy)
    # Counted before zipfile makes an object of each: 200 MB of bare entries would fill the memory.
    chunks = iter(partial(stream.read, 1 << 20), b"")
    n_entries = sum(chunk.count(b"PK\x01\x02") for chunk in chunks)
    if n_entries > bounds.n_entries:
        rule, got = f"of at most {bounds.n_entries:,} entries", f"{n_entries:,}"
        raise ImagesRejected("The .zip file", rule, got, "Take some pictures out.")


def _files_of_zip(archive: zipfile.ZipFile, bounds: ImageBounds | None) -> Iterator[PictureFile]:
    entries = archive.infolist()
    unpacked, packed = (sum(getattr(e, a) for e in entries) for a in ("file_size", "compress_size"))
    most = bounds.unpacked_bytes if bounds else unpacked
    if unpacked > min(most, MAX_UNPACKED_RATIO * packed):
        at_most = f"{most:,} bytes and " if bounds else ""
        rule = f"at most {at_most}{MAX_UNPACKED_RATIO}:1 when unpacked"
        got = f"{unpacked:,} from {packed:,} bytes"
        raise ImagesRejected("The .zip file", rule, got, "Store the pictures as PNG or JPEG.")
    for entry in entries:
        name = entry.orig_filename.replace("\\", "/")  # as it was before zipfile tidied it
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        if name.startswith("/") or ".." in parts or re.match("[A-Za-z]:", name) or "\0" in name:
            rule, remedy = "a path inside the .zip file", "Pack the folder with relative paths."
            raise ImagesRejected("Each entry", rule, shown_path([name]), remedy)
        if entry.flag_bits & 1:  # bit 0: encrypted
            remedy = "Pack the folder again, without a password."
            raise ImagesRejected("Each entry", "unencrypted", shown_path(parts), remedy)
        if entry.compress_type not in BOUNDED_METHODS:
            rule, remedy = "stored or deflated", "Pack the folder with the usual compression."
            got = f"method {entry.compress_type} for {shown_path(parts)}"
            raise ImagesRejected("Each entry", rule, got, remedy)
        if parts and not name.endswith("/") and not _is_ignored(parts):
            _check_entry(parts, entry.external_attr >> 16, entry.file_size)
            yield PictureFile(parts, entry.file_size, partial(_read_entry, archive, entry))


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as content:
        return content.read(entry.file_size)  # read() would inflate whatever is really in there


def _is_ignored(parts: Sequence[str]) -> bool:
    return any(part.startswith(".") or part.lower() in IGNORED_NAMES for part in parts)


def _check_entry(parts: Sequence[str], mode: int, n_bytes: int) -> None:
    shown, suffix = shown_path(parts), Path(parts[-1]).suffix.lower()
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):  # 0: written by a system without modes
        remedy = "Replace links by the pictures they point to."
        raise ImagesRejected("Each entry", "an ordinary file or folder", shown, remedy)
    if suffix not in SUFFIXES:
        is_archive = suffix in ARCHIVE_SUFFIXES
        remedy = "Unpack it into the folder first." if is_archive else "Take it out and try again."
        rule = f"a picture ({', '.join(SUFFIXES)})"
        raise ImagesRejected("Each file", rule, shown, remedy)
    if n_bytes > MAX_PICTURE_BYTES:
        rule, got = f"at most {MAX_PICTURE_BYTES:,} bytes long", f"{n_bytes:,} in {shown}"
        raise ImagesRejected("Each picture", rule, got, "Make it smaller.")


def shown_path(parts: Sequence[str]) -> str:
    """The path as a sentence may show it: no control characters."""
    return "".join(c if c.isprintable() else "?" for c in "/".join(parts))


# ---- reading the pictures ------------------------------------------------------------------------


def read_pictures(
    files: Sequence[PictureFile],
    name: str,
    size: int,
    on_progress: Callable[[ImportProgress], None] | None,
) -> Tensor:
    """Uint8 (N, C, H, W): one channel if no picture has colour."""
    pixels = np.empty((len(files), 3, size, size), np.uint8)

    def read_some(start: int) -> bool:
        for i, file in enumerate(files[start : start + FILES_PER_TASK], start):
            pixels[i] = _decode(file, size)
        some = pixels[start : start + FILES_PER_TASK].astype(np.int16)
        return bool((some.max(axis=1) - some.min(axis=1)).max() > GREY_TOLERANCE)

    has_colour = False
    starts = range(0, len(files), FILES_PER_TASK)
    mean_bytes = sum(file.n_bytes for file in files) / len(files)
    n_threads = 1 if mean_bytes < SMALL_FILE_BYTES else N_THREADS
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="pictures")
    try:
        for start, some_have in zip(starts, pool.map(read_some, starts), strict=True):
            has_colour |= some_have
            if on_progress is not None:
                n_done = min(start + FILES_PER_TASK, len(files))
                on_progress(ImportProgress(name, n_done, len(files)))
    finally:
        pool.shutdown(cancel_futures=True)
    return torch.from_numpy(pixels if has_colour else pixels[:, 1:2].copy())


def _decode(file: PictureFile, size: int) -> NDArray[np.uint8]:
    """(3, size, size), or (1, size, size) for a grey picture."""
    shown = shown_path(file.parts)
    try:
        with Image.open(BytesIO(file.read()), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PICTURE_PIXELS:
                raise Image.DecompressionBombError
            picture.draft(None, (2 * size, 2 * size))  # a JPEG is decoded at 1/2, 1/4 or 1/8
            return _square(picture, size)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as failure:
        rule, got = f"at most {MAX_PICTURE_PIXELS:,} pixels", f"more in {shown}"
        raise ImagesRejected("Each picture", rule, got, "Make it smaller.") from failure
    except BROKEN_FILE as failure:
        rule, remedy = f"whole and one of {', '.join(FORMATS)}", "Take it out, or save it anew."
        raise ImagesRejected("Each picture", rule, shown, remedy) from failure


def _square(picture: Image.Image, size: int) -> NDArray[np.uint8]:
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I;16"):
        upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    elif upright.has_transparency_data:
        upright = upright.convert("RGBA")
    elif upright.mode in ("I", "F"):
        raise ValueError("32 bits per channel have no fixed black and white")
    elif upright.mode != "L":
        upright = upright.convert("RGB")
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    box = (left, top, left + side, top + side)
    small = upright.resize((size, size), Image.Resampling.BICUBIC, box, reducing_gap=3.0)
    if small.mode == "RGBA":
        black = Image.new("RGBA", small.size, (0, 0, 0, 255))
        small = Image.alpha_composite(black, small).convert("RGB")
    return np.atleast_3d(np.asarray(small)).transpose(2, 0, 1)
