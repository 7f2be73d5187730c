import errno
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from vizmodels.errors import DamagedRun, NewerRun, ReadOnlyRun, UnknownRun, UnreadableRun
from vizmodels.files import LOCK_FILE
from vizmodels.runs.library import FILES, RunLibrary
from vizmodels.runs.records import RECORD_FILES, RUN_FORMAT
from vizmodels.runs.run import Run


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "runs")


def rewrite(folder: Path, name: str, change: Callable[[dict], object]) -> None:
    """Change a JSON file through a function of what it holds."""
    values = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps(change(values)))


def reshape_weights(folder: Path) -> None:
    weights = load_file(folder / "weights.safetensors")
    save_file({k: w[:-1].clone() for k, w in weights.items()}, folder / "weights.safetensors")


def drop_weight(folder: Path) -> None:
    weights = load_file(folder / "weights.safetensors")
    weights.popitem()
    save_file(weights, folder / "weights.safetensors")


def spoil_weight(folder: Path) -> None:
    weights = load_file(folder / "weights.safetensors")
    weights["decoder.0.bias"][3] = torch.nan
    save_file(weights, folder / "weights.safetensors")


def pickle_history(folder: Path) -> None:
    np.savez(folder / "history.npz", names=np.array([{"a": 1}], dtype=object), allow_pickle=True)


def history_of_one_array(folder: Path) -> None:
    with (folder / "history.npz").open("wb") as file:
        np.save(file, np.zeros(3))


def ragged_history(folder: Path) -> None:
    with np.load(folder / "history.npz") as arrays:
        kept = dict(arrays)
    np.savez(folder / "history.npz", **{**kept, "steps": kept["steps"][:1]})


def flat_history(folder: Path) -> None:
    with np.load(folder / "history.npz") as arrays:
        kept = dict(arrays)
    np.savez(folder / "history.npz", **{**kept, "train_rows": np.float64(1.0)})


def small_preview(folder: Path) -> None:
    Image.new("L", (7, 7)).save(folder / "preview.png")


def in_evaluation(**values: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        rewrite(folder, "evaluation.json", lambda old: {**old, **values})

    return damage


def text(name: str, content: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(content) and None


OF_THE_RECORD = {
    "experiment is not JSON": (text("experiment.json", "{"), "experiment must be JSON; got .*"),
    "experiment is empty": (text("experiment.json", ""), "experiment must be JSON; got .*"),
    "experiment is another one": (
        lambda f: rewrite(f, "experiment.json", lambda e: {**e, "dataset": "mnist"}),
        "the experiment of run [0-9a-f]{12}",
    ),
    "evaluation is not JSON": (text("evaluation.json", "{"), "Expecting property name .*"),
    "evaluation is a list": (text("evaluation.json", "[]"), ".*"),
    "evaluation is nested too deeply": (text("evaluation.json", "[" * 100_000), ".*recursion.*"),
    "evaluation has no image shape": (text("evaluation.json", '{"loss": 1}'), "'image_shape'"),
    "evaluation has half an image shape": (in_evaluation(image_shape=[1, 8]), ".*"),
    "evaluation has an endless image": (in_evaluation(image_shape=[1, 8, float("inf")]), ".*"),
    "evaluation is no number": (in_evaluation(loss="low"), "could not convert string to float.*"),
    "evaluation is not finite": (
        in_evaluation(loss=float("nan")),
        "an evaluation that is not finite",
    ),
    "environment is not JSON": (text("environment.json", "no"), "Expecting value.*"),
    "environment is a list": (
        text("environment.json", "[]"),
        "an environment that is not a JSON object",
    ),
}

OF_THE_REST = {
    "image shape is another": (in_evaluation(image_shape=[1, 9, 9]), "Error.* in loading .*"),
    "image shape is empty": (in_evaluation(image_shape=[0, 8, 8]), r"model\.latent_dim must be .*"),
    "image shape is negative": (in_evaluation(image_shape=[-1, -8, 8]), ".*"),
    "weights are cut": (
        lambda f: (f / "weights.safetensors").write_bytes(
            (f / "weights.safetensors").read_bytes()[:-20]
        ),
        "Error while deserializing.*",
    ),
    "weights are empty": (text("weights.safetensors", ""), "Error while deserializing.*"),
    "weights have other shapes": (reshape_weights, "Error.* in loading .*"),
    "a weight is missing": (drop_weight, "Error.* in loading .*"),
    "a weight is not a number": (spoil_weight, "a weight is not a finite number"),
    "history is empty": (text("history.npz", ""), ".*"),
    "history is text": (text("history.npz", "hello"), ".*pickled.*"),
    "history is cut": (
        lambda f: (f / "history.npz").write_bytes((f / "history.npz").read_bytes()[:-30]),
        "File is not a zip file",
    ),
    "history is a pickle": (pickle_history, ".*allow_pickle=False.*"),
    "history is one array": (history_of_one_array, ".*"),
    "history has too few steps": (ragged_history, "rows and columns of the history do not match"),
    "history has a number for a table": (flat_history, ".*"),
    "preview is text": (text("preview.png", "hello"), "cannot identify image file .*"),
    "preview has another size": (small_preview, "cannot reshape array .*"),
}

SENTENCE = (
    "Run {id} must be whole and readable; got {found}. Train it again, restore its folder, or move "
    "it aside on the page Train, under Kept on this machine."
)


def sentence_of(run: Run, found: str) -> str:
    fixed = SENTENCE.format(id=run.id, found="@").replace(".", r"\.")
    return f"^{fixed.replace('@', f'(?:{found})')}$"


@pytest.mark.parametrize("name", FILES)
def test_a_run_without_one_of_its_files_is_damaged(
    library: RunLibrary, run: Run, name: str
) -> None:
    (library.save(run) / name).unlink()
    with pytest.raises(DamagedRun, match=sentence_of(run, f"no {name}")):
        library.load(run.id)


@pytest.mark.parametrize(
    ("damage", "found"), [*OF_THE_RECORD.values(), *OF_THE_REST.values()],
    ids=[*OF_THE_RECORD, *OF_THE_REST],
)  # fmt: skip
def test_a_run_with_a_damaged_file_is_told_in_one_sentence_and_left_where_it_is(
    library: RunLibrary, run: Run, damage: Callable[[Path], None], found: str
) -> None:
    folder = library.save(run)
    damage(folder)
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(DamagedRun, match=sentence_of(run, found)) as error:
        library.load(run.id)
    assert library.unreadable == {run.id: error.value}
    assert library.find(run.experiment) is None
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == content
    assert {path.name for path in library.path.iterdir()} == {run.id, LOCK_FILE}


@pytest.mark.parametrize(("damage", "found"), OF_THE_RECORD.values(), ids=OF_THE_RECORD)
def test_a_damaged_run_is_left_out_of_the_list_and_reported(
    library: RunLibrary, run: Run, other_run: Run, damage: Callable[[Path], None], found: str
) -> None:
    damage(library.save(run))
    library.save(other_run)
    assert [record.id for record in library.list()] == [other_run.id]
    assert list(library.unreadable) == [run.id]
    assert [record.id for record in RunLibrary(library.path).list()] == [other_run.id]
    assert (library.path / run.id).is_dir()


@pytest.mark.parametrize("name", FILES)
def test_a_run_without_one_of_its_files_is_not_fatal_to_the_list(
    library: RunLibrary, run: Run, other_run: Run, name: str
) -> None:
    (library.save(run) / name).unlink()
    library.save(other_run)
    assert [record.id for record in library.list()] == [other_run.id]


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_or_changed_anywhere_is_damage_or_harmless(
    library: RunLibrary, run: Run, name: str
) -> None:
    whole = (library.save(run) / name).read_bytes()
    rng = np.random.default_rng(0)
    broken = [whole[:length] for length in np.linspace(0, len(whole) - 1, 12, dtype=int)]
    for _ in range(40):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] ^= int(rng.integers(1, 256))
        broken.append(bytes(changed))
    outcomes = set()
    for content in broken:
        (library.save(run) / name).write_bytes(content)
        assert len(library.list()) <= 1
        try:
            if run.experiment in library:
                library.load(run.id)
            outcomes.add("harmless")
        except (DamagedRun, NewerRun):
            outcomes.add("damaged")
    assert "damaged" in outcomes


def test_a_picture_that_would_unpack_to_gigabytes_is_refused(
    library: RunLibrary, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO()
    Image.new("L", (1000, 1000)).save(buffer, "png")
    (library.save(run) / "preview.png").write_bytes(buffer.getvalue())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(DamagedRun, match=r"exceeds limit of 2000 pixels"):
        library.load(run.id)


def test_a_damaged_shipped_run_is_reported_and_left_where_it_is(
    tmp_path: Path, run: Run, other_run: Run
) -> None:
    folder = RunLibrary(tmp_path / "shipped").save(run)
    (folder / "evaluation.json").unlink()
    library = RunLibrary(tmp_path / "runs", shipped=tmp_path / "shipped")
    library.save(other_run)
    assert [record.id for record in library.list()] == [other_run.id]
    assert list(library.unreadable) == [run.id]
    with pytest.raises(ReadOnlyRun):
        library.set_aside(run.id)
    assert folder.is_dir()
    with pytest.raises(DamagedRun, match=r"no evaluation\.json"):
        library.load(run.id)


def test_a_damaged_run_is_moved_aside_when_it_is_asked_and_never_over_another(
    library: RunLibrary, run: Run
) -> None:
    aside = library.path / "damaged"
    for place in (aside / run.id, aside / f"{run.id}-2", aside / f"{run.id}-3"):
        (library.save(run) / "preview.png").unlink()
        assert library.set_aside(run.id) == place
        assert not (library.path / run.id).exists()
    assert len(list(aside.iterdir())) == 3
    assert {path.name for path in place.iterdir()} == set(FILES) - {"preview.png"}
    with pytest.raises(UnknownRun):
        library.set_aside(run.id)


def test_a_run_that_can_be_read_after_all_is_not_moved_aside(library: RunLibrary, run: Run) -> None:
    folder = library.save(run)
    (folder / "preview.png").rename(folder / "elsewhere.png")
    assert library.list() == []
    (folder / "elsewhere.png").rename(folder / "preview.png")
    assert library.set_aside(run.id) is None
    assert [record.id for record in library.list()] == [run.id]
    assert library.unreadable == {}


def test_a_damaged_run_that_is_trained_again_is_kept_aside(library: RunLibrary, run: Run) -> None:
    (library.save(run) / "preview.png").unlink()
    library.save(run)
    assert library.load(run.id).id == run.id
    assert not (library.path / "damaged" / run.id / "preview.png").exists()
    assert (library.path / "damaged" / run.id / "weights.safetensors").is_file()


def test_a_run_set_aside_can_be_put_back(library: RunLibrary, run: Run) -> None:
    folder = library.save(run)
    kept = (folder / "preview.png").read_bytes()
    (folder / "preview.png").unlink()
    aside = library.set_aside(run.id)
    assert aside is not None and library.list() == []
    (aside / "preview.png").write_bytes(kept)
    shutil.move(aside, folder)
    assert library.load(run.id).id == run.id


LATER = {
    "family": (
        lambda f: rewrite(f, "experiment.json", lambda e: {**e, "model": {"family": "gan"}}),
        r"model\.family gan",
    ),
    "field": (
        lambda f: rewrite(f, "experiment.json", lambda e: {**e, "augment": True}),
        "augment True",
    ),
    "field of the model": (
        lambda f: rewrite(
            f, "experiment.json", lambda e: {**e, "model": {**e["model"], "flow": "planar"}}
        ),
        "flow planar",
    ),
    "choice": (
        lambda f: rewrite(
            f, "experiment.json", lambda e: {**e, "training": {**e["training"], "solver": "lion"}}
        ),
        "solver lion",
    ),
    "format": (
        lambda f: rewrite(f, "environment.json", lambda e: {**e, "format": RUN_FORMAT + 1}),
        "files of a later format",
    ),
}


@pytest.mark.parametrize(("change", "found"), LATER.values(), ids=LATER)
def test_what_a_later_version_wrote_is_not_taken_for_damage(
    library: RunLibrary, run: Run, change: Callable[[Path], None], found: str
) -> None:
    folder = library.save(run)
    change(folder)
    sentence = (
        f"^Run {run.id} must be of a kind that this version knows; got {found}. "
        r"Update the app; the run is as a later version wrote it\.$"
    )
    for read in (library.load, library.record, library.set_aside):
        with pytest.raises(NewerRun, match=sentence):
            read(run.id)
    with pytest.raises(NewerRun):  # else it would be trained again, and replaced
        library.find(run.experiment)
    assert library.list() == []
    assert isinstance(library.unreadable[run.id], NewerRun)
    assert folder.is_dir()


FAILURES = {
    "too many open files": OSError(errno.EMFILE, "Too many open files"),
    "a disk's hiccup": OSError(errno.EIO, "Input/output error"),
    "no right to read": PermissionError(errno.EACCES, "Permission denied"),
    "a full memory": MemoryError(),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("name", [n for n in FILES if n != "preview.png"])
def test_what_only_this_machine_cannot_read_now_is_reported_and_read_the_next_time(
    library: RunLibrary, run: Run, monkeypatch: pytest.MonkeyPatch, failure: Exception, name: str
) -> None:
    library.save(run)
    read_bytes = Path.read_bytes

    def fail(path: Path) -> bytes:
        if path.name == name:
            raise failure
        return read_bytes(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", fail)
        for read in (library.load, library.set_aside):
            with pytest.raises(UnreadableRun, match=f"^Run {run.id} must be readable on") as error:
                read(run.id)
            assert not isinstance(error.value, DamagedRun)
        if name in RECORD_FILES:
            assert library.list() == []
            assert isinstance(library.unreadable[run.id], UnreadableRun)
        with pytest.raises(UnreadableRun):
            library.find(run.experiment)
    assert [record.id for record in library.list()] == [run.id]
    assert library.load(run.id).id == run.id
    assert library.unreadable == {}


def test_exhausted_file_handles_cost_no_run(tmp_path: Path, run: Run, other_run: Run) -> None:
    library = RunLibrary(tmp_path / "runs")
    for one in (run, other_run):
        library.save(one)
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_HANDLES, str(library.path), run.id, other_run.id],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert told.stdout.split() == ["UnreadableRun", "UnreadableRun", "2", "2"]
    assert not (library.path / "damaged").exists()


WITHOUT_HANDLES = """
import os, resource, sys
from pathlib import Path
from vizmodels.errors import UnreadableRun
from vizmodels.runs.library import RunLibrary

library, ids = RunLibrary(sys.argv[1]), sys.argv[2:]
for run_id in ids:
    library.load(run_id)  # what is imported on the way is
n_listed = len(library.list())
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True:
        held.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
outcomes = []
for run_id in ids:
    try:
        library.load(run_id)
    except UnreadableRun as error:
        outcomes.append(type(error).__name__)
listed = len(library.list())  # as they were when the folder could be read
for handle in held:
    os.close(handle)
assert all(library.load(run_id) for run_id in ids)
print(*outcomes, n_listed, listed)
"""
ROOT = Path(__file__).resolve().parent.parent.parent
