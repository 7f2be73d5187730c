"""What the browser is told of a run, its map and the pictures on it: names and addresses."""

import numpy as np

from vizmodels.analysis.codes.code_sampling import code_colours
from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.analysis.maps.kinds import Extent, ProjectionKind
from vizmodels.analysis.maps.projection import Projection
from vizmodels.export.sprite import COLUMNS, EXACT_COLUMNS, EXACT_TILES, SHEET_TILES
from vizmodels.figures.codes import hex_colours
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.runs.library import RunRecord
from vizmodels.specs import DiscreteVAESpec
from vizmodels.stage.axis_names import axis_names, latent_axis_names
from vizmodels.stage.files import LATENTS_FILE, PROGRAM_FILE, WEIGHTS_FILE


def describe_points(atlas: Atlas, record: RunRecord, extent: Extent) -> dict[str, object]:
    """What the browser is told of the pictures on a run's map."""
    dataset = record.experiment.dataset
    points = atlas.points(dataset, extent)
    images = atlas.data(atlas.run(record.id))
    exact = {"columns": EXACT_COLUMNS, "tiles": EXACT_TILES}
    return {
        "url": f"artefacts/points/{atlas.points_key(dataset, extent)}",
        "n": len(points),
        "n_test": points.n_test,
        "image_shape": list(images.image_shape),
        "columns": COLUMNS,
        "sheet_tiles": SHEET_TILES,
        "exact": exact if images.image_shape[0] == 3 else None,
        "class_names": list(images.class_names),
        "factor_names": list(images.factor_names),
        "has_labels": points.pictures.labels is not None,
    }


def describe_model(
    atlas: Atlas, record: RunRecord, projection: Projection, extent: Extent
) -> dict[str, object]:
    """What the browser is told of a run and one of its maps."""
    kind = projection.kind
    base = f"artefacts/runs/{atlas.run_key(record.id)}"
    of_pictures = f"{base}/{extent}"
    shown: dict[str, object] = {"kind": kind, "url": f"{of_pictures}/maps/{kind}.bin"}
    names = latent_axis_names(record)
    shown["axes"] = names[:2] if kind == "raw" and names else axis_names(kind, projection.explained)
    if projection.mean is not None and projection.components is not None:
        shown["mean"] = projection.mean.tolist()
        shown["components"] = projection.components.tolist()
    return {
        "run": record.id,
        "title": record.title,
        "latent_dim": record.embedding_dim,
        "axis_names": names,
        "posterior_sigmas": _sigmas(atlas, record),
        "program": f"{base}/{PROGRAM_FILE}",
        "weights": f"{base}/{WEIGHTS_FILE}",
        "latents": f"{of_pictures}/{LATENTS_FILE}",
        "codes": describe_codes(atlas, record),
        "map": shown,
        "groups": _groups(record),
        "measures": _measures(record, kind, extent, of_pictures),
        "epochs": _epochs(atlas, record, kind, shown, base, of_pictures),
    }


def describe_codes(atlas: Atlas, record: RunRecord) -> dict[str, object] | None:
    """What the browser is told of a VQ-VAE's codes; None for a model without."""
    model = atlas.run(record.id).model
    if not isinstance(model, VQVAE):
        return None
    colours = [word[1:] for word in hex_colours(code_colours(model))]
    return {"grid": list(model.grid), "colours": colours}


def _sigmas(atlas: Atlas, record: RunRecord) -> list[float] | None:
    """Root mean square width of the posteriors on each axis, where the model has posteriors."""
    variances = atlas.posterior_variances(record.id)
    return None if variances is None else [round(sigma, 4) for sigma in np.sqrt(variances).tolist()]


def _groups(record: RunRecord) -> list[int]:
    """Numbers of classes of a discrete VAE's variables, which are its first axes."""
    spec = record.experiment.model
    return [spec.n_classes] * spec.n_variables if isinstance(spec, DiscreteVAESpec) else []


def _measures(
    record: RunRecord, kind: ProjectionKind, extent: Extent, base: str
) -> list[dict[str, str]]:
    """What the points can be coloured by, beside classes and factors; fetched when it is."""
    names = {"error": "squared error"}
    if extent == "some":
        names["pixels"] = "pixel neighbours kept"
        if record.embedding_dim > 2 or kind not in ("raw", "pca"):
            names[kind] = "latent neighbours kept by the map"
    return [
        {"name": name, "title": title, "url": f"{base}/measures/{name}.bin"}
        for name, title in names.items()
    ]


def _epochs(
    atlas: Atlas,
    record: RunRecord,
    kind: ProjectionKind,
    shown: dict[str, object],
    base: str,
    of_pictures: str,
) -> list[dict[str, object]]:
    """The run after each of its epochs that are kept, in the form of `describe_model`."""
    if kind not in ("raw", "pca"):
        return []
    epochs: list[dict[str, object]] = []
    for epoch in atlas.epochs(record.id):
        on_map = f"{of_pictures}/epochs/{epoch}/{kind}"
        place = {"kind": kind, "axes": shown["axes"], "url": f"{on_map}/map.bin"}
        if kind == "pca":
            place["plane"] = f"{on_map}/plane.json"
        epochs.append(
            {
                "epoch": epoch,
                "program": f"{base}/epochs/{epoch}/{PROGRAM_FILE}",
                "weights": f"{base}/epochs/{epoch}/{WEIGHTS_FILE}",
                "latents": f"{on_map}/{LATENTS_FILE}",
                "map": place,
            }
        )
    return epochs
