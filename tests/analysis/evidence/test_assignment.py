import itertools

import numpy as np
import pytest

from vizmodels.analysis.evidence.assignment import match_classes


def test_renamed_classes_are_matched_without_an_error() -> None:
    labels = np.repeat(np.arange(5), 10)
    names = np.array([3, 0, 4, 1, 2])
    matching = match_classes(names[labels], labels, 5, 5)
    assert matching.accuracy == 1.0
    assert matching.class_of[names].tolist() == [0, 1, 2, 3, 4]


def test_the_matching_is_the_best_of_all_permutations() -> None:
    draw = np.random.default_rng(0)
    values, labels = draw.integers(0, 4, 200), draw.integers(0, 4, 200)
    counts = match_classes(values, labels, 4, 4).counts
    best = max(
        sum(counts[value, label] for value, label in enumerate(order))
        for order in itertools.permutations(range(4))
    )
    assert match_classes(values, labels, 4, 4).accuracy == pytest.approx(best / 200)


def test_a_variable_that_never_changes_gets_the_share_of_one_class() -> None:
    labels = np.repeat(np.arange(4), [10, 20, 30, 40])
    matching = match_classes(np.zeros(100, dtype=np.int64), labels, 4, 4)
    assert matching.accuracy == matching.purity == pytest.approx(0.4)


def test_purity_lets_two_values_share_a_class() -> None:
    labels = np.repeat(np.arange(2), 10)
    values = np.concatenate([np.repeat([0, 1], 5), np.full(10, 2)])
    matching = match_classes(values, labels, 3, 2)
    assert matching.purity == 1.0
    assert matching.accuracy == pytest.approx(0.75)
    assert sorted(matching.class_of.tolist()) == [-1, 0, 1]
