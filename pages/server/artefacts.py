"""What the browser fetches over plain HTTP: the stage, pictures, programs and maps.

Every address carries a hash of what it names, and that of a network the format it is written in,
so a browser may keep the answer for ever, and one that no longer fits what is here is not found.
"""

import functools
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pages.parts.models.strips import strip_png
from pages.parts.process.cache import CACHE
from pages.parts.stage.addresses import (
    CODES_FILE,
    LATENTS_FILE,
    PROGRAM_FILE,
    WEIGHTS_FILE,
    stage_address,
)
from pages.parts.stage.shipped_maps import shipped_file
from pages.server.stage_files import FOR_EVER, stage_file
from vizmodels.analysis.maps.kinds import EXTENTS, PROJECTION_KINDS, Extent
from vizmodels.errors import InvalidExperiment, LatentariumError

if TYPE_CHECKING:
    from vizmodels.analysis.maps.atlas import Atlas
    from vizmodels.export.layer_program import LayerProgram
    from vizmodels.results.store import Results
    from vizmodels.runs.run import Run


BINARY, JSON = "application/octet-stream", "application/json"
PNG, JPEG = "image/png", "image/jpeg"
MEDIA_TYPES = {"bin": BINARY, "json": JSON, "png": PNG, "jpg": JPEG}
# Numbers hardly shrink: compressing a map and its decoder takes 0.04 s of a core a visit, for a
# twelfth less.
AS_IT_IS = {**FOR_EVER, "Content-Encoding": "identity"}
N_ALIKE = 8  # pictures shown beside a pinned one


# What computes is imported where it is called: torch takes seconds, and the first map, which is a
# file, needs none of it; the server is up a third of a second earlier without pydantic.


def atlas() -> "Atlas":
    """Latents and maps of the library's runs."""
    from pages.parts.process import shared

    return shared.atlas()


def results() -> "Results":
    """All that was measured of them."""
    from pages.parts.process import shared

    return shared.results()


def routes() -> list[BaseRoute]:
    """The routes that `app.py` serves beside Streamlit's own."""
    run = "/artefacts/runs/{key}"
    return [
        Route(f"/{stage_address()}/{{file}}", stage_file),
        Route("/artefacts/strips/{key}.png", _strip),
        Route("/artefacts/points/{key}/{file}", _points),
        Route("/artefacts/points/{key}/alike/{index:int}.json", _alike),
        Route(f"{run}/{{file}}", _run),
        Route(f"{run}/{{extent}}/{LATENTS_FILE}", _latents),
        Route(f"{run}/{{extent}}/maps/{{kind}}.bin", _map),
        Route(f"{run}/{{extent}}/measures/{{name}}.bin", _measure),
        Route(f"{run}/epochs/{{epoch:int}}/{{file}}", _epoch_program),
        Route(f"{run}/{{extent}}/epochs/{{epoch:int}}/{{kind}}/{{file}}", _epoch_map),
    ]


def _answers(handler: Callable[[Request], tuple[bytes, str] | None]) -> Callable[..., Response]:
    """Turns bytes and media type into an answer to keep, and a refusal into a sentence."""

    @functools.wraps(handler)
    def respond(request: Request) -> Response:
        try:
            answer = _shipped(request) or handler(request)
        except LatentariumError as error:
            return PlainTextResponse(str(error), status_code=404)
        if answer is None:
            return PlainTextResponse("Nothing is kept under this address.", status_code=404)
        content, media_type = answer
        headers = AS_IT_IS if media_type == BINARY else FOR_EVER
        return Response(content, media_type=media_type, headers=headers)

    return respond


def _shipped(request: Request) -> tuple[bytes, str] | None:
    """What ships under an address, if it does; the app may be served below a path of its own."""
    _, found, rest = request.scope.get("path", "").partition("artefacts/")
    content = shipped_file(found + rest)
    return None if content is None else (content, MEDIA_TYPES[rest.rsplit(".")[-1]])


@_answers
def _points(request: Request) -> tuple[bytes, str] | None:
    file, found = request.path_params["file"], _pictures(request)
    if found is None:
        return None
    dataset, extent = found
    pictures = atlas().points(dataset, extent).pictures
    sheet = re.fullmatch(r"(sheet|exact)-(\d{1,4})\.(png|jpg)", file)
    if sheet:
        return _sheet(dataset, extent, request.path_params["key"], *sheet.groups())
    match file:
        case "labels.bin" if pictures.labels is not None:
            return pictures.labels.numpy().astype("u1").tobytes(), BINARY
        case "factors.bin" if pictures.factors is not None:
            return pictures.factors.numpy().astype("<f4").tobytes(), BINARY
        case _:
            return None


def _sheet(
    dataset: str, extent: Extent, key: str, of: str, number: str, ending: str
) -> tuple[bytes, str] | None:
    """Thumbnails, of which those in colour are not exact, or exact pictures in colour."""
    from vizmodels.export.sprite import EXACT_COLUMNS, EXACT_TILES, SHEET_TILES, sprite_sheet

    images = atlas().points(dataset, extent).pictures.images
    is_exact, has_colour, at = of == "exact", images.shape[1] == 3, int(number)
    if at * (EXACT_TILES if is_exact else SHEET_TILES) >= len(images):
        return None
    if is_exact and has_colour and ending == "png":
        return sprite_sheet(images[at * EXACT_TILES :][:EXACT_TILES].numpy(), EXACT_COLUMNS), PNG
    if not is_exact and ending == ("jpg" if has_colour else "png"):
        return sprite(dataset, extent, key, at), JPEG if has_colour else PNG
    return None


@_answers
def _strip(request: Request) -> tuple[bytes, str] | None:
    content = strip_png(request.path_params["key"])
    return None if content is None else (content, PNG)


@_answers
def _alike(request: Request) -> tuple[bytes, str] | None:
    """The pictures nearest to one of them by pixels."""
    from vizmodels.analysis.maps.neighbours import most_alike

    found, index = _pictures(request), request.path_params["index"]
    if found is None:
        return None
    images = atlas().points(*found).pictures.images
    if index >= len(images):
        return None
    pictures, errors = most_alike(images, index, N_ALIKE)
    answer = {"pictures": pictures.tolist(), "squared_errors": errors.tolist()}
    return json.dumps(answer).encode(), JSON


@_answers
def _run(request: Request) -> tuple[bytes, str] | None:
    run_id = _run_id(request)
    if run_id is None:
        return None
    if request.path_params["file"] == CODES_FILE:
        return _codes(atlas().run(run_id)), BINARY
    from pages.parts.stage.noise_ground import GROUND_FILE, ground_json

    if request.path_params["file"] == GROUND_FILE:
        return ground_json(run_id, request.path_params["key"]).encode(), JSON
    return _program_part(program(run_id, request.path_params["key"]), request.path_params["file"])


@_answers
def _epoch_program(request: Request) -> tuple[bytes, str] | None:
    run_id, epoch = _run_id(request), request.path_params["epoch"]
    if run_id is None or epoch not in atlas().epochs(run_id):
        return None
    of_epoch = program(run_id, request.path_params["key"], epoch)
    return _program_part(of_epoch, request.path_params["file"])


def _program_part(of: "LayerProgram", file: str) -> tuple[bytes, str] | None:
    if file == PROGRAM_FILE:
        return of.to_json().encode(), JSON
    return (of.weights, BINARY) if file == WEIGHTS_FILE else None


@_answers
def _latents(request: Request) -> tuple[bytes, str] | None:
    run_id, extent = _run_id(request), _extent(request)
    if run_id is None or extent is None:
        return None
    from vizmodels.export.latent_bytes import latent_bytes

    return latent_bytes(atlas().run(run_id).model, atlas().latents(run_id, extent)), BINARY


def _codes(run: "Run") -> bytes:
    """Grids of the first test images as uint16 (N, h·w)."""
    from pages.parts.stage.code_words import n_browsed
    from vizmodels.models.codes.vqvae import VQVAE

    model = run.model
    if not isinstance(model, VQVAE):
        remedy = "Choose a VQ-VAE."
        raise InvalidExperiment("The model", "one with codes", run.experiment.model.family, remedy)
    images = atlas().points(run.experiment.dataset).pictures.images[: n_browsed(run)]
    return model.codes_of(images).flatten(1).numpy().astype("<u2").tobytes()


@_answers
def _map(request: Request) -> tuple[bytes, str] | None:
    run_id, extent, kind = _run_id(request), _extent(request), request.path_params["kind"]
    if run_id is None or extent is None or kind not in PROJECTION_KINDS:
        return None
    from vizmodels.results.maps import find_map

    projection = find_map(results(), run_id, kind, extent=extent)
    return None if projection is None else (projection.coordinates.astype("<f4").tobytes(), BINARY)


@_answers
def _measure(request: Request) -> tuple[bytes, str] | None:
    """One number for each picture, by which its point can be coloured."""
    run_id, extent, name = _run_id(request), _extent(request), request.path_params["name"]
    if run_id is None or extent is None:
        return None
    if name == "error":
        return atlas().squared_errors(run_id, extent).astype("<f4").tobytes(), BINARY
    if extent != "some":  # neighbours of 70,000 pictures would take minutes
        return None
    if name == "pixels":
        return atlas().pixel_neighbours_kept(run_id).astype("<f4").tobytes(), BINARY
    from vizmodels.results.maps import find_map

    projection = find_map(results(), run_id, name) if name in PROJECTION_KINDS else None
    if projection is None:
        return None
    return atlas().neighbours_kept(run_id, projection).astype("<f4").tobytes(), BINARY


@_answers
def _epoch_map(request: Request) -> tuple[bytes, str] | None:
    """Latents, map and plane of the run's pictures after one of its epochs."""
    run_id, extent = _run_id(request), _extent(request)
    epoch, kind = request.path_params["epoch"], request.path_params["kind"]
    if run_id is None or extent is None or kind not in ("raw", "pca"):
        return None
    if epoch not in atlas().epochs(run_id):
        return None
    from vizmodels.export.latent_bytes import latent_bytes

    view = atlas().epoch_view(run_id, epoch, kind, extent)
    match request.path_params["file"]:
        case file if file == LATENTS_FILE:
            return latent_bytes(atlas().model_at(run_id, epoch), view.latents), BINARY
        case "map.bin":
            return view.coordinates.astype("<f4").tobytes(), BINARY
        case "plane.json" if view.mean is not None and view.components is not None:
            plane = {"mean": view.mean.tolist(), "components": view.components.tolist()}
            return json.dumps(plane).encode(), JSON
        case _:
            return None


def _run_id(request: Request) -> str | None:
    key = request.path_params["key"]
    run_id = key.split("-")[0]
    return run_id if atlas().run_key(run_id) == key else None


def _extent(request: Request) -> Extent | None:
    return next((e for e in EXTENTS if e == request.path_params["extent"]), None)


def _pictures(request: Request) -> tuple[str, Extent] | None:
    """The image set and the extent that an address names, if its pictures are still these."""
    key = request.path_params["key"]
    dataset = key.rsplit("-", 2)[0]
    found = next((extent for extent in EXTENTS if atlas().points_key(dataset, extent) == key), None)
    return None if found is None else (dataset, found)


@CACHE.cached
def sprite(dataset: str, extent: Extent, key: str, sheet: int) -> bytes:
    """One sheet of thumbnails of an image set's map; `key` only tells versions apart."""
    from vizmodels.export.sprite import SHEET_TILES, sprite_sheet, thumbnail_sheet

    assert key.startswith(dataset)
    images = atlas().points(dataset, extent).pictures.images
    tiles = images[sheet * SHEET_TILES :][:SHEET_TILES].numpy()
    return sprite_sheet(tiles) if tiles.shape[1] == 1 else thumbnail_sheet(tiles)


@CACHE.cached
def program(run_id: str, key: str, epoch: int | None = None) -> "LayerProgram":
    """The run's networks as the browser computes them, after its last epoch unless another is
    named; `key` only tells versions apart."""
    from vizmodels.export.layer_program import layer_program

    assert key.startswith(run_id)
    model = atlas().run(run_id).model if epoch is None else atlas().model_at(run_id, epoch)
    return layer_program(model)
