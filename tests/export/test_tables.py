import csv
import io

import numpy as np
import pytest

from vizmodels.errors import LatentariumError
from vizmodels.export.tables import csv_bytes, npz_bytes


def test_a_table_read_back_has_the_same_numbers() -> None:
    values = np.random.default_rng(0).normal(size=20).astype(np.float32)
    content = csv_bytes({"model": ["a, b"] * 20, "error": values})
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert [row["model"] for row in rows] == ["a, b"] * 20
    np.testing.assert_array_equal(np.array([row["error"] for row in rows], np.float32), values)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(LatentariumError, match="Columns of a table must be of one length; got"):
        csv_bytes({"a": np.zeros(2), "b": np.zeros(3)})


def test_arrays_read_back_are_the_same_and_need_no_pickle() -> None:
    arrays = {"z": np.arange(6.0).reshape(2, 3), "names": ["one", "two"]}
    with np.load(io.BytesIO(npz_bytes(arrays)), allow_pickle=False) as found:
        np.testing.assert_array_equal(found["z"], arrays["z"])
        assert found["names"].tolist() == ["one", "two"]
