"""The addresses from which the browser fetches a run's networks."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.parts.process import shared
from pages.parts.process.cache import CACHE
from pages.server import artefacts
from vizmodels.export.layer_program import PROGRAM_FORMAT


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Response]]:
    """Answers for a file of a shipped run that decodes."""
    monkeypatch.setenv("LATENTARIUM_HOME", str(tmp_path))
    caches = (shared.library.cache_clear, shared.atlas.cache_clear, CACHE.clear)
    for clear in caches:
        clear()
    routes = [route for route in artefacts.routes() if isinstance(route, Route)]
    endpoint = next(r.endpoint for r in routes if r.path == "/artefacts/runs/{key}/{file}")
    records = shared.library().list()
    decoding = next(r.id for r in records if r.experiment.model.family == "vae")
    key = shared.atlas().run_key(decoding)
    yield lambda file: endpoint(
        Request({"type": "http", "path_params": {"key": key, "file": file}})
    )
    for clear in caches:
        clear()


def test_a_program_is_kept_for_ever_under_an_address_that_names_its_format(
    fetch: Callable[[str], Response],
) -> None:
    program, weights = fetch(artefacts.PROGRAM_FILE), fetch(artefacts.WEIGHTS_FILE)
    assert (program.status_code, weights.status_code) == (200, 200)
    assert json.loads(bytes(program.body))["format"] == PROGRAM_FORMAT
    assert len(weights.body) > 1000
    assert "immutable" in program.headers["cache-control"]
    assert str(PROGRAM_FORMAT) in artefacts.PROGRAM_FILE
    for old in ("program.json", f"program-{PROGRAM_FORMAT - 1}.json", "weights.bin"):
        assert fetch(old).status_code == 404
