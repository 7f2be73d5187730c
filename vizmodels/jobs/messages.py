"""How a worker's progress travels: plain values that msgpack carries, never a pickled object."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vizmodels.training.progress import Preview, Progress

Plain = dict[str, Any]
"""Names -> numbers, text, bytes, lists and dictionaries of the same."""


def pack_progress(progress: Progress) -> Plain:
    """The report as plain values; its arrays as bytes with their shape and type."""
    values = {name: getattr(progress, name) for name in Progress.__dataclass_fields__}
    if progress.preview is not None:
        values["preview"] = {
            name: _pack_array(getattr(progress.preview, name))
            for name in Preview.__dataclass_fields__
        }
    return values


def unpack_progress(values: Plain) -> Progress:
    """The report that `pack_progress` described."""
    fields = dict(values)
    if fields["preview"] is not None:
        arrays: Plain = {name: _unpack_array(kept) for name, kept in fields["preview"].items()}
        fields["preview"] = Preview(**arrays)
    fields["moves"] = tuple((step, knob, value) for step, knob, value in fields["moves"])
    return Progress(**fields)


def _pack_array(array: NDArray[np.generic] | None) -> Plain | None:
    if array is None:
        return None
    return {"dtype": array.dtype.str, "shape": list(array.shape), "bytes": array.tobytes()}


def _unpack_array(packed: Plain | None) -> NDArray[Any] | None:
    if packed is None:
        return None
    return np.frombuffer(packed["bytes"], packed["dtype"]).reshape(packed["shape"])
