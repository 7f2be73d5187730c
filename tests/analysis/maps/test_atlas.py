import dataclasses
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from vizmodels import data as image_sets
from vizmodels.analysis.maps import atlas as atlases
from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.data import load_dataset
from vizmodels.errors import UnknownRun
from vizmodels.experiment import Experiment, Training
from vizmodels.keyed_cache import KeyedCache, n_bytes
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train
from vizmodels.specs import AutoencoderSpec
from vizmodels.training.evaluation import encode_all


@pytest.fixture(scope="module")
def run() -> Run:
    experiment = Experiment(
        dataset="digits",
        model=AutoencoderSpec(backbone="linear", latent_dim=3),
        training=Training(epochs=1, solver="closed_form"),
    )
    return train(experiment, device="cpu")


@pytest.fixture
def atlas(run: Run, tmp_path: Path) -> Atlas:
    library = RunLibrary(tmp_path / "runs")
    library.save(run)
    return Atlas(library)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the atlas has computed what."""
    counted: Counter[str] = Counter()

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def count(*args: Any, **kwargs: Any) -> Any:
            counted[name] += 1
            return function(*args, **kwargs)

        return count

    for name in ("encode_all", "reconstruct", "project", "map_points"):
        monkeypatch.setattr(atlases, name, counting(name, getattr(atlases, name)))
    return counted


def retrained(run: Run) -> Run:
    """The same experiment with other weights, as training it again on a GPU may give."""
    model = train(run.experiment, device="cpu").model
    with torch.no_grad():
        model.encoder[-1].weight.mul_(1.5)
    return dataclasses.replace(run, model=model)


def test_everything_is_computed_once(atlas: Atlas, run: Run, calls: Counter[str]) -> None:
    for _ in range(3):
        atlas.latents(run.id)
        atlas.projection(run.id, "pca")
        atlas.reconstructions(run.id)
        atlas.points("digits")
    assert calls == {"encode_all": 1, "reconstruct": 1, "project": 1, "map_points": 1}


def test_a_run_is_read_from_disk_once(atlas: Atlas, run: Run) -> None:
    assert atlas.run(run.id) is atlas.run(run.id)


def test_many_who_ask_at_once_share_one_computation(
    atlas: Atlas, run: Run, calls: Counter[str]
) -> None:
    together = threading.Barrier(8)

    def ask(_: int) -> np.ndarray:
        together.wait()
        return atlas.latents(run.id)

    with ThreadPoolExecutor(8) as pool:
        first, *others = pool.map(ask, range(8))
    assert all(other is first for other in others)
    assert calls["encode_all"] == 1


def test_runs_that_are_not_there_leave_nothing_in_memory(tmp_path: Path) -> None:
    cache = KeyedCache(1 << 20)
    atlas = Atlas(RunLibrary(tmp_path), cache)
    for i in range(10_000):
        with pytest.raises(UnknownRun):
            atlas.run_key(f"{i:010x}")
    assert (len(cache), cache.n_running) == (0, 0)


def test_latents_are_those_of_the_pictures_on_the_map(atlas: Atlas, run: Run) -> None:
    data = load_dataset("digits")
    images = torch.cat([data.test.images, data.train.images])
    assert torch.equal(atlas.points("digits").pictures.images, images)
    np.testing.assert_array_equal(atlas.latents(run.id), encode_all(run.model, images).numpy())


def test_reconstructions_are_of_test_pictures_only(atlas: Atlas, run: Run) -> None:
    originals = (atlas.reconstructions(run.id).originals * 255).round()
    np.testing.assert_array_equal(originals, load_dataset("digits").test.images.numpy())


def test_maps_of_two_and_three_axes_are_kept_apart(atlas: Atlas, run: Run) -> None:
    shapes = [atlas.projection(run.id, "pca", n).coordinates.shape for n in (2, 3, 2)]
    assert shapes == [(1797, 2), (1797, 3), (1797, 2)]


def test_an_unknown_run_is_refused_and_not_remembered(atlas: Atlas, run: Run) -> None:
    atlas.library.delete(run.id)
    with pytest.raises(UnknownRun):
        atlas.latents(run.id)
    atlas.library.save(run)
    assert len(atlas.latents(run.id)) == 1797


def test_the_key_of_a_run_changes_with_its_weights(atlas: Atlas, run: Run) -> None:
    before = atlas.run_key(run.id)
    assert before.startswith(run.id)
    atlas.library.save(retrained(run))
    assert atlas.run_key(run.id) != before, "as another process may have done"


def test_a_run_that_was_trained_again_is_never_answered_for_by_the_one_before(
    atlas: Atlas, run: Run
) -> None:
    before, latents = atlas.run(run.id), atlas.latents(run.id).copy()
    atlas.library.save(retrained(run))
    assert atlas.run(run.id) is not before
    assert np.abs(atlas.latents(run.id) - latents).max() > 0.1
    atlas.library.delete(run.id)
    with pytest.raises(UnknownRun):
        atlas.latents(run.id)


def test_the_key_of_a_run_is_the_same_in_every_process(atlas: Atlas, run: Run) -> None:
    assert Atlas(atlas.library).run_key(run.id) == atlas.run_key(run.id)


def test_forgetting_drops_all_that_is_kept_about_a_run(
    atlas: Atlas, run: Run, calls: Counter[str]
) -> None:
    before = atlas.latents(run.id).copy()
    atlas.projection(run.id, "pca")
    atlas.library.save(retrained(run))
    atlas.forget(run.id)
    assert np.abs(atlas.latents(run.id) - before).max() > 0.1
    atlas.projection(run.id, "pca")
    assert calls["project"] == 2 and calls["encode_all"] == 2
    assert calls["map_points"] == 1, "the pictures are not the run's"


def test_the_key_of_an_image_set_changes_with_its_pictures(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, data = atlas.data_key("digits"), load_dataset("digits")
    assert before.startswith("digits-") and len(before) == len("digits-") + 8
    images = data.train.images.clone()
    images[0, 0, 0, 0] += 1
    other = dataclasses.replace(data, train=dataclasses.replace(data.train, images=images))
    for module in (atlases, image_sets):
        monkeypatch.setattr(module, "load_dataset", lambda *_, **__: other)
    assert atlas.data_key("digits") != before


def test_the_key_of_drawn_pictures_is_known_before_they_are_drawn(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the pictures are drawn for their key")

    monkeypatch.setattr(atlases, "load_dataset", refuse)
    key = atlas.data_key("strokes")
    monkeypatch.undo()
    assert key == f"strokes-{load_dataset('strokes').digest}"


def test_memory_is_bounded_and_what_was_used_last_stays(
    atlas: Atlas, run: Run, calls: Counter[str]
) -> None:
    together = (atlas.run(run.id), atlas.points("digits"), atlas.latents(run.id))
    cache = KeyedCache(sum(map(n_bytes, together)) + 2000)  # and their keys
    atlas = Atlas(atlas.library, cache)
    calls.clear()
    atlas.latents(run.id)  # keeps all three
    atlas.reconstructions(run.id)
    assert cache.n_bytes <= cache.max_bytes
    atlas.reconstructions(run.id)
    atlas.points("digits")
    assert calls == {"map_points": 2, "encode_all": 1, "reconstruct": 1}, "the points had to go"
