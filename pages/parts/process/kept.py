"""What pages make of the same things is made once for all visitors, and found by what went in.

Where arguments are few and hashable, as a run's id and key are, `CACHE.cached` does.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

from pages.parts.process.cache import CACHE

P = ParamSpec("P")
T = TypeVar("T")

PLAIN = (type(None), bool, int, float, str, bytes)


def once(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`function(*args, **kwargs)`, computed by the first visitor who needs it.

    Parameters
    ----------
    function : of a module, whose result depends on its arguments alone and is changed by nobody
    args, kwargs : see `digest`
    """
    return CACHE.get(digest((function, args, kwargs)), lambda: function(*args, **kwargs))


def digest(value: object) -> bytes:
    """A name of the contents: numbers, text, arrays, functions of modules, and dataclasses,
    sequences and mappings of such. Raises TypeError for anything else."""
    told = hashlib.sha256()
    _tell(told.update, value)
    return told.digest()


def _tell(update: Callable[[bytes], None], value: Any) -> None:
    name = type(value).__name__
    if isinstance(value, PLAIN):
        update(f"{name} {value!r};".encode())
    elif hasattr(value, "__array_interface__") and not value.dtype.hasobject:
        update(f"array {value.dtype.str} {value.shape};".encode())
        update(value.tobytes())
    elif isinstance(value, list | tuple):
        update(f"{name} {len(value)};".encode())
        for part in value:
            _tell(update, part)
    elif isinstance(value, Mapping):
        _tell(update, list(value.items()))  # in their order, in which a figure may show them
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        update(f"{name};".encode())
        _tell(update, [getattr(value, field.name) for field in dataclasses.fields(value)])
    elif isinstance(value, FunctionType) and "<" not in value.__qualname__:
        update(f"function {value.__module__}.{value.__qualname__};".encode())
    else:
        raise TypeError(f"A {name} has no digest: {value!r:.80}")
