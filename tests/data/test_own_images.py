import io
import stat
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file

from vizmodels import places
from vizmodels.bounds import APP_BOUNDS, ImageBounds
from vizmodels.data import picture_source
from vizmodels.data.own_images import (
    add_own_images,
    delete_own_images,
    load_own_images,
    own_image_names,
)
from vizmodels.data.picture_source import ImportProgress
from vizmodels.errors import DamagedData, ImagesRejected, UnknownDataset

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(colour: object = RED, size: tuple[int, int] = (20, 20), mode: str = "RGB") -> bytes:
    return encoded(Image.new(mode, size, colour))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def zip_of(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream


def two_classes(n: int = 20) -> dict[str, bytes]:
    """n pictures of each of two classes; picture i of 'red' has red level i, 'blue' likewise."""
    reds = {f"red/{i:03}.png": picture((i, 0, 99)) for i in range(n)}
    return reds | {f"blue/{i:03}.png": picture((99, 0, i)) for i in range(n)}


def written(folder: Path, entries: dict[str, bytes]) -> Path:
    for name, content in entries.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def rejection(source: Path | io.BytesIO, name: str = "mine", **options: Any) -> str:
    """The sentence with which the source is refused; nothing may be stored."""
    with pytest.raises(ImagesRejected) as caught:
        add_own_images(source, name, **options)
    folder = places.home_folder() / "images"
    assert not folder.exists() or not any(folder.iterdir())
    return str(caught.value)


def only(image: bytes, suffix: str = "png", size: int = 16) -> NDArray[np.uint8]:
    """The one picture as it is after import, (C, size, size)."""
    image_set = add_own_images(zip_of({f"1.{suffix}": image, f"2.{suffix}": image}), "one")
    delete_own_images("one")
    assert torch.equal(image_set.train.images, image_set.test.images)
    return image_set.train.images[0].numpy()


# ---- what comes out ------------------------------------------------------------------------------


def test_real_jpegs_of_a_folder_per_class_become_a_colour_set(real_data: Path, tmp_path: Path):
    with tarfile.open(real_data / "cifar10-jpeg.tar") as tar:
        wanted = {f"train/{c}/{i:04}.jpg" for c in ("cat", "ship") for i in range(10)}
        contents = {}
        for member in tar:
            if member.name in wanted:
                content = tar.extractfile(member)
                assert content is not None
                contents[member.name.removeprefix("train/")] = content.read()
            if len(contents) == len(wanted):
                break
    image_set = add_own_images(written(tmp_path / "pets", contents), "pets")
    assert image_set.image_shape == (3, 32, 32)
    assert image_set.class_names == ("cat", "ship")
    assert (len(image_set.train), len(image_set.test)) == (18, 2)
    pixels = {
        np.asarray(Image.open(io.BytesIO(jpeg))).transpose(2, 0, 1).tobytes(): name.split("/")[0]
        for name, jpeg in contents.items()
    }
    for split in (image_set.train, image_set.test):
        for image, label in zip(split.images, split.labels.tolist(), strict=True):
            assert pixels[image.numpy().tobytes()] == image_set.class_names[label]


def test_a_tenth_of_each_class_is_for_testing():
    image_set = add_own_images(zip_of(two_classes(20)), "mine", image_size=8)
    assert torch.bincount(image_set.test.labels).tolist() == [2, 2]
    assert torch.bincount(image_set.train.labels).tolist() == [18, 18]


def test_every_picture_keeps_its_label():
    image_set = add_own_images(zip_of(two_classes(20)), "mine", image_size=8)
    for split in (image_set.train, image_set.test):
        is_red = split.images[:, 2, 0, 0] == 99  # by construction; blue ones have red level 99
        assert image_set.class_names == ("blue", "red")
        undecided = split.images[:, 0, 0, 0] == split.images[:, 2, 0, 0]
        assert torch.equal(is_red.long()[~undecided], split.labels[~undecided])


def test_folder_and_zip_in_any_order_give_the_same_set(tmp_path: Path):
    entries = two_classes(20)
    backwards = {f"wrapped/{name}": entries[name] for name in reversed(entries)}
    first = add_own_images(written(tmp_path / "folder", entries), "first", image_size=8)
    second = add_own_images(zip_of(backwards, zipfile.ZIP_DEFLATED), "second", image_size=8)
    assert torch.equal(first.train.images, second.train.images)
    assert torch.equal(first.test.labels, second.test.labels)


def test_a_zip_on_the_disk_is_read_like_an_open_one(tmp_path: Path):
    path = tmp_path / "pictures.zip"
    path.write_bytes(zip_of(two_classes()).getvalue())
    from_disk = add_own_images(path, "disk", image_size=8)
    assert torch.equal(
        from_disk.test.images,
        add_own_images(zip_of(two_classes()), "open", image_size=8).test.images,
    )


def test_folders_train_and_test_are_kept_as_the_split():
    entries = {f"train/{c}/{i}.png": picture(RED) for c in "ab" for i in range(3)}
    entries |= {f"test/{c}/{i}.png": picture(BLUE) for c in "bc" for i in range(2)}
    image_set = add_own_images(zip_of(entries), "mine", image_size=8)
    assert image_set.class_names == ("a", "b", "c")
    assert sorted(image_set.train.labels.tolist()) == [0, 0, 0, 1, 1, 1]
    assert sorted(image_set.test.labels.tolist()) == [1, 1, 2, 2]
    assert image_set.test.images[:, :, 0, 0].unique(dim=0).tolist() == [list(BLUE)]


def test_train_and_test_without_classes_have_no_labels():
    image_set = add_own_images(
        zip_of({"train/1.png": picture(RED), "train/2.png": picture(RED), "test/3.png": picture()}),
        "mine",
    )
    assert (len(image_set.train), len(image_set.test)) == (2, 1)
    assert image_set.train.labels is None


@pytest.mark.parametrize("top", ["", "flowers/"])
def test_pictures_without_classes_have_no_labels(top: str):
    image_set = add_own_images(zip_of({f"{top}{i}.png": picture() for i in range(5)}), "mine")
    assert image_set.train.labels is None
    assert image_set.class_names == ()
    assert (len(image_set.train), len(image_set.test)) == (4, 1)


def test_a_single_picture_of_each_class_still_leaves_one_for_testing():
    image_set = add_own_images(zip_of({"a/1.png": picture(), "b/1.png": picture()}), "mine")
    assert (len(image_set.train), len(image_set.test)) == (1, 1)


def test_hidden_files_of_the_system_are_passed_over(tmp_path: Path):
    junk = ["__MACOSX/red/._000.png", ".DS_Store", "red/Thumbs.db", "desktop.ini", ".git/config"]
    entries = two_classes(2) | dict.fromkeys(junk, b"junk")
    assert len(add_own_images(zip_of(entries), "zip").train) == 2
    assert len(add_own_images(written(tmp_path, entries), "folder").train) == 2


# ---- what is done to a picture -------------------------------------------------------------------


def test_grey_pictures_have_one_channel_whatever_their_file_says():
    grey = Image.fromarray(np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1)))
    entries = {"1.png": encoded(grey), "2.jpg": encoded(grey.convert("RGB"), "JPEG")}
    image_set = add_own_images(zip_of(entries), "mine")
    assert image_set.image_shape == (1, 32, 32)
    assert np.abs(image_set.train.images[0, 0].numpy() - np.asarray(grey).astype(int)).max() <= 3


def test_one_coloured_picture_makes_the_set_coloured():
    entries = {f"{i}.png": picture(120, mode="L") for i in range(99)} | {"c.png": picture(RED)}
    assert add_own_images(zip_of(entries), "mine").image_shape == (3, 32, 32)


def test_a_picture_of_the_asked_size_is_not_touched():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert np.array_equal(only(encoded(Image.fromarray(pixels))), pixels.transpose(2, 0, 1))


def test_the_central_square_is_kept():
    pixels = np.zeros((32, 96, 3), np.uint8)
    pixels[:, 32:64] = RED
    assert only(encoded(Image.fromarray(pixels)))[:, :, [0, -1]].reshape(3, -1).T.tolist() == [
        list(RED)
    ] * (2 * 32)


def test_shrinking_is_antialiased():
    checks = (np.indices((320, 320)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert np.abs(only(encoded(Image.fromarray(checks))).astype(int) - 127).max() <= 2


def test_a_picture_lying_on_its_side_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn a quarter clockwise to show
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, :16] = 255  # stored bright to the left
    turned = only(encoded(Image.fromarray(pixels), exif=exif))
    assert turned[0, 8, 16] == 255  # shown bright above
    assert turned[0, 24, 16] == 0


def test_what_is_transparent_becomes_black():
    pixels = np.full((32, 32, 4), 255, np.uint8)
    pixels[:16, :, 3] = 0
    pixels[16:, :, 3] = 128
    shown = only(encoded(Image.fromarray(pixels)))
    assert shown[0, 0, 0] == 0
    assert shown[0, 31, 0] == pytest.approx(128, abs=1)


def test_a_transparent_colour_of_a_palette_becomes_black():
    image = Image.new("P", (32, 32), 1)
    image.putpalette([0, 0, 0, *RED])
    assert only(encoded(image, transparency=1)).max() == 0


def test_sixteen_bits_are_scaled_not_clipped():
    pixels = np.full((32, 32), 0x8000, np.uint16)
    assert only(encoded(Image.fromarray(pixels))).reshape(-1).tolist() == [0x80] * 32 * 32


@pytest.mark.parametrize(
    "name", ["PNG.png", "JPEG.JPG", "JPEG.jpeg", "GIF.gif", "BMP.bmp", "WEBP.webp", "TIFF.tif"]
)
def test_every_allowed_format_is_read(name: str):
    kind, suffix = name.split(".")
    shown = only(encoded(Image.new("RGB", (40, 40), RED), kind), suffix)
    assert np.abs(shown[:, 16, 16].astype(int) - RED).max() <= 4


def test_of_an_animation_the_first_picture_is_taken():
    frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, BLUE)]
    gif = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.abs(only(gif, "gif")[:, 0, 0].astype(int) - RED).max() <= 4


def test_large_files_are_read_by_several_threads_to_the_same_result(
    monkeypatch: pytest.MonkeyPatch,
):
    source = zip_of(two_classes(100))
    alone = add_own_images(source, "alone", image_size=8)
    monkeypatch.setattr(picture_source, "SMALL_FILE_BYTES", 0)
    monkeypatch.setattr(picture_source, "N_THREADS", 4)
    assert torch.equal(
        add_own_images(source, "threads", image_size=8).train.images, alone.train.images
    )


def test_the_import_tells_how_far_it_is():
    seen: list[ImportProgress] = []
    add_own_images(zip_of(two_classes(50)), "mine", on_progress=seen.append)
    assert seen == [ImportProgress("mine", 64, 100), ImportProgress("mine", 100, 100)]


# ---- keeping -------------------------------------------------------------------------------------


@pytest.mark.parametrize("entries", [two_classes(4), {f"{i}.png": picture() for i in range(4)}])
def test_what_was_added_is_what_is_loaded(entries: dict[str, bytes]):
    added = add_own_images(zip_of(entries), "mine", image_size=12)
    loaded = load_own_images("mine")
    assert (loaded.name, loaded.class_names) == ("mine", added.class_names)
    for ours, theirs in ((loaded.train, added.train), (loaded.test, added.test)):
        assert torch.equal(ours.images, theirs.images)
        assert (ours.labels is None) == (theirs.labels is None)
        assert ours.labels is None or torch.equal(ours.labels, theirs.labels)


def test_only_the_two_files_of_a_set_are_kept():
    add_own_images(zip_of(two_classes(2)), "mine")
    folder = places.home_folder() / "images"
    assert sorted(path.name for path in folder.iterdir()) == [
        ".lock",
        "mine.json",
        "mine.safetensors",
    ]


def test_own_sets_are_listed_until_deleted():
    for name in ("zebra", "apes"):
        add_own_images(zip_of(two_classes(2)), name)
    assert own_image_names() == ("apes", "zebra")
    delete_own_images("apes")
    assert own_image_names() == ("zebra",)
    assert not list((places.home_folder() / "images").glob("apes*"))


@pytest.mark.parametrize("act", [load_own_images, delete_own_images])
@pytest.mark.parametrize("name", ["never", "../secret", "zebra.json"])
def test_a_name_that_was_not_added_is_unknown(act: Callable[[str], object], name: str):
    add_own_images(zip_of(two_classes(2)), "zebra")
    secret = places.home_folder() / "secret.json"
    secret.write_text("{}")
    with pytest.raises(UnknownDataset) as caught:
        act(name)
    assert str(caught.value) == (
        f"The own image set must be one of zebra; got {name}. Add its pictures under that name."
    )
    assert secret.exists()


def damage_missing(path: Path) -> None:
    path.unlink()


def damage_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def damage_json(path: Path) -> None:
    path.with_suffix(".json").write_text('{"class_names": ["a"')


def damage_list(path: Path) -> None:
    path.with_suffix(".json").write_text("[]")


def damage_labels(path: Path) -> None:
    images = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    save_file({"images": images, "labels": torch.tensor([0, 1, 2, 3])}, path)


def damage_dtype(path: Path) -> None:
    save_file({"images": torch.zeros(4, 1, 8, 8)}, path)


@pytest.mark.parametrize(
    "damage",
    [damage_missing, damage_half, damage_json, damage_list, damage_labels, damage_dtype],
)
def test_a_damaged_own_set_is_said_and_can_be_deleted(damage: Callable[[Path], None]):
    add_own_images(zip_of(two_classes(2)), "mine")
    damage(places.home_folder() / "images" / "mine.safetensors")
    message = (
        r"The own image set .*mine\.safetensors must be as it was stored; got .*\. "
        r"Delete this image set on the page Train, under Kept on this machine, and "
        r"add its pictures again\."
    )
    with pytest.raises(DamagedData, match=message):
        load_own_images("mine")
    delete_own_images("mine")
    assert own_image_names() == ()


def test_a_home_that_cannot_be_written_is_said():
    (places.home_folder() / "images").write_text("a file where the folder should be")
    message = (
        r"The folder .*images must be writable and have room; got .*\. Free some space, or set"
    )
    with pytest.raises(ImagesRejected, match=message):
        add_own_images(zip_of(two_classes(2)), "mine")


# ---- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", "Flowers", "my flowers", "../x", "a/b", "-x", "x" * 41, "mnist", "strokes", "é"]
)
def test_a_name_must_be_a_new_slug(name: str):
    message = rejection(zip_of(two_classes(2)), name)
    assert "The name of an image set must be 1 to 40 lowercase letters, digits, - and _" in message
    assert f"and not a built-in one; got {name}. Choose another, for example my-fl" in message


def test_a_taken_name_is_refused():
    add_own_images(zip_of(two_classes(2)), "mine")
    message = "The name of an image set must be new; got mine. Delete the old one on the page"
    with pytest.raises(ImagesRejected, match=message):
        add_own_images(zip_of(two_classes(2)), "mine")


@pytest.mark.parametrize("size", [7, 65])
def test_the_image_size_is_bounded(size: int):
    message = rejection(zip_of(two_classes(2)), image_size=size, bounds=APP_BOUNDS)
    assert message == (
        f"The image size must be 8 to 64 pixels; got {size}. Choose a size in that range."
    )


@pytest.mark.parametrize(
    ("file", "remedy"),
    [
        ("red/notes.txt", "Take it out and try again."),
        ("red/drawing.svg", "Take it out and try again."),
        ("red/README", "Take it out and try again."),
        ("red/more.zip", "Unpack it into the folder first."),
    ],
)
def test_a_file_that_is_no_picture_is_named(file: str, remedy: str, tmp_path: Path):
    entries = two_classes(2) | {file: b"hello"}
    expected = (
        "Each file must be a picture (.png, .jpg, .jpeg, .gif, .bmp, .webp, .tif, .tiff); "
        f"got {file}. {remedy}"
    )
    assert rejection(zip_of(entries)) == expected
    assert rejection(written(tmp_path, entries)) == expected


PNG = picture()
BROKEN_PICTURES = {
    "text": b"this is not a picture",
    "empty": b"",
    "cut": PNG[: len(PNG) // 2],
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    "deep": encoded(Image.new("F", (9, 9)), "TIFF"),
    "pdf": encoded(Image.new("RGB", (9, 9)), "PDF"),
    "icon": encoded(Image.new("RGB", (16, 16)), "ICO"),
}


@pytest.mark.parametrize("kind", BROKEN_PICTURES)
def test_a_picture_that_is_none_inside_is_named(kind: str):
    entries = two_classes(2) | {f"red/{kind}.png": BROKEN_PICTURES[kind]}
    assert rejection(zip_of(entries)) == (
        "Each picture must be whole and one of PNG, JPEG, GIF, BMP, WEBP, TIFF; "
        f"got red/{kind}.png. Take it out, or save it anew."
    )


@pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
def test_a_decompression_bomb_is_refused_by_its_header(side: int):
    bomb = bytearray(PNG)
    bomb[16:24] = struct.pack(">II", side, side)
    bomb[29:33] = struct.pack(">I", zlib.crc32(bytes(bomb[12:29])))  # the header's checksum
    message = rejection(zip_of(two_classes(2) | {"red/bomb.png": bytes(bomb)}))
    assert message == (
        "Each picture must be at most 50,000,000 pixels; got more in red/bomb.png. Make it smaller."
    )


def test_a_file_too_long_for_a_picture_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(picture_source, "MAX_PICTURE_BYTES", 1000)
    message = rejection(zip_of(two_classes(2) | {"red/x.bmp": bytes(1001)}))
    assert "must be at most 1,000 bytes long; got 1,001 in red/x.bmp. Make it smaller." in message


def test_a_zip_that_unpacks_to_far_more_is_refused():
    bomb = zip_of({"1.bmp": bytes(10_000_000), "2.bmp": PNG}, zipfile.ZIP_DEFLATED)
    message = rejection(bomb, bounds=APP_BOUNDS)
    assert "The .zip file must be at most 2,097,152,000 bytes and 100:1 when unpacked" in message
    assert "The .zip file must be at most 100:1 when unpacked; got 10,000,0" in rejection(bomb)
    assert "got 10,000,0" in message
    assert message.endswith("Store the pictures as PNG or JPEG.")


def test_the_total_when_unpacked_is_bounded():
    message = rejection(zip_of(two_classes(2)), bounds=ImageBounds(unpacked_bytes=100))
    assert "at most 100 bytes and 100:1 when unpacked" in message


def test_an_entry_longer_than_it_says_is_not_inflated():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.png", PNG + bytes(50_000_000))
        archive.writestr("2.png", PNG)
    true_length, said_length = (struct.pack("<I", len(PNG) + n) for n in (50_000_000, 0))
    lying = io.BytesIO(content.getvalue().replace(true_length, said_length))
    with picture_source.picture_files(lying) as files:
        tracemalloc.start()
        with pytest.raises(zipfile.BadZipFile):
            files[0].read()
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak_bytes < 1_000_000
    assert "got 1.png. Take it out, or save it anew." in rejection(lying)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_that_cannot_be_bounded_are_refused(method: int):
    assert rejection(zip_of(two_classes(2), method)) == (
        f"Each entry must be stored or deflated; got method {method} for red/000.png. "
        "Pack the folder with the usual compression."
    )


@pytest.mark.parametrize(
    "path", ["../up.png", "a/../../up.png", "/etc/up.png", "C:/up.png", "..\\up.png", "C:up.png"]
)
def test_a_path_that_climbs_out_is_refused(path: str):
    assert rejection(zip_of(two_classes(2) | {path: PNG})) == (
        f"Each entry must be a path inside the .zip file; got {path.replace(chr(92), '/')}. "
        "Pack the folder with relative paths."
    )


def test_a_link_in_a_zip_is_refused():
    stream = zip_of(two_classes(2))
    with zipfile.ZipFile(stream, "a") as archive:
        link = zipfile.ZipInfo("red/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert rejection(stream) == (
        "Each entry must be an ordinary file or folder; got red/link.png. "
        "Replace links by the pictures they point to."
    )


def test_a_link_in_a_folder_is_refused(tmp_path: Path):
    folder = written(tmp_path / "folder", two_classes(2))
    (folder / "red/link.png").symlink_to(written(tmp_path, {"outside.png": PNG}) / "outside.png")
    assert "ordinary file or folder; got red/link.png. Replace links" in rejection(folder)


def test_an_encrypted_zip_is_refused():
    content = bytearray(zip_of({"1.png": PNG, "2.png": PNG}).getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1  # the flag that says so, in both headers
    assert rejection(io.BytesIO(bytes(content))) == (
        "Each entry must be unencrypted; got 1.png. Pack the folder again, without a password."
    )


def test_an_upload_is_bounded():
    message = rejection(zip_of(two_classes(20)), bounds=ImageBounds(upload_bytes=1000))
    assert "The .zip file must be at most 1,000 bytes long; got " in message
    assert message.endswith("bytes. Take some pictures out, or make them smaller.")


def test_the_limits_are_those_of_the_design():
    assert APP_BOUNDS.upload_bytes == 200 * 1024 * 1024
    assert APP_BOUNDS.n_images == 100_000
    assert APP_BOUNDS.largest_side == 64


def test_the_library_alone_takes_larger_pictures_than_the_app():
    image_set = add_own_images(zip_of(two_classes(2)), "mine", image_size=65)
    assert image_set.image_shape == (3, 65, 65)


def test_the_entries_of_a_zip_are_counted_before_they_are_listed():
    message = "The .zip file must be of at most 30 entries; got 40. Take some pictures out."
    assert rejection(zip_of(two_classes(20)), bounds=ImageBounds(n_images=10)) == message


def test_too_many_pictures_are_refused():
    message = "The source must be 2 to 30 pictures; got 40. Take some pictures out."
    assert rejection(zip_of(two_classes(20)), bounds=ImageBounds(n_images=30)) == message


@pytest.mark.parametrize("entries", [{}, {"1.png": PNG}, {".DS_Store": b""}])
def test_too_few_pictures_are_refused(entries: dict[str, bytes], tmp_path: Path):
    n = sum(name.endswith(".png") for name in entries)
    expected = f"The source must be 2 to 100,000 pictures; got {n}. Add pictures."
    assert rejection(zip_of(entries), bounds=APP_BOUNDS) == expected
    assert rejection(written(tmp_path, entries), bounds=APP_BOUNDS) == expected
    unbounded = f"The source must be 2 pictures or more; got {n}. Add pictures."
    assert rejection(zip_of(entries)) == unbounded


@pytest.mark.parametrize("content", [b"", b"hello", zip_of(two_classes()).getvalue()[:-30]])
def test_a_file_that_is_no_zip_is_refused(content: bytes, tmp_path: Path):
    path = tmp_path / "pictures.zip"
    path.write_bytes(content)
    for source in (path, io.BytesIO(content)):
        message = rejection(source)
        assert "The source must be a folder or a .zip file; got something else (" in message
        assert message.endswith("). Pack the folder of pictures into a .zip.")


def test_a_source_that_does_not_exist_is_refused(tmp_path: Path):
    message = rejection(tmp_path / "nowhere")
    assert "The source must be a folder or a .zip file; got something else ([Errno 2]" in message


@pytest.mark.parametrize("odd", ["stray.png", "red/deeper/1.png"])
def test_pictures_at_different_depths_are_refused(odd: str):
    message = rejection(zip_of(two_classes(2) | {odd: PNG}))
    assert "The pictures must be in a folder per class, in train/<class> and test/<class>, or" in (
        message
    )
    assert message.endswith(f"got {odd}. Move it beside the others.")


def test_a_long_or_unprintable_name_does_not_come_back():
    message = rejection(zip_of(two_classes(2) | {"\x1b[31m" + "x" * 9000 + ".txt": b""}))
    assert "got ?[31mxxx" in message
    assert len(message) < 250


def test_the_stream_of_an_upload_stays_open():
    stream = zip_of(two_classes(2))
    add_own_images(stream, "mine")
    assert not stream.closed
