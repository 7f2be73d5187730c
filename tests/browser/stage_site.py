"""A site with nothing but the stage: its own files, and artefacts made from any model."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import torch

from vizmodels.export.latent_bytes import latent_bytes
from vizmodels.export.layer_program import layer_program
from vizmodels.export.sprite import (
    COLUMNS,
    EXACT_COLUMNS,
    EXACT_TILES,
    SHEET_TILES,
    sprite_sheet,
    thumbnail_sheet,
)
from vizmodels.models.autoencoder import Autoencoder

STAGE = Path(__file__).parents[2] / "assets" / "stage"

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Stage</title>
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">
<style>
  :root { --st-background-color: #ffffff; --st-text-color: #1c2733; --st-font: system-ui; }
  :root.dark { --st-background-color: #0f1620; --st-text-color: #e6ebf0; }
  body { margin: 0; padding: 16px 20px; background: var(--st-background-color); }
</style>
<div id="host"></div>
<script type="module">
  import { mount } from "./stage/main.js";
  const parentElement = document.querySelector("#host").attachShadow({ mode: "open" })
    .appendChild(document.createElement("div"));
  window.sent = [];
  const component = (data) => ({
    data, key: "stage", name: "stage", parentElement,
    setStateValue: (name, value) => window.sent.push([name, value]),
    setTriggerValue: (name, value) => window.sent.push([name, value]),
  });
  window.mountStage = (data) => mount(component(data));
  window.mountNoise = async (data) => {
    const noise = await import("./stage/noise_main.js");
    window.closeNoise = noise.mount(component(data));
  };
  window.noiseRoot = () => parentElement.querySelector(".noise-stage");
  window.stageRoot = () => parentElement.querySelector(".stage");
  window.harnessReady = true;
</script></html>"""


@dataclass
class StageSite:
    """Files to serve by path, and the address they are served at."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    def add_points(
        self,
        key: str,
        images: np.ndarray,
        labels: np.ndarray | None,
        class_names: list[str],
        factors: np.ndarray | None = None,
        factor_names: list[str] | None = None,
    ) -> dict[str, Any]:
        """Serve pictures (N, C, H, W) and return `data.points`."""
        base = f"artefacts/points/{key}"
        has_colour = images.shape[1] == 3
        for sheet, first in enumerate(range(0, len(images), SHEET_TILES)):
            tiles = images[first : first + SHEET_TILES]
            if has_colour:
                self.files[f"/{base}/sheet-{sheet}.jpg"] = thumbnail_sheet(tiles)
            else:
                self.files[f"/{base}/sheet-{sheet}.png"] = sprite_sheet(tiles)
        for sheet, first in enumerate(range(0, len(images), EXACT_TILES) if has_colour else ()):
            png = sprite_sheet(images[first : first + EXACT_TILES], EXACT_COLUMNS)
            self.files[f"/{base}/exact-{sheet}.png"] = png
        if labels is not None:
            self.files[f"/{base}/labels.bin"] = labels.astype(np.uint8).tobytes()
        if factors is not None:
            self.files[f"/{base}/factors.bin"] = factors.astype("<f4").tobytes()
        return {
            "url": base,
            "n": len(images),
            "image_shape": list(images.shape[1:]),
            "columns": COLUMNS,
            "sheet_tiles": SHEET_TILES,
            "exact": {"columns": EXACT_COLUMNS, "tiles": EXACT_TILES} if has_colour else None,
            "class_names": class_names,
            "factor_names": factor_names or [],
            "has_labels": labels is not None,
        }

    def add_model(
        self, key: str, model: Autoencoder, latents: np.ndarray, kind: str, title: str, xy=None
    ) -> dict[str, Any]:
        """Serve a model with latents (N, E) and a map of them, and return `data.a`."""
        program, base = layer_program(model), f"artefacts/runs/{key}"
        place: dict[str, Any] = {"kind": kind, "url": f"{base}/maps/{kind}.bin"}
        place["axes"] = {"raw": ["z1", "z2"], "pca": ["PC1", "PC2"]}.get(
            kind, [kind + " 1", kind + " 2"]
        )
        if kind == "raw":
            xy = np.pad(latents, ((0, 0), (0, 1)))[:, :2]
        elif kind == "pca":
            mean = latents.mean(0)
            components = np.linalg.svd(latents - mean, full_matrices=False)[2][:2]
            xy = (latents - mean) @ components.T
            place |= {"mean": mean.tolist(), "components": components.tolist()}
        assert xy is not None
        self.files[f"/{base}/program.json"] = program.to_json().encode()
        self.files[f"/{base}/weights.bin"] = program.weights
        self.files[f"/{base}/latents.bin"] = latent_bytes(model, latents)
        self.files["/" + place["url"]] = xy.astype("<f4").tobytes()
        return {
            "run": key,
            "title": title,
            "latent_dim": latents.shape[1],
            "program": f"{base}/program.json",
            "weights": f"{base}/weights.bin",
            "latents": f"{base}/latents.bin",
            "map": place,
        }

    def add_epoch(
        self, side: dict[str, Any], epoch: int, model: Autoencoder, latents: np.ndarray
    ) -> None:
        """Serve a 2-D model's earlier epoch under `data.a`, whose epochs come in order."""
        program, base = layer_program(model), f"artefacts/runs/{side['run']}/epochs/{epoch}"
        self.files[f"/{base}/program.json"] = program.to_json().encode()
        self.files[f"/{base}/weights.bin"] = program.weights
        self.files[f"/{base}/latents.bin"] = latents.astype("<f4").tobytes()
        at_epoch = {
            "epoch": epoch,
            "program": f"{base}/program.json",
            "weights": f"{base}/weights.bin",
            "latents": f"{base}/latents.bin",
            "map": {**side["map"], "url": f"{base}/latents.bin"},
        }
        side.setdefault("epochs", []).append(at_epoch)

    def add_measure(self, side: dict[str, Any], title: str, values: np.ndarray) -> None:
        """Serve one number for each picture, by which the points of `data.a` can be coloured."""
        url = f"artefacts/runs/{side['run']}/measures/{len(side.get('measures', []))}.bin"
        self.files[f"/{url}"] = values.astype("<f4").tobytes()
        side.setdefault("measures", []).append({"name": title, "title": title, "url": url})


@contextmanager
def serve() -> Iterator[StageSite]:
    """A site on a free port of this machine, until the block ends."""
    site = StageSite(files={"/": PAGE.encode()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, site))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, site: StageSite, *args: Any) -> None:
        self.site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        body = self.site.files.get(path)
        if body is None and path.startswith("/stage/"):
            file = STAGE / path.removeprefix("/stage/")
            body = file.read_bytes() if file.is_file() else None
        self.send_response(200 if body is not None else 404)
        kinds = {
            ".js": "text/javascript",
            ".css": "text/css",
            ".png": "image/png",
            ".json": "application/json",
        }
        kind = "text/html; charset=utf-8" if path == "/" else kinds.get(Path(path).suffix)
        self.send_header("Content-Type", kind or "application/octet-stream")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a test's output is its result."""


def encode(model: Autoencoder, images: np.ndarray) -> np.ndarray:
    """Where uint8 pictures lie, (N, E)."""
    with torch.no_grad():
        return model.embed(model.encode(torch.from_numpy(images).float() / 255)).numpy()


def as_json(data: dict[str, Any]) -> str:
    """What `mountStage` is given, as an expression."""
    return json.dumps(data)
