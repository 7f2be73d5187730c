import numpy as np
import pytest

from vizmodels.analysis.pictures.reconstruction import reconstruct
from vizmodels.analysis.pictures.reconstruction_report import loss_parts, report_reconstructions
from vizmodels.analysis.pictures.sharpness import detail_energy
from vizmodels.data.bundled import digits
from vizmodels.experiment import Experiment, Training
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
