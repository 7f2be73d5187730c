"""A question: a measuring function and all that it looks at; its name changes with any of it."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.results.reads import Read

A = TypeVar("A")

DIGEST_LENGTH = 16  # hexadecimal digits
PREFIX_LENGTH = 24  # characters of what is measured, for whoever looks into the folder


@dataclass(frozen=True)
class Question(Generic[A]):
    """What is measured, and on what.

    Attributes
    ----------
    function : called with the values of the reads and with nothing else, so that nothing can be
        measured that is not in the name; importable by its name, so that a worker can be asked;
        returns a frozen dataclass of arrays and plain values
    version : to be raised when the same reads would give another answer; covers the constants of
        the function's module
    reads : all that the function is given, in the order of its parameters
    title : one line for people; not part of the name
    """

    function: Callable[..., A]
    version: int
    reads: tuple[Read, ...]
    title: str = field(default="", compare=False)

    @property
    def kind(self) -> type[A]:
        """The dataclass of the answer."""
        return self.function.__annotations__["return"]

    def keys(self, atlas: Atlas) -> list[str]:
        """One key a read. Raises UnknownRun, DamagedRun or DataUnavailable."""
        return [f"{type(read).__name__} {read.key(atlas)}" for read in self.reads]

    def name(self, atlas: Atlas) -> str:
        """What is measured, in words, and a hash of the function's name, the version, the keys.

        Raises
        ------
        UnknownRun, DamagedRun, DataUnavailable : of what is read
        """
        keys = self.keys(atlas)
        asked = json.dumps([self.function.__qualname__, self.version, keys])
        digest = hashlib.sha256(asked.encode()).hexdigest()[:DIGEST_LENGTH]
        of_what = re.split("[ -]", keys[0])[1] if keys else ""
        of_what = re.sub("[^A-Za-z0-9_]", "", of_what)[:PREFIX_LENGTH]
        return f"{self.function.__name__}-{of_what}-{digest}"

    def values(self, atlas: Atlas) -> tuple[Any, ...]:
        """What the function is called with. Raises as `name` does."""
        return tuple(read.value(atlas) for read in self.reads)
