"""Every address that a page gives to the stage is answered, and no other."""

import gzip
import io
import json
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from pages.parts.process import shared
from pages.parts.process.cache import CACHE
from pages.parts.stage.addresses import stage_address
from pages.parts.stage.stage import _model, stage_points
from pages.server import artefacts
from vizmodels.runs.library import RunRecord

CACHES = (shared.library.cache_clear, shared.atlas.cache_clear, CACHE.clear)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunRecord]:
    """The shipped 2-D VAE on `strokes`, which keeps its epochs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTARIUM_HOME", str(tmp_path_factory.mktemp("home")))
        for clear in CACHES:
            clear()
        yield next(
            r
            for r in shared.library().list()
            if r.experiment.model.family == "vae"
            and r.experiment.dataset == "strokes"
            and r.embedding_dim == 2
        )
        for clear in CACHES:
            clear()


def fetch(path: str, encodings: str = "") -> Response:
    asked = [(b"accept-encoding", encodings.encode())]
    scope = {"type": "http", "method": "GET", "path": "/" + path, "headers": asked}
    for route in artefacts.routes():
        if isinstance(route, Route):
            match, more = route.matches(scope)
            if match is Match.FULL:
                return route.endpoint(Request({**scope, **more}))
    raise AssertionError(f"no route for {path}")


def numbers(path: str) -> np.ndarray:
    answer = fetch(path)
    assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"], path
    return np.frombuffer(bytes(answer.body), "<f4")


@pytest.mark.parametrize("kind", ["raw", "pca"])
def test_all_that_a_map_needs_is_there(record: RunRecord, kind: str) -> None:
    side, n = _model(record, kind, "some"), 10_000
    assert len(numbers(side["map"]["url"])) == len(numbers(side["latents"])) == 2 * n
    for measure in side["measures"]:
        values = numbers(measure["url"])
        assert len(values) == n and np.isfinite(values).all() and np.ptp(values) > 0
        assert values.min() >= 0 and values.max() <= 1
    assert [m["name"] for m in side["measures"]] == ["error", "pixels"]


def test_each_epoch_has_its_own_weights_and_its_own_map(record: RunRecord) -> None:
    side = _model(record, "pca", "some")
    epochs = side["epochs"]
    assert epochs[0]["epoch"] == 0 and len(epochs) > 4
    first, last = epochs[0], epochs[-1]
    assert fetch(first["program"]).body == fetch(last["program"]).body
    assert fetch(first["weights"]).body != fetch(last["weights"]).body
    xy, latents = numbers(first["map"]["url"]), numbers(first["latents"])
    plane = json.loads(bytes(fetch(first["map"]["plane"]).body))
    expected = (latents.reshape(-1, 2) - plane["mean"]) @ np.transpose(plane["components"])
    np.testing.assert_allclose(xy.reshape(-1, 2), expected, atol=1e-4)
    np.testing.assert_allclose(numbers(last["map"]["url"]), numbers(side["map"]["url"]), atol=1e-4)


def test_all_pictures_are_served_on_more_sheets(record: RunRecord) -> None:
    some, every = (stage_points(record, extent) for extent in ("some", "all"))
    assert (some["n"], every["n"]) == (10_000, 24_000)
    for points, n_sheets in ((some, 4), (every, 10)):
        for sheet in (0, n_sheets - 1):
            assert fetch(f"{points['url']}/sheet-{sheet}.png").body[1:4] == b"PNG"
        assert fetch(f"{points['url']}/sheet-{n_sheets}.png").status_code == 404
    assert len(numbers(_model(record, "raw", "all")["latents"])) == 48_000


def test_colour_pictures_come_as_thumbnails_and_exact_where_pixels_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images = torch.randint(0, 256, (230, 3, 9, 7), dtype=torch.uint8)
    points = SimpleNamespace(pictures=SimpleNamespace(images=images))
    monkeypatch.setattr(artefacts, "atlas", lambda: SimpleNamespace(points=lambda *_: points))
    CACHE.clear()

    def sheet(of: str, number: int, ending: str) -> tuple[bytes, str] | None:
        return artefacts._sheet("toy", "some", "toy-230-0", of, str(number), ending)

    thumbnails = sheet("sheet", 0, "jpg")
    assert thumbnails is not None and thumbnails[0][:2] == b"\xff\xd8"
    assert thumbnails[1] == "image/jpeg"
    last = sheet("exact", 2, "png")
    assert last is not None and last[1] == "image/png"
    with Image.open(io.BytesIO(last[0])) as picture:
        tile = np.asarray(picture)[2 * 9 :, 9 * 7 :].transpose(2, 0, 1)
    np.testing.assert_array_equal(tile, images[229].numpy())
    for missing in (("sheet", 0, "png"), ("sheet", 1, "jpg"), ("exact", 0, "jpg")):
        assert sheet(*missing) is None
    assert sheet("exact", 3, "png") is None
    CACHE.clear()


def test_the_pictures_most_alike_leave_out_the_one_itself(record: RunRecord) -> None:
    url = stage_points(record, "some")["url"]
    alike = json.loads(bytes(fetch(f"{url}/alike/17.json").body))
    assert len(alike["pictures"]) == 8 and 17 not in alike["pictures"]
    assert alike["squared_errors"] == sorted(alike["squared_errors"])


@pytest.mark.parametrize(
    "path",
    [
        "{run}/none/latents-2.bin",
        "{run}/some/maps/cube.bin",
        "{run}/some/maps/umap.bin",
        "{run}/some/measures/umap.bin",
        "{run}/some/measures/none.bin",
        "{run}/all/measures/pixels.bin",
        "{run}/epochs/7/weights-2.bin",
        "{run}/some/epochs/7/raw/map.bin",
        "{run}/some/epochs/0/umap/map.bin",
        "{run}/some/epochs/0/raw/plane.json",
        "{run}x/some/latents-2.bin",
        "{points}/alike/10000.json",
        "{points}/sheet-x.png",
        "{points}/sheet-0.jpg",
        "{points}/exact-0.png",
        "{points}x/labels.bin",
    ],
)
def test_other_addresses_are_not_found(record: RunRecord, path: str) -> None:
    run = f"artefacts/runs/{shared.atlas().run_key(record.id)}"
    points = stage_points(record, "some")["url"]
    assert fetch(path.format(run=run, points=points)).status_code == 404


@pytest.mark.parametrize("file", ["main.js", "codes_main.js", "sweep_grid.js", "stage.css"])
def test_the_stage_is_the_same_compressed_or_not(file: str) -> None:
    plain, packed = (fetch(f"{stage_address()}/{file}", e) for e in ("", "gzip, br"))
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(bytes(packed.body)) == plain.body
    for answer in (plain, packed):
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["vary"] == "Accept-Encoding"
    assert fetch(f"{stage_address()}/load.js").status_code == 404


def test_numbers_go_out_as_they_are(record: RunRecord) -> None:
    answer = fetch(_model(record, "raw", "some")["latents"], "gzip")
    assert answer.headers["content-encoding"] == "identity"
