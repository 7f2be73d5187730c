"""What the browser fetches over plain HTTP: the stage's modules, pictures, programs and maps.

Every address carries a hash of what it names, and that of a network the format it is written in,
so a browser may keep the answer for ever, and one that no longer fits what is here is not found.
"""

import functools
import hashlib
from collections.abc import Callable

import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from pages.parts.shared import atlas
from vizmodels.analysis.projection import PROJECTION_KINDS, Projection
from vizmodels.errors import InvalidExperiment, LatentariumError
from vizmodels.export.latent_bytes import latent_bytes
from vizmodels.export.layer_program import PROGRAM_FORMAT, LayerProgram, layer_program
from vizmodels.export.sprite import Sprite, sprite_sheet
from vizmodels.models.vqvae import VQVAE
from vizmodels.places import ASSETS
from vizmodels.runs.run import Run

STAGE_FOLDER = ASSETS / "stage"
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
KEPT_IN_MEMORY = 16  # sprites and programs; up to a few MB each


@functools.cache
def stage_address() -> str:
    """Where the stage's modules are served; changes whenever one of them does."""
    files = sorted(path for path in STAGE_FOLDER.iterdir() if path.is_file())
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
    return f"stage/{digest}"


def routes() -> list[BaseRoute]:
    """The routes that `app.py` serves beside Streamlit's own."""
    return [
        Mount(f"/{stage_address()}", _ForEver(directory=STAGE_FOLDER)),
        Route("/artefacts/points/{key}/{file}", _points),
        Route("/artefacts/runs/{key}/{file}", _run),
        Route("/artefacts/runs/{key}/maps/{name}.bin", _map),
    ]


class _ForEver(StaticFiles):
    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # pyright: ignore[reportArgumentType]
        response.headers.update(FOR_EVER)
        return response


def _answers(handler: Callable[[Request], tuple[bytes, str] | None]) -> Callable[..., Response]:
    """Turns bytes and media type into an answer to keep, and a refusal into a sentence."""

    @functools.wraps(handler)
    def respond(request: Request) -> Response:
        try:
            answer = handler(request)
        except LatentariumError as error:
            return PlainTextResponse(str(error), status_code=404)
        if answer is None:
            return PlainTextResponse("Nothing is kept under this address.", status_code=404)
        content, media_type = answer
        return Response(content, media_type=media_type, headers=FOR_EVER)

    return respond


PROGRAM_FILE, WEIGHTS_FILE = f"program-{PROGRAM_FORMAT}.json", f"weights-{PROGRAM_FORMAT}.bin"
CODES_FILE = "codes.bin"
BROWSED = 500  # test images whose codes the codebook's page steps through
BINARY, JSON, PNG = "application/octet-stream", "application/json", "image/png"


@_answers
def _points(request: Request) -> tuple[bytes, str] | None:
    key, file = request.path_params["key"], request.path_params["file"]
    dataset = key.rsplit("-", 2)[0]
    if atlas().points_key(dataset) != key:
        return None
    pictures = atlas().points(dataset).pictures
    match file:
        case "sprite.png":
            return sprite(dataset, key).png, PNG
        case "labels.bin" if pictures.labels is not None:
            return pictures.labels.numpy().astype(np.uint8).tobytes(), BINARY
        case "factors.bin" if pictures.factors is not None:
            return pictures.factors.numpy().astype("<f4").tobytes(), BINARY
        case _:
            return None


@_answers
def _run(request: Request) -> tuple[bytes, str] | None:
    run_id = _run_id(request)
    match request.path_params["file"]:
        case _ if run_id is None:
            return None
        case file if file == PROGRAM_FILE:
            return program(run_id, request.path_params["key"]).to_json().encode(), JSON
        case file if file == WEIGHTS_FILE:
            return program(run_id, request.path_params["key"]).weights, BINARY
        case file if file == CODES_FILE:
            return _codes(atlas().run(run_id)), BINARY
        case "latents.bin":
            return latent_bytes(atlas().run(run_id).model, atlas().latents(run_id)), BINARY
        case _:
            return None


def _codes(run: Run) -> bytes:
    """Grids of the first test images as uint16 (N, h·w)."""
    model = run.model
    if not isinstance(model, VQVAE):
        remedy = "Choose a VQ-VAE."
        raise InvalidExperiment("The model", "one with codes", run.experiment.model.family, remedy)
    images = atlas().points(run.experiment.dataset).pictures.images[: n_browsed(run)]
    return model.codes_of(images).flatten(1).numpy().astype("<u2").tobytes()


def n_browsed(run: Run) -> int:
    """Test images whose codes `CODES_FILE` holds."""
    return min(BROWSED, atlas().points(run.experiment.dataset).n_test)


@_answers
def _map(request: Request) -> tuple[bytes, str] | None:
    run_id, kind = _run_id(request), request.path_params["name"]
    if run_id is None or kind not in PROJECTION_KINDS:
        return None
    projection: Projection | None = atlas().projection(run_id, kind)
    return None if projection is None else (projection.coordinates.astype("<f4").tobytes(), BINARY)


def _run_id(request: Request) -> str | None:
    key = request.path_params["key"]
    run_id = key.split("-")[0]
    return run_id if atlas().run_key(run_id) == key else None


@functools.lru_cache(KEPT_IN_MEMORY)
def sprite(dataset: str, key: str) -> Sprite:
    """The sheet of thumbnails of an image set's map; `key` only tells versions apart."""
    assert key.startswith(dataset)
    return sprite_sheet(atlas().points(dataset).pictures.images.numpy())


@functools.lru_cache(KEPT_IN_MEMORY)
def program(run_id: str, key: str) -> LayerProgram:
    """The run's networks as the browser computes them; `key` only tells versions apart."""
    assert key.startswith(run_id)
    return layer_program(atlas().run(run_id).model)
