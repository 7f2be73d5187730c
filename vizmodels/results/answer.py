"""An answer with the record of how it was measured, and the file that keeps both."""

import dataclasses
import io
import json
import platform
import struct
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from zipfile import BadZipFile

import numpy as np
import torch

A = TypeVar("A")
Record = dict[str, Any]
"""When an answer was measured, with which versions, how long it took, and the keys of its reads."""

RECORD = "record.json"  # member of the archive, beside one for each array
UNREADABLE = (
    OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError,
    RuntimeError, SyntaxError, MemoryError, AssertionError, BadZipFile, zlib.error, struct.error,
)  # fmt: skip
"""What readers of npz and JSON and the dataclasses raise on what they do not expect."""


@dataclass(frozen=True)
class Answer(Generic[A]):
    """What a measuring function returned, and the record of it."""

    value: A
    record: Record


def measure(function: Callable[..., A], *values: Any) -> Answer[A]:
    """Call the function here and now, and say when, by what and how long it was measured."""
    began = time.perf_counter()
    value = function(*values)
    record: Record = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "seconds": round(time.perf_counter() - began, 1),
    }
    return Answer(value, record)


def to_bytes(answer: Answer[Any]) -> bytes:
    """The file of an answer: an npz archive of its arrays, and of everything else as JSON."""
    fields = {f.name: getattr(answer.value, f.name) for f in dataclasses.fields(answer.value)}
    arrays = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
    plain = {name: value for name, value in fields.items() if name not in arrays}
    text = json.dumps({"record": answer.record, "plain": plain}, default=_plain)
    file = io.BytesIO()
    members = {**arrays, RECORD: np.frombuffer(text.encode(), np.uint8)}
    np.savez_compressed(file, allow_pickle=False, **members)
    return file.getvalue()


def from_bytes(content: bytes, kind: type[A]) -> Answer[A] | None:
    """What `to_bytes` was given, or None where it cannot be read: it is then measured again.

    Parameters
    ----------
    content : of the file
    kind : dataclass of the answer; its fields annotated as tuples become tuples again
    """
    assert dataclasses.is_dataclass(kind)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as members:
            told = json.loads(members[RECORD].tobytes())
            values = {name: members[name] for name in members.files if name != RECORD}
        values |= told["plain"]
        fields = {f.name: _restored(f, values.pop(f.name)) for f in dataclasses.fields(kind)}
        if values:
            return None
        return Answer(kind(**fields), dict(told["record"]))
    except UNREADABLE:
        return None


def record_of(content: bytes) -> Record | None:
    """The record in an answer's file, whatever the answer; None where it cannot be read."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as members:
            return dict(json.loads(members[RECORD].tobytes())["record"])
    except UNREADABLE:
        return None


def _plain(value: Any) -> Any:
    """Numbers of numpy as Python's own."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"an answer has arrays and plain values only, not {type(value).__name__}")


def _restored(field: dataclasses.Field[Any], stored: Any) -> Any:
    return tuple(stored) if str(field.type).startswith("tuple") else stored
