"""Files that are there whole or not at all, however many write them at once."""

import contextlib
import os
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

LEFT_BEHIND_SECONDS = 3600.0  # an unfinished file this old is that of a process that was killed
LOCK_FILE = ".lock"
LOCK_SECONDS = 60.0  # a writer holds the lock for a rename, or for reading one run


@contextmanager
def exclusive(parent: Path) -> Generator[None]:
    """The turn of one writer of a folder, of this process or another.

    Raises
    ------
    OSError : the lock file cannot be made, or another writer has held it for a minute
    """
    from filelock import FileLock  # here: only who writes needs it, and it takes 50 ms to import

    parent.mkdir(parents=True, exist_ok=True)
    with FileLock(parent / LOCK_FILE, timeout=LOCK_SECONDS):
        yield


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """A name to write a file under, which takes its place at `path` when the block ends.

    Readers see the file before or the file after, whole; of several writers the last one's stays.
    A block that raises leaves what was there and no file of its own. A missing folder is made.

    Parameters
    ----------
    path : of the finished file; the unfinished one lies beside it, under a name of its own

    Raises
    ------
    OSError : the folder cannot be written, or has no room

    Examples
    --------
    >>> with whole_file(path) as unfinished:
    ...     unfinished.write_text("{}")
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_behind(path)
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        yield unfinished
        with unfinished.open("r+b") as file:
            os.fsync(file.fileno())  # else the name may reach the disk before the bytes do
        unfinished.replace(path)
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _remove_left_behind(path: Path) -> None:
    """Remove unfinished files of this name that a killed process left."""
    with os.scandir(path.parent) as entries:
        for entry in entries:
            if entry.name.startswith(f".{path.name}.") and entry.name.endswith(".part"):
                with contextlib.suppress(OSError):
                    if time.time() - entry.stat().st_mtime > LEFT_BEHIND_SECONDS:
                        Path(entry.path).unlink()
