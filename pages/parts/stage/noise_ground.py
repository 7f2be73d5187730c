"""The map under the arrows of the page Denoising, as its browser fetches it."""

import json

import numpy as np

from pages.parts.models.run_kinds import first_map_kind
from pages.parts.process.cache import CACHE
from pages.parts.process.shared import atlas, library
from vizmodels.analysis.maps.projection import project
from vizmodels.analysis.pictures.denoising import embed_all
from vizmodels.stage.axis_names import axis_names

GROUND_FORMAT = 1  # raised when a browser would read the old one wrongly
GROUND_FILE = f"ground-{GROUND_FORMAT}.json"
N_POINTS = 1000  # of the map; encoding all of them would take ten times as long
DIGITS = 4  # of a coordinate


@CACHE.cached
def ground_json(run_id: str, key: str) -> str:
    """The first thousand pictures on the run's map; `key` only tells versions apart.

    `points` are their places, `axes` its two names and `spread` how far latents lie from their mean
    (root mean square); `mean` and `components` are the plane, of a map that is one.
    """
    assert key.startswith(run_id)
    run = atlas().run(run_id)
    images = atlas().points(run.experiment.dataset).pictures.images[:N_POINTS]
    latents = embed_all(run.autoencoder, images)
    shown = project(latents, first_map_kind(library().record(run_id)))
    told: dict[str, object] = {
        "points": [[float(f"{v:.{DIGITS}g}") for v in place] for place in shown.coordinates],
        "axes": axis_names(shown.kind, shown.explained),
        "spread": float(np.linalg.norm(latents.std(axis=0))),
    }
    if shown.mean is not None and shown.components is not None:
        told |= {"mean": shown.mean.tolist(), "components": shown.components.tolist()}
    return json.dumps(told)
