import gzip
import hashlib
import io
import pickle
import shutil
import struct
import tarfile
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10, MNIST, FashionMNIST

from vizmodels.data import torchvision_sets
from vizmodels.data.torchvision_sets import (
    CIFAR_ARCHIVE,
    CIFAR_FILES,
    CIFAR_FOLDER,
    CLASS_NAMES,
    IDX_FILES,
    DownloadProgress,
    is_on_disk,
    torchvision_set,
)
from vizmodels.errors import DamagedData, DataUnavailable


class Answer(io.BytesIO):
    """What urlopen returns, as far as the code looks at it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.headers = {"Content-Length": str(len(content))}


class Web:
    """A network in which only `pages` exist; remembers what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []

    def open(self, url: str, timeout: float) -> Answer:
        self.asked.append(url)
        assert timeout <= 10
        if url not in self.pages:
            raise urllib.request.URLError("Temporary failure in name resolution")
        return Answer(self.pages[url])


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Web:
    web = Web()
    monkeypatch.setattr(urllib.request, "urlopen", web.open)
    return web


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("LATENTARIUM_DATA", str(folder))
    return folder


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()


def small_mnist() -> dict[str, bytes]:
    """Six train and four test images in the idx format."""
    generator = np.random.default_rng(0)
    contents = {}
    for file, n in zip(IDX_FILES, (6, 6, 4, 4), strict=True):
        shape, high = ((n, 28, 28), 256) if "images" in file else ((n,), 10)
        contents[file] = idx_bytes(generator.integers(0, high, shape, dtype=np.uint8))
    return contents


def write_all(folder: Path, contents: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for file, content in contents.items():
        (folder / file).write_bytes(content)


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def publish_mnist(web: Web, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Puts a small MNIST on the second of two mirrors; the first does not answer."""
    contents = small_mnist()
    packed = {f"{file}.gz": gzip.compress(content) for file, content in contents.items()}
    monkeypatch.setattr(MNIST, "mirrors", ["http://first/", "http://second/"])
    monkeypatch.setattr(MNIST, "resources", [(file, md5(gz)) for file, gz in packed.items()])
    web.pages = {f"http://second/{file}": gz for file, gz in packed.items()}
    return contents


def no_files_in(folder: Path) -> bool:
    return not any(path.is_file() for path in folder.rglob("*"))


# ---- reading -------------------------------------------------------------------------------------


def test_real_mnist_is_what_torchvision_reads(real_data: Path, web: Web):
    image_set = torchvision_set("mnist")
    theirs = MNIST(real_data, train=False)
    assert image_set.train.images.shape == (60_000, 1, 28, 28)
    assert torch.equal(image_set.test.images[:, 0], theirs.data)
    assert torch.equal(image_set.test.labels, theirs.targets)
    assert image_set.class_names == tuple("0123456789")
    assert image_set.train.images.is_contiguous()
    assert web.asked == []


def test_real_mnist_has_the_published_mean_and_deviation(real_data: Path):
    pixels = torchvision_set("mnist").train.images / 255
    assert pixels.mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert pixels.std().item() == pytest.approx(0.3081, abs=5e-5)


def test_reading_leaves_the_data_folder_as_it_was(data: Path, web: Web):
    write_all(data / "MNIST/raw", small_mnist())
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    torchvision_set("mnist")
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before


def test_gz_files_put_there_by_hand_are_read(data: Path, web: Web, monkeypatch: pytest.MonkeyPatch):
    contents = publish_mnist(web, monkeypatch)
    packed = {url.rsplit("/")[-1]: gz for url, gz in web.pages.items()}
    write_all(data / "MNIST/raw", packed)
    assert is_on_disk("mnist")
    image_set = torchvision_set("mnist")
    assert image_set.train.images.numpy().tobytes() == contents[IDX_FILES[0]][16:]
    assert web.asked == []


def test_the_file_names_are_torchvisions():
    for source in (MNIST, FashionMNIST):
        assert [file for file, _ in source.resources] == [f"{file}.gz" for file in IDX_FILES]
    lists = [*CIFAR10.train_list, *CIFAR10.test_list]
    assert (*(file for file, _ in lists), CIFAR10.meta["filename"]) == CIFAR_FILES
    assert (CIFAR10.base_folder, CIFAR10.filename) == (CIFAR_FOLDER, CIFAR_ARCHIVE)


def test_fashion_mnist_names_its_classes_in_torchvisions_order():
    for ours, theirs in zip(CLASS_NAMES["fashion_mnist"], FashionMNIST.classes, strict=True):
        assert theirs.startswith(ours)


# ---- damage --------------------------------------------------------------------------------------


def test_a_truncated_real_mnist_names_the_file_and_both_sizes(
    real_data: Path, data: Path, web: Web
):
    raw = data / "MNIST/raw"
    shutil.copytree(real_data / "MNIST/raw", raw)
    images = raw / "train-images-idx3-ubyte"
    images.chmod(0o644)
    with images.open("r+b") as file:
        file.truncate(1_000_000)
    expected = (
        r"The file .*MNIST/raw/train-images-idx3-ubyte must be 47,040,016 bytes long, as its "
        r"header says; got 1,000,000 bytes\. Delete it, and it will be fetched again\."
    )
    assert not is_on_disk("mnist")
    with pytest.raises(DamagedData, match=expected):
        torchvision_set("mnist")


def overwrite(start: int, new: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content[:start] + new + content[start + len(new) :]


@pytest.mark.parametrize(
    ("file", "damage", "message"),
    [
        (
            "t10k-labels-idx1-ubyte",
            lambda content: content[:5],
            "must be at least 8 bytes long; got 5 bytes. Delete it, and",
        ),
        (
            "t10k-labels-idx1-ubyte",
            lambda content: b"",
            "must be at least 8 bytes long; got 0 bytes. Delete it, and",
        ),
        (
            "train-images-idx3-ubyte",
            overwrite(0, b"<!do"),
            "is 00000803 0000001c 0000001c; got 3c21646f 0000001c 0000001c. Delete it, and",
        ),
        (
            "train-labels-idx1-ubyte",
            lambda content: idx_bytes(np.zeros(5, np.uint8)),
            "must be of 6 labels, one for each image of train-images-idx3-ubyte; got 5 labels. "
            "Delete both, and they will be fetched again.",
        ),
        (
            "train-labels-idx1-ubyte",
            overwrite(10, b"\x2a"),
            "must be 0 to 9; got 42. Delete it, and it will be fetched again.",
        ),
        (
            "train-images-idx3-ubyte",
            lambda content: content + b"x",
            "must be 4,720 bytes long, as its header says; got 4,721 bytes. Delete it, and",
        ),
    ],
    ids=["short", "empty", "magic", "count", "label", "long"],
)
def test_a_damaged_idx_file_is_named_with_what_to_do(
    data: Path, web: Web, file: str, damage: Callable[[bytes], bytes], message: str
):
    contents = small_mnist()
    write_all(data / "MNIST/raw", contents | {file: damage(contents[file])})
    with pytest.raises(DamagedData) as caught:
        torchvision_set("mnist")
    assert str(data / "MNIST/raw" / file) in str(caught.value)
    assert message in str(caught.value)


def test_a_damaged_gz_file_is_told_by_its_md5(data: Path, web: Web):
    write_all(data / "MNIST/raw", {f"{file}.gz": b"not it" for file in IDX_FILES})
    message = r"train-images-idx3-ubyte\.gz must be the original with MD5 f68b3c2d\w+; got 6 bytes"
    with pytest.raises(DamagedData, match=message):
        torchvision_set("mnist")


# ---- the network ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "files", "folder"),
    [
        ("mnist", ", ".join(f"{file}.gz" for file in IDX_FILES), "MNIST/raw"),
        ("fashion_mnist", ", ".join(f"{file}.gz" for file in IDX_FILES), "FashionMNIST/raw"),
        ("cifar10", "cifar-10-python.tar.gz", ""),
    ],
)
def test_without_network_and_files_one_sentence_says_what_to_put_where(
    data: Path, web: Web, name: str, files: str, folder: str
):
    with pytest.raises(DataUnavailable) as caught:
        torchvision_set(name)
    message = str(caught.value)
    assert message.startswith(
        f"The files of {name} must be in {data / folder}; got no answer (Temporary "
    )
    assert f"network and fetch them, or put {files} into {data / folder}." in message
    assert not is_on_disk(name)
    assert no_files_in(data)


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_the_network_is_not_asked_without_leave(data: Path, web: Web, name: str):
    with pytest.raises(DataUnavailable, match=f"The files of {name} must be in .*; got .*, or put"):
        torchvision_set(name, download=False)
    assert web.asked == []
    assert not data.exists()


def test_a_download_comes_from_the_next_mirror_when_one_is_silent(
    data: Path, web: Web, monkeypatch: pytest.MonkeyPatch
):
    contents = publish_mnist(web, monkeypatch)
    image_set = torchvision_set("mnist")
    assert image_set.train.images.numpy().tobytes() == contents[IDX_FILES[0]][16:]
    assert image_set.test.labels.tolist() == list(contents[IDX_FILES[3]][8:])
    assert web.asked[:2] == [f"http://{m}/{IDX_FILES[0]}.gz" for m in ("first", "second")]
    assert is_on_disk("mnist")
    assert sorted(path.name for path in (data / "MNIST/raw").iterdir()) == sorted(IDX_FILES)


def test_a_download_tells_how_far_it_is(data: Path, web: Web, monkeypatch: pytest.MonkeyPatch):
    publish_mnist(web, monkeypatch)
    monkeypatch.setattr(torchvision_sets, "CHUNK_BYTES", 2000)
    seen: list[DownloadProgress] = []
    torchvision_set("mnist", on_progress=seen.append)
    total = len(web.pages[f"http://second/{IDX_FILES[0]}.gz"])
    first = [progress for progress in seen if progress.file == f"{IDX_FILES[0]}.gz"]
    assert [progress.received_bytes for progress in first] == [2000, 4000, total]
    assert {(progress.name, progress.total_bytes) for progress in first} == {("mnist", total)}


def test_only_missing_files_are_fetched(data: Path, web: Web, monkeypatch: pytest.MonkeyPatch):
    contents = publish_mnist(web, monkeypatch)
    write_all(data / "MNIST/raw", {file: contents[file] for file in IDX_FILES[:3]})
    torchvision_set("mnist")
    assert {url.rsplit("/")[-1] for url in web.asked} == {"t10k-labels-idx1-ubyte.gz"}


def test_a_broken_download_leaves_no_file(data: Path, web: Web, monkeypatch: pytest.MonkeyPatch):
    publish_mnist(web, monkeypatch)
    web.pages = {url: gz[:-100] for url, gz in web.pages.items()}
    message = r"got a broken train-images-idx3-ubyte\.gz from second \(wrong MD5\)\. Connect"
    with pytest.raises(DataUnavailable, match=message):
        torchvision_set("mnist")
    assert no_files_in(data)


def test_a_connection_lost_half_way_leaves_no_file(
    data: Path, web: Web, monkeypatch: pytest.MonkeyPatch
):
    publish_mnist(web, monkeypatch)
    monkeypatch.setattr(torchvision_sets, "CHUNK_BYTES", 1000)

    def lose(progress: DownloadProgress) -> None:
        if progress.received_bytes > 2000:
            monkeypatch.setattr(Answer, "read", fail)

    def fail(*_: object) -> bytes:
        raise ConnectionResetError("Connection reset by peer")

    message = r"got no answer \(Connection reset by peer\) from second\. Connect"
    with pytest.raises(DataUnavailable, match=message):
        torchvision_set("mnist", on_progress=lose)
    assert no_files_in(data)


def test_an_answer_that_does_not_end_is_cut_off(
    data: Path, web: Web, monkeypatch: pytest.MonkeyPatch
):
    publish_mnist(web, monkeypatch)
    monkeypatch.setattr(torchvision_sets, "LARGEST_DOWNLOAD", 1000)
    with pytest.raises(DataUnavailable, match="got more than 1,000 bytes from second"):
        torchvision_set("mnist")


def test_a_host_that_never_answers_is_given_up(data: Path, monkeypatch: pytest.MonkeyPatch):
    released = threading.Event()
    monkeypatch.setattr(torchvision_sets, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: released.wait(10))
    with pytest.raises(DataUnavailable, match=r"got no answer \(waited 0\.05 s\) from fashion"):
        torchvision_set("fashion_mnist")
    released.set()


def test_a_data_folder_that_cannot_be_written_is_said(data: Path, web: Web):
    data.write_text("a file where the folder should be")
    message = (
        "The data folder .*MNIST/raw must be writable, so that mnist can be stored in it; "
        r"got Not a directory\. Set LATENTARIUM_DATA to a folder that can be written"
    )
    with pytest.raises(DataUnavailable, match=message):
        torchvision_set("mnist")
    assert web.asked == []


# ---- CIFAR-10 ------------------------------------------------------------------------------------


@pytest.fixture
def cifar_archive(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The real archive's layout with two images a batch; torchvision is told the new MD5s."""
    generator = np.random.default_rng(0)
    contents = {}
    for file in CIFAR_FILES[:-1]:
        pixels = generator.integers(0, 256, (2, 3 * 32 * 32), dtype=np.uint8)
        contents[file] = pickle.dumps({"data": pixels, "labels": [3, 7]})
    contents[CIFAR_FILES[-1]] = pickle.dumps({"label_names": list(CLASS_NAMES["cifar10"])})
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as members:
        for file, content in contents.items():
            member = tarfile.TarInfo(f"{CIFAR_FOLDER}/{file}")
            member.size = len(content)
            members.addfile(member, io.BytesIO(content))
    md5s = [[file, md5(content)] for file, content in contents.items()]
    monkeypatch.setattr(CIFAR10, "train_list", md5s[:5])
    monkeypatch.setattr(CIFAR10, "test_list", md5s[5:6])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": md5s[6][1]})
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(archive.getvalue()))
    return archive.getvalue()


def test_cifar_is_fetched_unpacked_and_read(data: Path, web: Web, cifar_archive: bytes):
    web.pages[CIFAR10.url] = cifar_archive
    image_set = torchvision_set("cifar10")
    assert image_set.train.images.shape == (10, 3, 32, 32)
    assert image_set.test.labels.tolist() == [3, 7]
    assert image_set.class_names[3] == "cat"
    assert image_set.train.images.is_contiguous()
    batch = pickle.loads((data / CIFAR_FOLDER / "test_batch").read_bytes())
    assert image_set.test.images.numpy().tobytes() == batch["data"].tobytes()
    assert sorted(path.name for path in data.rglob("*") if path.is_file()) == sorted(CIFAR_FILES)


def test_a_cifar_archive_put_there_by_hand_is_unpacked(data: Path, web: Web, cifar_archive: bytes):
    write_all(data, {CIFAR_ARCHIVE: cifar_archive})
    assert is_on_disk("cifar10")
    assert len(torchvision_set("cifar10", download=False).test) == 2
    assert web.asked == []


def test_a_wrong_cifar_archive_is_told_by_its_md5(data: Path, web: Web, cifar_archive: bytes):
    write_all(data, {CIFAR_ARCHIVE: cifar_archive[:-1]})
    message = r"cifar-10-python.tar.gz must be the original with MD5 \w+; got .* Delete it, and"
    with pytest.raises(DamagedData, match=message):
        torchvision_set("cifar10")


def test_a_changed_cifar_batch_is_refused_before_it_is_unpickled(
    data: Path, web: Web, cifar_archive: bytes
):
    write_all(data, {CIFAR_ARCHIVE: cifar_archive})
    torchvision_set("cifar10")
    trap = data / "unpickled"
    (data / CIFAR_FOLDER / "data_batch_2").write_bytes(pickle.dumps(Trap(trap)))
    message = r"data_batch_2 must be the original with MD5 \w+; got \d+ bytes with MD5 \w+. Delete"
    with pytest.raises(DamagedData, match=message):
        torchvision_set("cifar10")
    assert not trap.exists()


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return (Path.mkdir, (self.path,))


def test_the_trap_of_the_test_above_does_snap(tmp_path: Path):
    pickle.loads(pickle.dumps(Trap(tmp_path / "unpickled")))
    assert (tmp_path / "unpickled").exists()
