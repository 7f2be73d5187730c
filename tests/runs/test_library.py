import ctypes
import dataclasses
import errno
import pickle
import stat
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from vizmodels.errors import DamagedRun, ReadOnlyRun, UnknownRun
from vizmodels.experiment import Experiment, Training
from vizmodels.files import LOCK_FILE
from vizmodels.models.trainable import Batch
from vizmodels.runs import folders
from vizmodels.runs.library import FILES, RunLibrary
from vizmodels.runs.run import Run
from vizmodels.runs.titles import title_of
from vizmodels.specs import (
    AnySpec,
    AutoencoderSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
)


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "runs")


@pytest.fixture
def shipping(tmp_path: Path, run: Run) -> RunLibrary:
    """A library with `run` among the shipped ones."""
    RunLibrary(tmp_path / "shipped").save(run)
    return RunLibrary(tmp_path / "runs", shipped=tmp_path / "shipped")


def assert_same(a: Run, b: Run) -> None:
    assert a.experiment == b.experiment
    first, second = a.model.state_dict(), b.model.state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert a.history == b.history
    assert a.evaluation == b.evaluation
    assert a.environment == b.environment
    np.testing.assert_array_equal(a.preview, b.preview)


def test_a_saved_run_is_loaded_bit_for_bit(library: RunLibrary, run: Run) -> None:
    library.save(run)
    assert_same(library.load(run.id), run)


def test_a_loaded_model_decodes_as_the_saved_one(library: RunLibrary, run: Run) -> None:
    library.save(run)
    z = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(library.load(run.id).model.decode(z), run.model.decode(z))


def test_a_loaded_model_keeps_the_kl_weight_of_its_experiment(
    library: RunLibrary, run: Run
) -> None:
    library.save(run)
    x = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    loaded = library.load(run.id).model.losses(Batch.of(x), None).per_image
    assert torch.equal(loaded, run.model.losses(Batch.of(x), None).per_image)


def test_a_loaded_model_is_frozen(library: RunLibrary, run: Run) -> None:
    library.save(run)
    model = library.load(run.id).model
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize(
    "spec", [AutoencoderSpec(backbone="linear"), VAESpec(backbone="conv", widths=(4, 8))]
)
def test_a_trained_run_in_colour_is_loaded_as_it_was(
    library: RunLibrary, run: Run, spec: AutoencoderSpec | VAESpec
) -> None:
    from vizmodels.models import build_model

    model = build_model(spec, (3, 9, 7), torch.Generator()).eval()
    preview = np.random.default_rng(0).integers(0, 256, (2, 5, 3, 9, 7), np.uint8)
    experiment = run.experiment.model_copy(update={"model": spec})
    colour = dataclasses.replace(run, experiment=experiment, model=model, preview=preview)
    library.save(colour)
    assert_same(library.load(colour.id), colour)


def test_a_run_is_a_folder_of_exactly_these_files(library: RunLibrary, run: Run) -> None:
    folder = library.save(run)
    assert folder == library.path / run.id
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert {path.name for path in library.path.iterdir()} == {run.id, LOCK_FILE}


def test_a_run_can_be_read_by_a_server_of_another_user(library: RunLibrary, run: Run) -> None:
    assert stat.S_IMODE(library.save(run).stat().st_mode) == 0o755


def test_half_precision_halves_the_weights_and_rounds_them(library: RunLibrary, run: Run) -> None:
    whole = (library.save(run) / "weights.safetensors").stat().st_size
    folder = library.save(run, half=True)
    assert (folder / "weights.safetensors").stat().st_size < 0.6 * whole
    stored = load_file(folder / "weights.safetensors")
    assert {weight.dtype for weight in stored.values()} == {torch.float16}
    loaded = library.load(run.id).model.state_dict()
    for name, weight in run.model.state_dict().items():
        assert torch.equal(loaded[name], weight.half().float())


def test_no_file_of_a_run_is_a_pickle(library: RunLibrary, run: Run) -> None:
    for path in library.save(run).iterdir():
        with pytest.raises(Exception), path.open("rb") as file:  # noqa: B017
            pickle.load(file)


def test_nothing_is_unpickled_while_loading(
    library: RunLibrary, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.save(run)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something is unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    monkeypatch.setattr(torch, "load", refuse)
    assert_same(library.load(run.id), run)
    library.list()


def test_find_gives_the_run_of_an_experiment_or_none(
    library: RunLibrary, run: Run, other_run: Run
) -> None:
    library.save(run)
    found = library.find(Experiment.from_json(run.experiment.to_json()))
    assert found is not None and found.id == run.id
    assert library.find(other_run.experiment) is None


def test_a_library_contains_the_experiments_it_has_runs_of(
    library: RunLibrary, run: Run, other_run: Run
) -> None:
    library.save(run)
    assert run.experiment in library
    assert other_run.experiment not in library


def test_an_empty_library_has_no_folder_and_no_runs(library: RunLibrary) -> None:
    assert library.list() == []
    assert not library.path.exists()


def test_the_list_has_the_newest_first(library: RunLibrary, run: Run, other_run: Run) -> None:
    for one in (run, other_run):
        library.save(one)
    assert [record.id for record in library.list()] == [other_run.id, run.id]


def test_the_list_has_shipped_runs_before_newer_ones(
    shipping: RunLibrary, run: Run, other_run: Run
) -> None:
    shipping.save(other_run)
    listed = [(record.id, record.shipped) for record in shipping.list()]
    assert listed == [(run.id, True), (other_run.id, False)]


def test_a_run_that_is_shipped_and_made_here_is_listed_once(shipping: RunLibrary, run: Run) -> None:
    shipping.save(run)
    assert [(record.id, record.shipped) for record in shipping.list()] == [(run.id, True)]


def test_a_record_says_what_a_card_shows(library: RunLibrary, run: Run) -> None:
    folder = library.save(run)
    record = library.record(run.id)
    assert [record] == library.list()
    assert record.experiment == run.experiment
    assert record.evaluation == run.evaluation
    assert record.environment == run.environment
    assert record.image_shape == (1, 8, 8)
    assert record.folder == folder
    assert record.title == "VAE mlp · 2-D · digits · KL weight 0.001"


def test_the_key_of_a_run_changes_with_its_weights_alone(library: RunLibrary, run: Run) -> None:
    library.save(run)
    before = library.key(run.id)
    assert before.startswith(f"{run.id}-") and len(before) == len(run.id) + 9
    library.save(dataclasses.replace(run, environment={"trained_at": "2031-01-01T00:00:00+00:00"}))
    assert library.key(run.id) == before
    weights = library.path / run.id / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    assert library.key(run.id) != before
    weights.unlink()
    with pytest.raises(DamagedRun):
        library.key(run.id)


def test_what_is_not_named_as_a_run_is_not_listed(library: RunLibrary, run: Run) -> None:
    library.save(run)
    for name in (".saving-abc", "damaged", "notes", run.id.upper(), run.id + "0"):
        (library.path / name).mkdir(exist_ok=True)
    (library.path / "readme.txt").write_text("hello")
    assert [record.id for record in library.list()] == [run.id]
    assert library.unreadable == {}


def test_a_deleted_run_is_gone(library: RunLibrary, run: Run, other_run: Run) -> None:
    for one in (run, other_run):
        library.save(one)
    library.delete(run.id)
    assert [record.id for record in library.list()] == [other_run.id]
    with pytest.raises(UnknownRun):
        library.load(run.id)


def test_a_shipped_run_cannot_be_deleted(shipping: RunLibrary, run: Run) -> None:
    sentence = f"^Run {run.id} must be one made here; got a shipped run\\. Leave it\\.$"
    with pytest.raises(ReadOnlyRun, match=sentence):
        shipping.delete(run.id)
    assert_same(shipping.load(run.id), run)


@pytest.mark.parametrize(
    "run_id",
    ["0" * 12, "", ".", "..", "../x", "../shipped", "/etc/passwd", "damaged", "0" * 11 + "\n",
     "0" * 12 + "\n", "0" * 12 + "/..", "0123456789AB", "٠" * 12, "0" * 100_000],
)  # fmt: skip
@pytest.mark.parametrize("action", ["load", "record", "delete"])
def test_an_id_of_no_run_is_refused_in_one_sentence(
    shipping: RunLibrary, run_id: str, action: str
) -> None:
    (shipping.path / "damaged").mkdir(parents=True)
    with pytest.raises(UnknownRun) as error:
        getattr(shipping, action)(run_id)
    shown = run_id if len(run_id) <= 80 else run_id[:80] + "…"
    sentence = f"Run must be in the library; got {shown}. Choose one from the list of runs."
    assert str(error.value) == sentence
    assert (shipping.path / "damaged").is_dir()


@pytest.mark.parametrize(
    "run_id", ["../runs/x", "../../runs", "%2e%2e", "..\\x", "aaaaaaaaaaaa/../../x"]
)
def test_an_id_never_reaches_the_file_system_unless_it_is_one(
    library: RunLibrary, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> bool:
        raise AssertionError(f"{path} is looked up")

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(UnknownRun):
        library.load(run_id)


def let_renames_fail(monkeypatch: pytest.MonkeyPatch, can_exchange: bool) -> None:
    """The rename that would put the run in its place fails, as on a full disk."""
    rename = Path.rename

    def fail_to_exchange(*_: bytes) -> int:
        ctypes.set_errno(errno.ENOSPC)
        return -1

    call = fail_to_exchange if can_exchange else None
    monkeypatch.setattr(folders, "_exchange_call", lambda: call)

    def fail(self: Path, target: Path) -> Path:
        if self.name.startswith(".saving-"):
            raise OSError("No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)


def test_a_save_that_fails_leaves_no_half_run(
    library: RunLibrary, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_renames_fail(monkeypatch, can_exchange=True)
    with pytest.raises(OSError, match="No space left"):
        library.save(run)
    assert [path.name for path in library.path.iterdir()] == [LOCK_FILE]
    assert library.list() == []


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_save_that_fails_leaves_the_run_that_was_there(
    library: RunLibrary, run: Run, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    library.save(run)
    let_renames_fail(monkeypatch, can_exchange)
    with pytest.raises(OSError, match="No space left"):
        library.save(dataclasses.replace(run, evaluation={"loss": 9.0}))
    others = set() if can_exchange else {folders.WAITING}
    assert {path.name for path in library.path.iterdir()} == {run.id, LOCK_FILE} | others
    assert_same(library.load(run.id), run)


def test_a_save_that_fails_half_way_leaves_no_half_run(
    library: RunLibrary, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(KeyboardInterrupt):
        library.save(run)
    assert list(library.path.iterdir()) == []


def test_saving_again_replaces_the_run(library: RunLibrary, run: Run) -> None:
    library.save(run)
    better = dataclasses.replace(run, evaluation={"loss": 0.5})
    folder = library.save(better)
    assert library.load(run.id).evaluation == {"loss": 0.5}
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert {path.name for path in library.path.iterdir()} == {run.id, LOCK_FILE}


@pytest.mark.parametrize(
    ("model", "training", "title"),
    [
        (AutoencoderSpec(), Training(), "AE mlp · 2-D · mnist"),
        (AutoencoderSpec(backbone="linear"), Training(), "AE linear · 2-D · mnist"),
        (
            AutoencoderSpec(backbone="linear", latent_dim=16),
            Training(solver="closed_form"),
            "PCA · 16-D · mnist",
        ),
        (
            VAESpec(backbone="conv", kl_weight=0.5),
            Training(noise_weight=0.25),
            "VAE conv · 2-D · mnist · KL weight 0.5 · noise 0.25",
        ),
        (
            DiscreteVAESpec(n_variables=3, n_classes=4),
            Training(binarise=True),
            "Discrete VAE mlp · 3×4 classes · mnist · KL weight 0.001 · binarised",
        ),
        (
            DiscreteVAESpec(n_variables=3, n_classes=4, continuous_dim=2, estimator="enumeration"),
            Training(),
            "Discrete VAE mlp · 3×4 classes + 2-D · mnist · KL weight 0.001 · enumeration",
        ),
        (VQVAESpec(), Training(), "VQ-VAE · 128 codes of 16-D · mnist"),
        (
            VQVAESpec(grid="half", assignment="distance_weighted", codebook_update="gradient"),
            Training(),
            "VQ-VAE · 128 codes of 16-D · mnist · grid half · random codes · codebook loss",
        ),
        (
            PixelCNNSpec(vq_run="0123456789ab", vqvae=VQVAESpec()),
            Training(),
            "PixelCNN · on 128 codes · mnist · of 0123",
        ),
        (
            PixelCNNSpec(vq_run="0123456789ab", vqvae=VQVAESpec(), class_conditional=True),
            Training(),
            "PixelCNN by class · on 128 codes · mnist · of 0123",
        ),
        (ClassifierSpec(n_features=64), Training(), "Classifier · 64 features · mnist"),
    ],
)
def test_a_title_tells_a_run_from_its_neighbours(
    model: AnySpec, training: Training, title: str
) -> None:
    assert title_of(Experiment(dataset="mnist", model=model, training=training)) == title


def test_a_run_saved_when_idle_settings_entered_its_id_goes_on_loading(
    library: RunLibrary, run: Run
) -> None:
    idle = run.experiment.model_copy(
        update={"model": VQVAESpec(codebook_update="gradient", decay=0.5)}
    )
    from vizmodels.models import build_model

    model = build_model(idle.model, (1, 8, 8), torch.Generator().manual_seed(0)).eval()
    folder = library.save(dataclasses.replace(run, experiment=idle, model=model))
    folder.rename(folder.with_name(idle.former_id))
    assert idle.former_id != idle.id
    assert library.load(idle.former_id).experiment == idle
    assert [record.id for record in library.list()] == [idle.former_id]
