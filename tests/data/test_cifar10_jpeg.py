"""CIFAR-10 from its archive of JPEG files: whole and mixed, kept once decoded, never trusted."""

import io
import tarfile
import time
import urllib.request
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vizmodels import data as data_module
from vizmodels import places
from vizmodels.data import cifar10_jpeg as module
from vizmodels.data import is_available, load_dataset
from vizmodels.data.cifar10_jpeg import CLASSES, LARGEST_MEMBER, load_cifar10_jpeg
from vizmodels.data.image_set import ImageSet
from vizmodels.data.torchvision_sets import CIFAR_ARCHIVE, CIFAR_FILES, CIFAR_FOLDER
from vizmodels.errors import DamagedData, DataUnavailable

N_PER_CLASS = {"train": 4, "test": 3}
SLOWEST = 60.0  # s for 60,000 pictures; about 10 s on two free cores
SLOWEST_FROM_CACHE = 3.0  # s; about 0.3 s

Entries = dict[str | tarfile.TarInfo, bytes]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, for a set of a few pictures per class; nothing may be downloaded."""
    monkeypatch.setenv("LATENTARIUM_DATA", str(tmp_path))
    monkeypatch.setattr(module, "N_PER_CLASS", N_PER_CLASS)
    monkeypatch.setattr(data_module, "_kept", OrderedDict())

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("the network was asked")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    return tmp_path


def jpeg(colour: tuple[int, int, int] | int = (9, 9, 9), size: tuple[int, int] = (32, 32)) -> bytes:
    stream = io.BytesIO()
    mode = "L" if isinstance(colour, int) else "RGB"
    Image.new(mode, size, colour).save(stream, "JPEG", quality=95, subsampling=0)
    return stream.getvalue()


def colour_of(split: str, label: int, number: int) -> tuple[int, int, int]:
    """One of its own for each picture, and far enough from the next for JPEG's rounding."""
    return (20 * label + 10, 40 * number + 20, 60 if split == "train" else 180)


def pictures() -> Entries:
    return {
        f"{split}/{name}/{number:04}.jpg": jpeg(colour_of(split, label, number))
        for split, n in N_PER_CLASS.items()
        for label, name in enumerate(CLASSES)
        for number in range(n)
    }


def write_tar(folder: Path, entries: Entries, with_folders: bool = True) -> Path:
    path = folder / "cifar10-jpeg.tar"
    with tarfile.open(path, "w") as archive:
        if with_folders:
            for name in ("train", "train/cat", "test"):
                member = tarfile.TarInfo(name)
                member.type = tarfile.DIRTYPE
                archive.addfile(member)
        for name, content in entries.items():
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def same(a: ImageSet, b: ImageSet) -> bool:
    return all(
        torch.equal(getattr(getattr(a, split), key), getattr(getattr(b, split), key))
        for split in ("train", "test")
        for key in ("images", "labels")
    )


def kept_files() -> list[Path]:
    return [path for path in places.cache_folder().rglob("*") if path.is_file()]


def only_kept_file() -> Path:
    (path,) = kept_files()
    return path


def refuse_to_decode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_decode", lambda *_: pytest.fail("a picture was decoded"))


# ---- what comes out ------------------------------------------------------------------------------


def test_every_picture_is_there_once_with_its_label_in_the_sets_own_class_order(folder: Path):
    write_tar(folder, pictures())
    image_set = load_dataset("cifar10")
    assert image_set.class_names == (
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    )
    for name, split in (("train", image_set.train), ("test", image_set.test)):
        n = N_PER_CLASS[name]
        assert split.images.shape == (10 * n, 3, 32, 32)
        assert split.images.dtype == torch.uint8
        assert split.images.is_contiguous()
        assert split.labels is not None
        found = np.c_[split.labels.numpy(), split.images.numpy()[:, :, 16, 16]]
        expected = [(k, *colour_of(name, k, i)) for k in range(10) for i in range(n)]
        in_order = found[np.lexsort((found[:, 2], found[:, 0]))]  # by label, then number
        np.testing.assert_array_equal(in_order[:, 0], [row[0] for row in expected])
        np.testing.assert_allclose(in_order, expected, atol=3)


def test_rows_columns_and_channels_are_as_in_the_picture(folder: Path):
    drawn = Image.new("RGB", (32, 32), (0, 0, 0))
    drawn.paste((250, 0, 0), (16, 0, 32, 16))  # red, at the top right
    stream = io.BytesIO()
    drawn.save(stream, "JPEG", quality=95, subsampling=0)
    write_tar(folder, dict.fromkeys(pictures(), stream.getvalue()))
    picture = load_cifar10_jpeg().train.images[0]
    assert picture[:, 8, 24].tolist() == pytest.approx([250, 0, 0], abs=5)
    assert picture[:, 24, 8].tolist() == pytest.approx([0, 0, 0], abs=5)
    assert picture[:, 24, 24].tolist() == pytest.approx([0, 0, 0], abs=5)


def test_the_first_pictures_are_of_mixed_classes(folder: Path):
    write_tar(folder, pictures())
    image_set = load_cifar10_jpeg()
    for split in (image_set.train, image_set.test):
        assert split.labels is not None
        assert len(split.labels[:10].unique()) >= 5


def test_the_order_is_always_the_same_whatever_the_archives_order(folder: Path):
    write_tar(folder, pictures())
    first = load_cifar10_jpeg()
    only_kept_file().unlink()
    write_tar(folder, dict(reversed(pictures().items())), with_folders=False)
    assert same(first, load_cifar10_jpeg())


def test_the_set_says_that_these_are_not_its_own_files(folder: Path):
    write_tar(folder, pictures())
    image_set = load_dataset("cifar10")
    assert image_set.name == "cifar10"
    assert image_set.source == "CIFAR-10's pictures re-encoded as JPEG (cifar10-jpeg.tar)"
    assert load_dataset("digits").source == ""


def test_all_60000_real_pictures_are_read_and_then_kept(real_data: Path):
    start = time.perf_counter()
    image_set = load_cifar10_jpeg()
    decoded = time.perf_counter()
    again = load_cifar10_jpeg()
    read = time.perf_counter()
    assert same(image_set, again)
    assert decoded - start < SLOWEST
    assert read - decoded < SLOWEST_FROM_CACHE
    assert torch.bincount(image_set.train.labels).tolist() == [5000] * 10
    assert torch.bincount(image_set.test.labels).tolist() == [1000] * 10
    # The published mean and deviation of CIFAR-10's training pictures, per channel
    pixels = image_set.train.images.transpose(0, 1).flatten(1) / 255
    assert pixels.mean(1).tolist() == pytest.approx([0.4914, 0.4822, 0.4465], abs=2e-3)
    assert pixels.std(1).tolist() == pytest.approx([0.2470, 0.2435, 0.2616], abs=5e-3)


# ---- which source --------------------------------------------------------------------------------


def test_the_archive_makes_the_set_available_without_the_network(folder: Path):
    assert not is_available("cifar10")
    write_tar(folder, pictures())
    assert is_available("cifar10")
    assert not is_available("mnist")
    assert len(load_dataset("cifar10", download=True).test) == 30


def test_torchvisions_own_files_win(folder: Path, monkeypatch: pytest.MonkeyPatch):
    write_tar(folder, pictures())
    from_jpeg = load_dataset("cifar10")
    (folder / CIFAR_FOLDER).mkdir()
    for file in CIFAR_FILES:
        (folder / CIFAR_FOLDER / file).write_bytes(b"")
    own = ImageSet("cifar10", (3, 32, 32), CLASSES, (), from_jpeg.train, from_jpeg.test)
    monkeypatch.setattr(data_module, "torchvision_set", lambda *_, **__: own)
    assert load_dataset("cifar10") is own
    for file in CIFAR_FILES:
        (folder / CIFAR_FOLDER / file).unlink()
    assert load_dataset("cifar10").source == from_jpeg.source


def test_torchvisions_archive_put_there_by_hand_wins_too(folder: Path):
    write_tar(folder, pictures())
    (folder / CIFAR_ARCHIVE).write_bytes(b"not it")
    with pytest.raises(DamagedData, match="must be the original with MD5"):
        load_dataset("cifar10")


def test_another_archive_in_its_place_is_another_set(folder: Path):
    write_tar(folder, pictures())
    first = load_dataset("cifar10")
    assert load_dataset("cifar10") is first
    write_tar(folder, dict.fromkeys(pictures(), jpeg((200, 200, 200))))
    assert load_dataset("cifar10").train.images.unique().tolist() == [200]


def test_an_archive_that_has_gone_is_said(folder: Path):
    message = (
        r"^The file .*cifar10-jpeg\.tar must be readable; got No such file or directory\. "
        "Put it back, or connect"
    )
    with pytest.raises(DataUnavailable, match=message):
        load_cifar10_jpeg()


# ---- the cache -----------------------------------------------------------------------------------


def test_the_second_call_decodes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch):
    write_tar(folder, pictures())
    first = load_cifar10_jpeg()
    assert only_kept_file().suffix == ".safetensors"
    refuse_to_decode(monkeypatch)
    again = load_cifar10_jpeg()
    assert same(first, again)
    assert again.source == first.source


@pytest.mark.parametrize("damage", ["cut", "changed byte", "empty", "something else"])
def test_a_damaged_cache_file_is_made_again_and_replaced(folder: Path, damage: str):
    write_tar(folder, pictures())
    first = load_cifar10_jpeg()
    path = only_kept_file()
    good = path.read_bytes()
    middle = len(good) // 2
    damaged = {
        "cut": good[:middle],
        "changed byte": good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :],
        "empty": b"",
        "something else": b"PK\x03\x04" * 100,
    }
    path.write_bytes(damaged[damage])
    assert same(first, load_cifar10_jpeg())
    assert only_kept_file().read_bytes() == good


def test_a_cache_folder_that_cannot_be_made_is_not_fatal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    blocked = folder / "a file, not a folder"
    blocked.write_text("")
    monkeypatch.setenv("LATENTARIUM_HOME", str(blocked))
    write_tar(folder, pictures())
    assert len(load_cifar10_jpeg().train) == 40


# ---- an archive that is not what it should be ----------------------------------------------------


def of_kind(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


SHAPE = "an archive of files train/<class>/NNNN.jpg and test/<class>/NNNN.jpg"
WHOLE = "an archive of whole 32×32 RGB JPEGs"
CAT = "train/cat/0001.jpg"


@pytest.mark.parametrize(
    ("extra", "rule", "got"),
    [
        ({"../train/cat/0001.jpg": jpeg()}, SHAPE, "../train/cat/0001.jpg"),
        ({"/etc/passwd": b"x"}, SHAPE, "/etc/passwd"),
        ({"train/cat/1.jpg": jpeg()}, SHAPE, "train/cat/1.jpg"),
        ({"train/cat/0001.jpg\n": jpeg()}, SHAPE, "train/cat/0001.jpg?"),
        ({"train/cat/٠٠٠١.jpg": jpeg()}, SHAPE, "train/cat/٠٠٠١.jpg"),
        ({"train/zebra/0001.jpg": jpeg()}, SHAPE, "train/zebra/0001.jpg"),
        ({of_kind(CAT, tarfile.SYMTYPE, "/etc/passwd"): b""}, SHAPE, CAT),
        ({of_kind(CAT, tarfile.LNKTYPE, "train/cat/0000.jpg"): b""}, SHAPE, CAT),
        ({of_kind(CAT, tarfile.FIFOTYPE): b""}, SHAPE, CAT),
        ({of_kind(CAT, tarfile.DIRTYPE): b""}, SHAPE, CAT),
        (
            {"train/cat/0004.jpg": jpeg()},
            "an archive of train pictures 0000 to 0003",
            "train/cat/0004.jpg",
        ),
        (
            {CAT: jpeg() + bytes(LARGEST_MEMBER)},
            "an archive of pictures of 1 to 16,384 bytes",
            f"{len(jpeg()) + LARGEST_MEMBER:,} in {CAT}",
        ),
        ({CAT: b""}, "an archive of pictures of 1 to 16,384 bytes", f"0 in {CAT}"),
        ({CAT: jpeg(size=(33, 32))}, WHOLE, f"33×32 RGB in {CAT}"),
        ({CAT: jpeg(40)}, WHOLE, f"32×32 L in {CAT}"),
        ({CAT: jpeg()[:-20]}, WHOLE, f"a broken {CAT}"),
        ({CAT: b"GIF89a" + bytes(50)}, WHOLE, f"a broken {CAT}"),
    ],
)
def test_a_hostile_or_damaged_member_is_told_in_one_sentence_and_nothing_is_kept(
    folder: Path, extra: Entries, rule: str, got: str
):
    entries = pictures()
    del entries[CAT]
    path = write_tar(folder, extra | entries)
    with pytest.raises(DamagedData) as caught:
        load_dataset("cifar10")
    assert str(caught.value) == (
        f"The file {path} must be {rule}; got {got}. "
        "Replace it by a whole one, or delete it, and CIFAR-10 itself will be fetched."
    )
    assert kept_files() == []


def test_a_picture_whose_header_claims_a_huge_size_is_not_decoded(folder: Path):
    small = jpeg()
    at = small.index(b"\xff\xc0") + 5  # height and width in the frame header
    huge = small[:at] + b"\xff\xff\xff\xff" + small[at + 4 :]
    write_tar(folder, pictures() | {CAT: huge})
    with pytest.raises(DamagedData, match=f"RGB JPEGs; got a huge picture in {CAT}"):
        load_cifar10_jpeg()


def test_a_picture_that_is_there_twice_is_refused(folder: Path):
    write_tar(folder, pictures() | {tarfile.TarInfo(CAT): jpeg()})
    with pytest.raises(DamagedData, match=f"every picture once; got {CAT} twice"):
        load_cifar10_jpeg()


def test_a_missing_picture_is_noticed(folder: Path):
    entries = pictures()
    del entries[CAT]
    write_tar(folder, entries)
    with pytest.raises(DamagedData, match=r"of 40 \+ 30 pictures; got 69\. Replace it"):
        load_cifar10_jpeg()
    assert kept_files() == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda tar: tar[:-20_000], "got unexpected end of data|got [0-9]+\\."),
        (lambda tar: tar[: len(tar) // 1024 * 512], "got unexpected end of data|got [0-9]+\\."),
        (lambda tar: b"", "must be a whole .tar archive; got empty file"),
        (lambda tar: b"\x1f\x8b" + tar, "must be a whole .tar archive; got "),
        (lambda tar: tar[:700] + b"\xff" * 300 + tar[1000:], "must be .*; got "),
    ],
    ids=["cut", "cut between members", "empty", "not a tar", "scribbled over"],
)
def test_a_damaged_archive_is_told_in_one_sentence_and_nothing_is_kept(
    folder: Path, damage: Callable[[bytes], bytes], message: str
):
    path = write_tar(folder, pictures())
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedData, match=message) as caught:
        load_dataset("cifar10")
    assert str(caught.value).startswith(f"The file {path} must be ")
    assert kept_files() == []


def test_an_archive_beyond_any_real_one_is_not_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "LARGEST_TAR", 10_000)
    write_tar(folder, pictures())
    with pytest.raises(DamagedData, match=r"must be at most 10,000 bytes long; got [0-9,]+\. Repl"):
        load_cifar10_jpeg()
