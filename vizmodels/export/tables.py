"""Numbers as files that a spreadsheet and numpy open."""

import csv
import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from vizmodels.errors import LatentariumError

Column = NDArray[np.generic] | list[str]


def csv_bytes(columns: Mapping[str, Column]) -> bytes:
    """A table as comma-separated values in UTF-8, a header first.

    Parameters
    ----------
    columns : caption -> values (N,), all of the same length; float32 is written in full

    Raises
    ------
    LatentariumError : the columns differ in length
    """
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise LatentariumError(
            "Columns of a table", "of one length", lengths, "Write them as NPZ instead."
        )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(list(values) for values in columns.values()), strict=True))
    return text.getvalue().encode()


def npz_bytes(arrays: Mapping[str, Column]) -> bytes:
    """Arrays of any shapes under their names, compressed; nothing in it is pickled."""
    buffer = io.BytesIO()
    named = {name: np.asarray(values) for name, values in arrays.items()}
    np.savez_compressed(buffer, allow_pickle=False, **named)
    return buffer.getvalue()
