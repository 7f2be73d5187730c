from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.analysis.pictures.reconstruction import reconstruct
from vizmodels.analysis.pictures.reconstruction_report import loss_parts, report_reconstructions
from vizmodels.analysis.pictures.sharpness import detail_energy
from vizmodels.data.bundled import digits
from vizmodels.experiment import Experiment, Training
from vizmodels.places import ASSETS
from vizmodels.results.reports import NOISE, RECONSTRUCTION, REPORT_KINDS, Reports
from vizmodels.results.shelf import read_report, write_report
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train
from vizmodels.specs import AutoencoderSpec, VAESpec, VQVAESpec

SPECS = (
    AutoencoderSpec(widths=(8,)),
    VAESpec(widths=(8,), free_bits=0.1),
    VAESpec(widths=(8,), likelihood="bernoulli"),
    VQVAESpec(
        codebook_size=8, code_dim=3, channels=4, n_residual=0, grid="half",
        codebook_update="gradient",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    training = Training(epochs=1)
    return [train(Experiment(dataset="digits", model=spec, training=training)) for spec in SPECS]


@dataclass(frozen=True)
class Mixed:
    values: NDArray[np.float32]
    names: tuple[str, ...]
    share: float


def test_a_report_read_back_is_the_same(tmp_path: Path) -> None:
    report = Mixed(np.arange(6, dtype=np.float32).reshape(2, 3), ("a", "b"), 0.25)
    write_report(report, tmp_path / "one" / "report.npz")
    found = read_report(Mixed, tmp_path / "one" / "report.npz")
    assert found is not None and (found.names, found.share) == (report.names, report.share)
    np.testing.assert_array_equal(found.values, report.values)
    assert found.values.dtype == np.float32


@pytest.mark.parametrize("content", [b"", b"PK no archive", None])
def test_a_report_that_cannot_be_read_is_as_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "report.npz").write_bytes(content)
    assert read_report(Mixed, tmp_path / "report.npz") is None


def test_a_report_on_reconstructions_has_each_pictures_numbers(runs: list[Run]) -> None:
    images = digits().test.images
    report = report_reconstructions(runs[0].autoencoder, images)
    result = reconstruct(runs[0].autoencoder, images)
    np.testing.assert_allclose(report.squared_error, result.squared_error, rtol=1e-5)
    np.testing.assert_allclose(report.detail, detail_energy(result.pictures), rtol=1e-4)
    kept = detail_energy(result.pictures).sum() / detail_energy(result.originals).sum()
    assert report.detail_kept == pytest.approx(kept, rel=1e-4)


@pytest.mark.parametrize("at", range(len(SPECS)))
def test_the_parts_of_a_loss_add_up_to_it(runs: list[Run], at: int) -> None:
    run = runs[at]
    parts = loss_parts(run.autoencoder, digits().test.images[:1], run.evaluation)
    assert parts.names[0] == "reconstruction"
    assert parts.loss == pytest.approx(run.evaluation["loss"], rel=1e-5)
    assert parts.parts[0] == pytest.approx(run.evaluation["reconstruction"])
    if run.experiment.model.family == "vqvae":
        assert parts.names == ("reconstruction", "codebook", "commitment")


def test_a_report_is_made_once_and_found_after_a_start(runs: list[Run], tmp_path: Path) -> None:
    library = RunLibrary(tmp_path / "runs")
    library.save(runs[0])
    atlas, run_id = Atlas(library, tmp_path / "maps"), runs[0].id
    reports = Reports(atlas, tmp_path / "reports")
    assert reports.find(NOISE, run_id) is None
    made = reports.make(NOISE, run_id)
    again = Reports(atlas, tmp_path / "other", shipped=tmp_path / "reports")
    found = again.find(NOISE, run_id)
    np.testing.assert_array_equal(found.denoised, made.denoised)
    assert not (tmp_path / "other").exists()
    assert again.find(RECONSTRUCTION, run_id) is None


def test_every_shipped_autoencoder_on_strokes_has_its_reports_shipped(
    tmp_path: Path,
) -> None:
    shipped = RunLibrary(tmp_path / "runs", shipped=ASSETS / "runs")
    reports = Reports(Atlas(shipped, tmp_path), tmp_path / "reports", ASSETS / "reports")
    for record in shipped.list():
        family = record.experiment.model.family
        if record.experiment.dataset == "strokes" and family not in ("pixelcnn", "classifier"):
            missing = [kind.name for kind in REPORT_KINDS if not reports.find(kind, record.id)]
            assert not missing, record.title
