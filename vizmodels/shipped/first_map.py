"""The map that Home shows first, as files under the addresses that a browser asks for.

`python -m vizmodels.shipped` builds `assets/first_map/` from the shipped run. Serving it
needs neither torch nor the image set; a test computes it again and compares.
"""

import json
import shutil
from pathlib import Path

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.analysis.maps.kinds import Extent, ProjectionKind
from vizmodels.export.latent_bytes import latent_bytes
from vizmodels.export.layer_program import layer_program
from vizmodels.export.sprite import SHEET_TILES, sprite_sheet
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary, RunRecord
from vizmodels.stage.description import describe_model, describe_points
from vizmodels.stage.files import LATENTS_FILE, PROGRAM_FILE, WEIGHTS_FILE

FOLDER = ASSETS / "first_map"
DESCRIPTIONS = "descriptions.json"
DATASET, FAMILIES, N_AXES = "strokes", ("vae", "autoencoder"), 2
KIND: ProjectionKind = "raw"
EXTENT: Extent = "some"


def first_runs(library: RunLibrary) -> list[RunRecord]:
    """The run that Home shows first and the one that stands beside it: both of two axes."""
    return [
        next(
            record
            for record in library.list()
            if record.experiment.dataset == DATASET
            and record.experiment.model.family == family
            and record.embedding_dim == N_AXES
        )
        for family in FAMILIES
    ]


def build(library: RunLibrary, folder: Path = FOLDER) -> None:
    """Write the files of the first map, in place of what was there."""
    files = first_map_files(Atlas(library), first_runs(library))
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def first_map_files(atlas: Atlas, records: list[RunRecord]) -> dict[str, bytes]:
    """Name of each file, which is its address, and what is in it."""
    points = describe_points(atlas, records[0], EXTENT)
    files = _files_of_points(atlas, str(points["url"]))
    models: dict[str, object] = {}
    for record in records:
        models[f"{atlas.run_key(record.id)}/{EXTENT}/{KIND}"] = describe_model(
            atlas, record, atlas.projection(record.id, KIND, extent=EXTENT), EXTENT
        )
        files |= _files_of_run(atlas, record)
    told = {
        "points": {f"{DATASET}/{EXTENT}": points},
        "runs": [record.id for record in records],
        "models": models,
    }
    files[DESCRIPTIONS] = json.dumps(told, indent=1, ensure_ascii=False).encode()
    return files


def _files_of_points(atlas: Atlas, base: str) -> dict[str, bytes]:
    pictures = atlas.points(DATASET, EXTENT).pictures
    images = pictures.images.numpy()
    assert pictures.labels is not None and pictures.factors is not None
    files = {
        f"{base}/sheet-{at // SHEET_TILES}.png": sprite_sheet(images[at : at + SHEET_TILES])
        for at in range(0, len(images), SHEET_TILES)
    }
    files[f"{base}/labels.bin"] = pictures.labels.numpy().astype("u1").tobytes()
    files[f"{base}/factors.bin"] = pictures.factors.numpy().astype("<f4").tobytes()
    return files


def _files_of_run(atlas: Atlas, record: RunRecord) -> dict[str, bytes]:
    base = f"artefacts/runs/{atlas.run_key(record.id)}"
    model = atlas.run(record.id).model
    program = layer_program(model)
    projection = atlas.projection(record.id, KIND, extent=EXTENT)
    return {
        f"{base}/{PROGRAM_FILE}": program.to_json().encode(),
        f"{base}/{WEIGHTS_FILE}": program.weights,
        f"{base}/{EXTENT}/{LATENTS_FILE}": latent_bytes(model, atlas.latents(record.id, EXTENT)),
        f"{base}/{EXTENT}/maps/{KIND}.bin": projection.coordinates.astype("<f4").tobytes(),
    }
