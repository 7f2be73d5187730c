"""What the page says of the pictures that were selected on the stage."""

import re
from typing import Any

import numpy as np
import pytest
from page_under_test import open_page
from streamlit.testing.v1 import AppTest

from pages.parts.process.shared import atlas

BOX = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]


def _select(test: AppTest, **changes: Any) -> list[str]:
    """Captions about a selection, once the stage has told of it."""
    run = test.selectbox(key="pick_a").value
    selected = {"run": run, "kind": "raw", "epoch": 40, "n": 10_000, "polygon": BOX}
    test.session_state["map_stage"] = {"selected": {**selected, **changes}}
    test.run()
    assert not test.exception
    return [c.value for c in test.caption if "pictures selected" in c.value]


def test_the_selected_pictures_are_told_with_each_models_error_on_them() -> None:
    test = open_page("latent_space")
    (caption,) = _select(test)
    vae, ae = (test.selectbox(key=f"pick_{slot}").value for slot in "ab")
    inside = (np.abs(atlas().projection(vae, "raw").coordinates) < 0.5).all(axis=1)  # type: ignore[union-attr]
    assert caption.startswith(f"{inside.sum():,} pictures selected")
    for run in (vae, ae):
        errors = atlas().squared_errors(run)
        told = f"{errors[inside].mean():.4f} on these, {errors.mean():.4f} on all"
        assert told in caption


def test_a_selection_after_an_earlier_epoch_is_of_the_points_as_they_were() -> None:
    test = open_page("latent_space", b="none")
    counts = [
        int(re.sub(r"\D", "", caption.split()[0]))
        for epoch in (40, 1)
        for caption in _select(test, epoch=epoch)
    ]
    assert len(counts) == 2 and counts[0] != counts[1]


@pytest.mark.parametrize(
    "changes", [{"kind": "pca"}, {"run": "0" * 12}, {"n": 24_000}, {"polygon": [[99, 99]] * 3}]
)
def test_a_selection_of_another_map_says_nothing(changes: dict[str, Any]) -> None:
    assert _select(open_page("latent_space", b="none"), **changes) == []


def test_a_broken_selection_is_said_in_a_sentence() -> None:
    test = open_page("latent_space", b="none")
    assert _select(test, polygon=[[0, None]]) == []
    assert any("A selection must be" in warning.value for warning in test.warning)
