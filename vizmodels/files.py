"""Files and folders that are there whole or not at all, however many write them at once."""

import contextlib
import errno
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

LEFT_BEHIND_SECONDS = 3600.0  # an unfinished file this old is that of a process that was killed


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


@contextmanager
def whole_folder(path: Path) -> Generator[Path]:
    """A folder to fill, which takes its place at `path` when the block ends.

    A block that raises leaves what was there, and no folder of its own. No system replaces a full
    folder in one step: for a moment between two renames neither stands there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".saving-", dir=path.parent))
    replaced = unfinished / "replaced"
    try:
        yield unfinished
        unfinished.chmod(0o755)  # mkdtemp's 0700 would hide it from a server of another user
        while True:
            with contextlib.suppress(FileNotFoundError):
                path.rename(replaced)
            try:
                unfinished.rename(path)
                break
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                shutil.rmtree(replaced, ignore_errors=True)  # another writer's came in between
    except BaseException:
        with contextlib.suppress(OSError):  # nothing was there, or another writer's is by now
            replaced.rename(path)
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    shutil.rmtree(path / replaced.name, ignore_errors=True)


def _remove_left_behind(path: Path) -> None:
    """Remove unfinished files of this name that a killed process left."""
    with os.scandir(path.parent) as entries:
        for entry in entries:
            if entry.name.startswith(f".{path.name}.") and entry.name.endswith(".part"):
                with contextlib.suppress(OSError):
                    if time.time() - entry.stat().st_mtime > LEFT_BEHIND_SECONDS:
                        Path(entry.path).unlink()
