"""Folders that are replaced, moved and removed as one, whoever reads or writes beside.

Readers take no lock and write nothing. Writers of a parent folder take turns, processes too, by a
lock file in it, for the moment of a rename and not while they fill a folder.
"""

import contextlib
import ctypes
import errno
import functools
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from vizmodels.files import LEFT_BEHIND_SECONDS, exclusive

WAITING = ".replaced"
UNFINISHED, REMOVED = ".saving-", ".removed-"
LOOKS = 3
OPEN_ELSEWHERE_SECONDS = 5.0  # Windows renames no folder in which a reader has a file open

RENAME_EXCHANGE, AT_FDCWD = 2, -100  # linux/fs.h, fcntl.h
RENAME_SWAP = 2  # sys/stdio.h of macOS
CANNOT_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV)

Identity = tuple[int, int]


@contextmanager
def whole_folder(
    path: Path, keep: Callable[[Path], Path | None] = lambda _: None
) -> Generator[Path]:
    """A folder to fill, which takes its place at `path` in one exchange when the block ends.

    A block that raises leaves what was there, and no folder of its own. At every moment `standing`
    finds the folder before or the folder after, whole.

    Parameters
    ----------
    path : of the finished folder
    keep : given the folder that will be replaced, says where it goes; None removes it
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_behind(path)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{path.name}-", dir=path.parent))
    replaced = None
    try:
        yield unfinished
        unfinished.chmod(0o755)  # mkdtemp's 0700 would hide it from a server of another user
        with exclusive(path.parent):
            before = standing(path)
            kept = None if before is None else keep(before)
            replaced = _put(unfinished, path, before)
            if replaced is not None and kept is not None:
                move_folder(replaced, kept)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        if replaced is not None:
            shutil.rmtree(replaced, ignore_errors=True)


def standing(path: Path) -> Path | None:
    """Where the folder of that name is now; None if there is none.

    At `path`; or waiting beside it, for the moment between two renames where no system call
    exchanges two folders, and from then on if the writer was killed just then.
    """
    for _ in range(LOOKS):  # the one may come back just after it was looked for, the other go
        for place in (path, _waiting(path)):
            if place.is_dir():
                return place
    return None


def names_in(parent: Path) -> set[str]:
    """Names of all that stands in a folder, of folders between two renames too.

    Raises
    ------
    OSError : it is there and cannot be read
    """
    names, waiting = _names(parent), parent / WAITING
    if waiting.is_dir():  # here two renames replace a folder: it is in the one place or the other
        for _ in range(LOOKS):
            names |= _names(waiting) | _names(parent)
    return names


def identity(folder: Path | str) -> Identity | None:
    """Tells a folder from the one that it was replaced by; None if there is none."""
    try:
        told = os.stat(folder)  # noqa: PTH116  # of a string: a `Path` takes three times as long
    except OSError:
        return None
    return told.st_ino, told.st_mtime_ns


def remove_folder(path: Path) -> None:
    """Remove a folder: for readers it is gone at once. Raises FileNotFoundError."""
    removed: list[Path] = []
    with exclusive(path.parent):
        while (found := standing(path)) is not None:
            removed.append(_removed(path))
            _move(found, removed[-1])
    if not removed:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    for folder in removed:
        shutil.rmtree(folder, ignore_errors=True)


def free_name(path: Path) -> Path:
    """The path, or the first of `<path>-2`, `<path>-3` … under which nothing lies."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def move_folder(path: Path, to: Path) -> Path:
    """Move a folder to a free name, see `free_name`; returns it. The writer's turn is yours."""
    to.parent.mkdir(parents=True, exist_ok=True)
    free = free_name(to)
    _move(path, free)
    return free


def _put(unfinished: Path, path: Path, before: Path | None) -> Path | None:
    """Puts a finished folder in its place; returns where the one before lies then."""
    if before == path and _exchange(unfinished, path):
        return unfinished
    waiting = _waiting(path)
    if before == path:
        waiting.parent.mkdir(exist_ok=True)
        if waiting.is_dir():  # left by a writer that was killed when its own was in its place
            _move(waiting, _removed(path))
        _move(path, waiting)
    try:
        _move(unfinished, path)
    except BaseException:
        if before == path:
            _move(waiting, path)
        raise
    if before is None:
        return None
    removed = _removed(path)
    _move(waiting, removed)
    return removed


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one step; False where the system or the disk cannot."""
    call = _exchange_call()
    if call is None:
        return False
    if call(os.fsencode(first), os.fsencode(second)) == 0:
        return True
    number = ctypes.get_errno()
    if number in CANNOT_EXCHANGE:
        return False
    raise OSError(number, os.strerror(number), str(second))


@functools.cache
def _exchange_call() -> Callable[[bytes, bytes], int] | None:
    if sys.platform == "win32":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and hasattr(libc, "renameat2"):
        return lambda a, b: libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        return lambda a, b: libc.renamex_np(a, b, RENAME_SWAP)
    return None


def _move(path: Path, to: Path) -> None:
    until = time.monotonic() + OPEN_ELSEWHERE_SECONDS
    while True:
        try:
            path.rename(to)
            return
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _names(folder: Path) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def _waiting(path: Path) -> Path:
    """Where a folder is between two renames, until its successor is in its place."""
    return path.parent / WAITING / path.name


def _removed(path: Path) -> Path:
    """A new name for a folder that is no longer wanted."""
    return path.with_name(f"{REMOVED}{path.name}-{uuid.uuid4().hex}")


def _remove_left_behind(path: Path) -> None:
    """Remove folders of this name that a killed process left unfinished, or half removed."""
    beginnings = tuple(f"{kind}{path.name}-" for kind in (UNFINISHED, REMOVED))
    with os.scandir(path.parent) as entries:
        left = [entry for entry in entries if entry.name.startswith(beginnings)]
    for entry in left:
        with contextlib.suppress(OSError):
            if time.time() - entry.stat().st_mtime > LEFT_BEHIND_SECONDS:
                shutil.rmtree(entry.path, ignore_errors=True)
