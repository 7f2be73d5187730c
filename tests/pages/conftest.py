"""Homes for the pages under test, and small runs of every family to look at."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages.parts.frame import later
from pages.parts.process import shared
from pages.parts.process.cache import CACHE
from vizmodels.experiment import Experiment, Training
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train
from vizmodels.specs import (
    AnySpec,
    AutoencoderSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
)

PROCESS_WIDE = (
    shared.library,
    shared.atlas,
    shared.results,
    shared.sweeps,
)

SMALL_SPECS: dict[str, AnySpec] = {
    "pca": AutoencoderSpec(backbone="linear", latent_dim=3),
    "autoencoder": AutoencoderSpec(widths=(16,)),
    "transformer": AutoencoderSpec(backbone="transformer", widths=(16,), latent_dim=4),
    "vae": VAESpec(backbone="conv", widths=(8,), likelihood="bernoulli"),
    "discrete_vae": DiscreteVAESpec(widths=(16,), n_variables=3, n_classes=4),
    "vqvae": VQVAESpec(codebook_size=16, code_dim=4, channels=8, n_residual=1, grid="half"),
    "classifier": ClassifierSpec(widths=(8,), n_features=16),
}


@pytest.fixture(autouse=True)
def _main_module_stays() -> Iterator[None]:
    """AppTest leaves its script as the main module, which a process that is spawned later runs."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def session_cache(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """One home for the pages' tests, so that the strokes are drawn once."""
    home = tmp_path_factory.getbasetemp() / "pages-home"
    monkeypatch.setenv("LATENTARIUM_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def _everything_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "WAIT_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def _fresh_shared_objects(session_cache: Path) -> Iterator[None]:
    """The library and the atlas of this test's own home."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    CACHE.clear()
    for cached in PROCESS_WIDE:
        cached.cache_clear()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Run]]:
    """A home with a small run of each family on digits, and the runs by name."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("families-home")
        patch.setenv("LATENTARIUM_HOME", str(home))
        runs = {name: _on_digits(spec) for name, spec in SMALL_SPECS.items()}
        vq = runs["vqvae"]
        assert isinstance(vq.experiment.model, VQVAESpec)
        for name, told in (("pixelcnn", False), ("pixelcnn by class", True)):
            spec = PixelCNNSpec(
                vq_run=vq.id,
                vqvae=vq.experiment.model,
                channels=8,
                n_layers=2,
                class_conditional=told,
            )
            runs[name] = _on_digits(spec, vq)
        library = RunLibrary(home / "runs")
        for run in runs.values():
            library.save(run)
    return home, runs


@pytest.fixture
def runs(
    trained: tuple[Path, dict[str, Run]],
    _fresh_shared_objects: None,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Run]:
    """The small runs, in the library that the pages then see."""
    home, by_name = trained
    monkeypatch.setenv("LATENTARIUM_HOME", str(home))
    return by_name


def _on_digits(spec: AnySpec, vq_run: Run | None = None) -> Run:
    is_pca = isinstance(spec, AutoencoderSpec) and spec.backbone == "linear"
    training = Training(epochs=2, solver="closed_form" if is_pca else "adam")
    return train(Experiment(dataset="digits", model=spec, training=training), vq_run=vq_run)
