"""What keeps a run from being read: damage, a later version of the app, or this machine."""

import errno
import os
import zlib
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast
from zipfile import BadZipFile

from PIL import Image
from safetensors import SafetensorError

from vizmodels.errors import DamagedRun, NewerRun, UnknownField, UnreadableRun
from vizmodels.runs.folders import identity, standing

T = TypeVar("T")

TRIES = 50  # a run is read in less time than another is written in

KEPT_WHERE = "on the page Train, under Kept on this machine"
TRY_AGAIN = "Try again; nothing was changed."

BAD_CONTENT = (
    EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError,
    RuntimeError, SyntaxError, BadZipFile, zlib.error, SafetensorError,
    Image.DecompressionBombError,
)  # fmt: skip
"""What readers of JSON, safetensors, npz and PNG raise on bytes that are not what they expect."""


def check_files(folder: Path, names: Iterable[str]) -> None:
    """Raises DamagedRun where one is missing, UnreadableRun where nobody may look."""
    try:
        missing = next((name for name in names if not (folder / name).is_file()), None)
    except OSError as error:
        raise unreadable(folder, error) from error
    if missing is not None:
        raise damaged(folder, f"no {missing}")


def content_of(folder: Path, name: str) -> bytes:
    """A file of a run. Raises DamagedRun where there is none, else UnreadableRun."""
    try:
        return (folder / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise damaged(folder, f"no {name}") from None
    except Exception as error:
        raise unreadable(folder, error) from error


@contextmanager
def parsing(folder: Path) -> Generator[None]:
    """Tells what a reader raises by its cause, so that nothing healthy is taken for damaged.

    Raises
    ------
    DamagedRun : the bytes of a file do not say what they should
    NewerRun : they say what this version of the app does not know
    UnreadableRun : anything else, such as a full memory
    """
    try:
        yield
    except UnreadableRun:
        raise
    except UnknownField as error:
        thing, _, got, _ = error.parts
        raise newer(folder, f"{thing} {got}") from error
    except Exception as error:
        if _is_of_the_machine(error):
            raise unreadable(folder, error) from error
        raise damaged(folder, _first_line(error)) from error


def read_steadily(path: Path, read: Callable[[Path], T]) -> T:
    """What is read of a run, all of it from one version of its folder.

    Parameters
    ----------
    path : of the run's folder, which may be replaced meanwhile
    read : given where the folder is; raises UnreadableRun

    Raises
    ------
    FileNotFoundError : there is no such folder, or no longer
    UnreadableRun : as `read` does
    """
    for _ in range(TRIES):
        place = standing(path)
        if place is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        before, error, value = identity(place), None, None
        try:
            value = read(place)
        except UnreadableRun as raised:
            error = raised
        if before is not None and before == identity(place):
            if error is not None:
                raise error
            return cast(T, value)
    raise unreadable(path, OSError("a run that others replace all the time"))


def damaged(folder: Path, found: str) -> DamagedRun:
    """The error that says what was found in a run's folder."""
    remedy = f"Train it again, restore its folder, or move it aside {KEPT_WHERE}."
    return DamagedRun(f"Run {folder.name}", "whole and readable", found, remedy)


def newer(folder: Path, found: str) -> NewerRun:
    """The error that says what a later version wrote."""
    remedy = "Update the app; the run is as a later version wrote it."
    return NewerRun(f"Run {folder.name}", "of a kind that this version knows", found, remedy)


def unreadable(folder: Path, error: Exception) -> UnreadableRun:
    """The error that says why a run cannot be read now."""
    told = _first_line(error) if str(error) else type(error).__name__
    return UnreadableRun(f"Run {folder.name}", "readable on this machine now", told, TRY_AGAIN)


def _is_of_the_machine(error: Exception) -> bool:
    """Whether the machine failed, and not the bytes: PIL's own OSErrors have no number."""
    if isinstance(error, OSError):
        return error.errno is not None
    if isinstance(error, RuntimeError):
        return "allocate memory" in str(error)  # how torch says that memory is full
    return not isinstance(error, BAD_CONTENT)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
