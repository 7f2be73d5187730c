import numpy as np
import pytest

from vizmodels.analysis.entropy import entropy_bits


@pytest.mark.parametrize(
    ("shares", "bits"), [([1.0, 0, 0, 0], 0.0), ([0.25] * 4, 2.0), ([0.5, 0.25, 0.25], 1.5)]
)
def test_the_entropy_of_known_shares_is_in_bits(shares: list[float], bits: float) -> None:
    assert entropy_bits(np.array(shares)) == pytest.approx(bits)


def test_each_row_has_an_entropy_of_its_own() -> None:
    rows = np.array([[[1, 0], [0.5, 0.5]]], dtype=np.float32)
    np.testing.assert_allclose(entropy_bits(rows), [[0, 1]])


def test_what_is_certain_but_for_rounding_has_no_entropy_and_no_sign() -> None:
    bits = entropy_bits(np.array([1 + 1e-7, 0]))
    assert bits == 0 and not np.signbit(bits)
