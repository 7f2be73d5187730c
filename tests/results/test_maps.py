"""Slow maps: never computed by asking, and kept for the weights that they were made from."""

import numpy as np
import pytest
import torch

from vizmodels.analysis.maps.projection import Projection
from vizmodels.results.answer import Answer
from vizmodels.results.maps import find_map
from vizmodels.results.questions import slow_map
from vizmodels.results.store import Results
from vizmodels.runs.library import RunRecord


def a_map(n: int = 1797) -> Projection:
    coordinates = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    return Projection("umap", coordinates, 0.75, 0.5, 0.25, 1500, 10)


@pytest.mark.parametrize("kind", ["umap", "tsne"])
def test_a_slow_map_is_not_computed_by_asking(results: Results, run: RunRecord, kind: str) -> None:
    assert find_map(results, run.id, kind) is None


def test_a_quick_map_needs_no_store(results: Results, run: RunRecord) -> None:
    found = find_map(results, run.id, "pca", 3)
    assert found is not None and found.coordinates.shape == (1797, 3)
    assert not results.folder.exists()


def test_a_kept_map_is_there_for_all_who_ask_and_survives_the_server(
    results: Results, run: RunRecord
) -> None:
    results.keep(slow_map(run.id, "umap"), Answer(a_map(), {}))
    for one in (results, Results(results.atlas, results.folder)):
        found = find_map(one, run.id, "umap")
        assert found is not None
        np.testing.assert_array_equal(found.coordinates, a_map().coordinates)
        assert (found.kind, found.trust, found.continuity) == ("umap", 0.75, 0.5)
        assert (found.mean, found.components, found.explained) == (None, None, ())
        assert find_map(one, run.id, "tsne") is None
        assert find_map(one, run.id, "umap", 3) is None


def test_a_kept_map_is_not_shown_for_other_weights(results: Results, run: RunRecord) -> None:
    results.keep(slow_map(run.id, "umap"), Answer(a_map(), {}))
    trained = results.atlas.library.load(run.id)
    with torch.no_grad():
        for weight in trained.model.parameters():
            weight.add_(0.25)
    results.atlas.library.save(trained)
    results.atlas.forget(run.id)
    assert find_map(results, run.id, "umap") is None
