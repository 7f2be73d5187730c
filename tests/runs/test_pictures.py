"""A run belongs to the pictures it learned from, and never answers for others of the same name."""

import dataclasses
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.data import digest_of, own_pictures
from vizmodels.data.bundled import digits
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.data.own_images import add_own_images, delete_own_images
from vizmodels.errors import InvalidExperiment, OtherPictures
from vizmodels.experiment import Experiment, Training
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import train
from vizmodels.specs import AutoencoderSpec, VAESpec

SPEC = VAESpec(widths=(8,))
ONCE = Training(epochs=1, batch_size=64)


def add(name: str, seed: int) -> ImageSet:
    stream, rng = io.BytesIO(), np.random.default_rng(seed)
    with zipfile.ZipFile(stream, "w") as archive:
        for i in range(12):
            png = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(png, "PNG")
            archive.writestr(f"{'ab'[i % 2]}/{i}.png", png.getvalue())
    return add_own_images(stream, name, image_size=8)


def on_mine(pictures: str = "") -> Experiment:
    return Experiment(dataset="mine", pictures=pictures, model=SPEC, training=ONCE)


def test_a_run_records_the_digest_of_its_pictures_and_keeps_it(tmp_path: Path) -> None:
    experiment = Experiment(dataset="digits", model=SPEC, training=ONCE)
    run, library = train(experiment, device="cpu"), RunLibrary(tmp_path)
    library.save(run)
    assert run.data_digest == digits().digest == digest_of("digits")
    assert library.load(run.id).data_digest == library.record(run.id).data_digest == run.data_digest
    assert "data_digest" not in library.load(run.id).environment


def test_a_run_without_a_digest_goes_on_loading(tmp_path: Path) -> None:
    run = train(Experiment(dataset="digits", model=SPEC, training=ONCE), device="cpu")
    library = RunLibrary(tmp_path)
    library.save(dataclasses.replace(run, data_digest=""))
    assert library.load(run.id).data_digest == library.list()[0].data_digest == ""
    assert Atlas(library).latents(run.id).shape == (1797, 2)


def test_the_digest_of_ones_own_pictures_is_read_and_not_computed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    added = add("mine", 0)
    computed = dataclasses.replace(added, edition="").digest
    monkeypatch.setattr(ImageSet, "digest", property(lambda _: pytest.fail("computed again")))
    assert own_pictures("mine") == digest_of("mine") == computed
    assert own_pictures("digits") == ""


def changed(data: ImageSet, **values: object) -> ImageSet:
    return dataclasses.replace(data, **values)


def small(data: ImageSet) -> ImageSet:
    halves = (ImageSplit(half.images[:, :, :7], half.labels) for half in (data.train, data.test))
    train_half, test_half = halves
    return changed(data, image_shape=(1, 7, 8), train=train_half, test=test_half)


def one_other(data: ImageSet) -> ImageSet:
    images = data.train.images.clone()
    images[0, 0, 0, 0] += 1
    return changed(data, train=ImageSplit(images, data.train.labels))


OTHERS = {
    "name": (
        lambda d: changed(d, name="mnist"),
        r"got those of mnist\. Leave data out, or set",
    ),
    "shape": (small, r"digits, \(1, 8, 8\); got \(1, 7, 8\)\. Leave data out, or give"),
    "one pixel": (one_other, r"whose digest is 3a235053; got [0-9a-f]{8}\. Leave data out, or"),
    "no test picture": (
        lambda d: changed(d, test=ImageSplit(d.test.images[:0], d.test.labels[:0])),
        r"^The split test of digits must be one picture or more; got none\. Add pictures\.$",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), OTHERS.values(), ids=OTHERS)
def test_other_pictures_than_the_experiments_are_refused_before_training(change, sentence) -> None:
    experiment = Experiment(dataset="digits", model=SPEC, training=ONCE)
    with pytest.raises(InvalidExperiment, match=sentence):
        train(experiment, device="cpu", data=change(digits()))


def test_pictures_of_another_digest_than_the_experiment_names_are_refused() -> None:
    digest = add("mine", 0).digest
    assert train(on_mine(digest), device="cpu").data_digest == digest
    with pytest.raises(InvalidExperiment, match=f"whose digest is 00000000; got {digest}"):
        train(on_mine("0" * 8), device="cpu")


def test_a_set_replaced_under_its_name_has_an_identity_of_its_own(tmp_path: Path) -> None:
    library = RunLibrary(tmp_path)
    before = add("mine", 0).digest
    old = train(on_mine(before), device="cpu")
    library.save(old)
    atlas = Atlas(library)
    points, key = atlas.points("mine").pictures.images, atlas.points_key("mine")
    latents = atlas.latents(old.id)
    delete_own_images("mine")
    after = add("mine", 1).digest
    assert after != before and own_pictures("mine") == after
    assert not torch.equal(atlas.points("mine").pictures.images, points)
    assert atlas.points_key("mine") != key
    assert on_mine(after).id != old.id and on_mine(after) not in library
    sentence = re.escape(
        f"The pictures of mine must be those that run {old.id} learned from, whose digest is "
        f"{before}; got others under the same name, {after}. Train it again on these, or choose "
        "another run."
    )
    for ask in (atlas.latents, atlas.reconstructions, atlas.squared_errors):
        with pytest.raises(OtherPictures, match=sentence):
            ask(old.id)
    delete_own_images("mine")
    add("mine", 0)
    np.testing.assert_array_equal(atlas.latents(old.id), latents)


def test_only_ones_own_pictures_enter_the_id_of_an_experiment() -> None:
    plain = Experiment(dataset="mnist", model=AutoencoderSpec())
    assert plain.id == Experiment(dataset="mnist", pictures="", model=AutoencoderSpec()).id
    assert on_mine("0" * 8).id != on_mine("1" * 8).id != on_mine().id
    with pytest.raises(InvalidExperiment, match="pictures must be the 8 hexadecimal digits of an"):
        on_mine("x")
