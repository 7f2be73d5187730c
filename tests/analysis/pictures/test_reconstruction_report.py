import numpy as np
import pytest
import torch

from vizmodels.analysis.pictures.reconstruction import reconstruct, squared_errors
from vizmodels.analysis.pictures.reconstruction_report import loss_parts, report_reconstructions
from vizmodels.analysis.pictures.sharpness import detail_energy
from vizmodels.data.bundled import digits
from vizmodels.experiment import Experiment, Training
from vizmodels.models import build_model
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.vae import VAE
from vizmodels.runs.run import Run, train
from vizmodels.specs import AutoencoderSpec, DiscreteVAESpec, VAESpec, VQVAESpec

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


def discrete() -> tuple[DiscreteVAE, torch.Tensor]:
    spec = DiscreteVAESpec(widths=(8,), n_variables=2, n_classes=3, continuous_dim=1)
    model = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(3)).eval()
    assert isinstance(model, DiscreteVAE)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2)
    return model, digits().test.images[:40]


def test_the_error_is_that_of_the_code_and_relaxed_that_of_probabilities() -> None:
    model, images = discrete()
    report, x = report_reconstructions(model, images), (images / 255).numpy()
    with torch.no_grad():
        log_q, mu, _ = model.posterior(images / 255)
        one_hot = np.eye(3, dtype=np.float32)[log_q.argmax(dim=2).numpy()].reshape(40, 6)
        for classes, told in (
            (one_hot, report.squared_error),
            (log_q.exp().flatten(1).numpy(), report.relaxed_error),
        ):
            latents = torch.from_numpy(np.concatenate([classes, mu.numpy()], axis=1))
            expected = np.square(model.decode(latents).numpy() - x).mean(axis=(1, 2, 3))
            np.testing.assert_allclose(told, expected, rtol=1e-4)
    assert (report.squared_error != report.relaxed_error).any()
    np.testing.assert_allclose(squared_errors(model, images), report.squared_error, rtol=1e-4)
    np.testing.assert_allclose(
        reconstruct(model, images).squared_error, report.squared_error, rtol=1e-4
    )


def test_the_error_of_draws_is_the_expected_one_on_average(runs: list[Run]) -> None:
    vae = runs[2].autoencoder
    assert isinstance(vae, VAE)
    n, image = 3000, digits().test.images[:1]
    report = report_reconstructions(vae, image.expand(n, 1, 8, 8))
    mu, log_var = (v.numpy() for v in vae.posterior(image / 255))
    z = mu + np.exp(log_var / 2) * np.random.default_rng(0).normal(size=(n, mu.shape[1]))
    with torch.no_grad():
        pictures = vae.decode(torch.from_numpy(z.astype(np.float32))).numpy()
    errors = np.square(pictures - (image / 255).numpy()).mean(axis=(1, 2, 3))
    chance = 4 * np.hypot(errors.std(), report.drawn_error.std()) / np.sqrt(n)
    assert report.drawn_error.mean() == pytest.approx(errors.mean(), abs=chance)


def test_a_model_without_a_posterior_has_one_error(runs: list[Run]) -> None:
    report = report_reconstructions(runs[0].autoencoder, digits().test.images[:20])
    assert (report.drawn_error == report.squared_error).all()
    assert (report.relaxed_error == report.squared_error).all()


@pytest.mark.parametrize("at", range(len(SPECS)))
def test_the_parts_of_a_loss_add_up_to_it(runs: list[Run], at: int) -> None:
    run = runs[at]
    parts = loss_parts(run.autoencoder, digits().test.images[:1], run.evaluation)
    assert parts.names[0] == "reconstruction"
    assert parts.loss == pytest.approx(run.evaluation["loss"], rel=1e-5)
    assert parts.parts[0] == pytest.approx(run.evaluation["reconstruction"])
    if run.experiment.model.family == "vqvae":
        assert parts.names == ("reconstruction", "codebook", "commitment")
