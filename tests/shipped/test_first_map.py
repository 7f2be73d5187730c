"""What ships of the first map is what the shipped run makes of its pictures."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pages.parts.models.line_ups import default_partner, default_run
from pages.parts.models.run_kinds import autoencodes, first_map_kind
from pages.parts.process import shared
from pages.parts.stage.shipped_maps import shipped_file, shipped_model, shipped_points
from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary
from vizmodels.shipped.first_map import (
    DESCRIPTIONS,
    EXTENT,
    FOLDER,
    KIND,
    first_map_files,
    first_runs,
)

LIBRARY = RunLibrary(ASSETS / "runs")


@pytest.fixture(scope="module")
def recomputed() -> dict[str, bytes]:
    return first_map_files(Atlas(LIBRARY), first_runs(LIBRARY))


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LATENTARIUM_HOME", str(tmp_path))
    shared.library.cache_clear()
    yield
    shared.library.cache_clear()


def test_the_map_that_home_shows_first_ships() -> None:
    records = [record for record in shared.library().list() if autoencodes(record)]
    first = default_run(records)
    assert first is not None and first_map_kind(first) == KIND
    partner = default_partner(records, first)
    assert [first.id, partner and partner.id] == [record.id for record in first_runs(LIBRARY)]
    for record in (first, partner):
        assert record is not None
        assert shipped_model(record, KIND, EXTENT) is not None
        assert shipped_points(record, EXTENT) is not None


def test_the_same_files_ship_as_are_computed_again(recomputed: dict[str, bytes]) -> None:
    files = {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*") if p.is_file()}
    assert files == set(recomputed)


def test_what_the_browser_is_told_is_what_is_computed_again(recomputed: dict[str, bytes]) -> None:
    shipped, computed = (json.loads(told) for told in (
        (FOLDER / DESCRIPTIONS).read_bytes(), recomputed[DESCRIPTIONS]
    ))  # fmt: skip
    assert shipped["points"] == computed["points"]
    assert shipped["models"].keys() == computed["models"].keys()
    for key, told in shipped["models"].items():
        sigmas, ours = (of.pop("posterior_sigmas") for of in (told, computed["models"][key]))
        assert (sigmas is None) == (ours is None)
        if sigmas is not None:
            np.testing.assert_allclose(sigmas, ours, atol=2e-3)
        assert told == computed["models"][key]


def test_numbers_that_ship_are_those_computed_again(recomputed: dict[str, bytes]) -> None:
    """Networks and labels to the byte; what is summed in another order on another processor, and
    pictures, which are drawn a shade differently there, within what nobody can see."""
    for address, computed in recomputed.items():
        shipped = (FOLDER / address).read_bytes()
        if "weights" in address or "program" in address or "labels" in address:
            assert shipped == computed, address
        elif address.endswith(".bin"):
            ours, again = np.frombuffer(shipped, "<f4"), np.frombuffer(computed, "<f4")
            np.testing.assert_allclose(ours, again, atol=2e-2, err_msg=address)


def test_a_run_trained_again_is_not_answered_by_what_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    record = first_runs(LIBRARY)[0]
    monkeypatch.setattr(RunLibrary, "key", lambda *_: f"{record.id}-00000000")
    assert shipped_model(record, KIND, EXTENT) is None


@pytest.mark.parametrize(
    "address", ["descriptions.json", "artefacts/../descriptions.json", "../runs", ""]
)
def test_nothing_but_artefacts_is_served(address: str) -> None:
    assert shipped_file(address) is None
