"""The strip of pictures on a run's card."""

import io

import numpy as np
from PIL import Image
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pages.parts.models.strips import strip_address, strip_size
from pages.parts.process import shared
from pages.server.artefacts import routes
from vizmodels.runs.run import Run


def fetch(address: str) -> Response:
    route = next(r for r in routes() if isinstance(r, Route) and "strips" in r.path)
    key = address.removeprefix("artefacts/strips/").removesuffix(".png")
    return route.endpoint(Request({"type": "http", "path_params": {"key": key}}))


def test_a_strip_shows_test_images_above_what_the_run_makes_of_them(runs: dict[str, Run]) -> None:
    for run in runs.values():
        record = shared.library().record(run.id)
        answer = fetch(strip_address(record))
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        shown = np.asarray(Image.open(io.BytesIO(bytes(answer.body))))
        width, height = strip_size(record)
        assert shown.shape[:2] == (height, width)
        (rows, columns), (_, h, w) = (height // 2, (width + 1) // 8), record.image_shape
        assert np.array_equal(shown[:h, :w], run.preview[0, 0, 0])
        assert np.array_equal(shown[rows + 1 :, columns : columns + w], run.preview[1, 1, 0])


def test_a_strip_of_no_run_or_of_an_older_one_is_not_found(runs: dict[str, Run]) -> None:
    run_id = runs["vae"].id
    for key in (f"{run_id}-00000000", run_id, "ffffffffffff-00000000", "..", "a-b-c"):
        assert fetch(key).status_code == 404
