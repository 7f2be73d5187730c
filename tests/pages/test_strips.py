"""The strip of pictures on a run's card."""

import io

import numpy as np
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages.parts.models.strips import strip_address, strip_size
from pages.parts.process import shared
from pages.server.artefacts import routes
from vizmodels.runs.run import Run


def test_a_strip_shows_test_images_above_what_the_run_makes_of_them(runs: dict[str, Run]) -> None:
    client = TestClient(Starlette(routes=routes()))
    for run in runs.values():
        record = shared.library().record(run.id)
        answer = client.get("/" + strip_address(record))
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        shown = np.asarray(Image.open(io.BytesIO(answer.content)))
        width, height = strip_size(record)
        assert shown.shape[:2] == (height, width)
        top, below = run.preview[0, 0, 0], run.preview[1, 0, 0]
        assert np.array_equal(shown[: height // 2, : width // 8], top)
        assert np.array_equal(shown[height // 2 :, : width // 8], below)


def test_a_strip_of_no_run_or_of_an_older_one_is_not_found(runs: dict[str, Run]) -> None:
    client = TestClient(Starlette(routes=routes()))
    run_id = runs["vae"].id
    for key in (f"{run_id}-00000000", run_id, "ffffffffffff-00000000", "..", "a-b-c"):
        assert client.get(f"/artefacts/strips/{key}.png").status_code == 404
