"""The stage's own files as the browser fetches them: a module for each component, and styles."""

import functools
import gzip

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from pages.parts.stage.addresses import STAGE_FOLDER
from pages.server.bundle import bundle

COMPONENTS = ("main", "codes_main", "noise_main", "sweep_grid", "gallery")  # a module for each
WORKERS = ("network/model_worker",)  # and for each thread
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def stage_file(request: Request) -> Response:
    """One of the files at `stage_address()`, compressed once for all visitors."""
    name = request.path_params["file"]
    packed = pack_stage().get(name)
    if packed is None:
        return PlainTextResponse("Nothing is kept under this address.", status_code=404)
    media_type = "text/css" if name.endswith(".css") else "text/javascript"
    headers = {**FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(packed), media_type=media_type, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(packed, media_type=media_type, headers=headers)


@functools.cache
def pack_stage() -> dict[str, bytes]:
    """The stage's modules and styles, each bundled and compressed."""
    modules = {
        f"{entry.rsplit('/')[-1]}.js": bundle(STAGE_FOLDER, entry).encode()
        for entry in COMPONENTS + WORKERS
    }
    styles = {path.name: path.read_bytes() for path in STAGE_FOLDER.glob("*.css")}
    return {name: gzip.compress(source) for name, source in {**modules, **styles}.items()}
