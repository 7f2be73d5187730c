import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor

from vizmodels.data.bundled import digits
from vizmodels.experiment import Experiment, Training
from vizmodels.models import build_model, linear
from vizmodels.models.autoencoder import PlainAutoencoder
from vizmodels.models.linear import fit_pca
from vizmodels.specs import AutoencoderSpec
from vizmodels.training.device import choose_compute
from vizmodels.training.evaluation import evaluate
from vizmodels.training.loop import fit

D = 5


def fitted(images: Tensor, seed: int = 0, latent_dim: int = D) -> PlainAutoencoder:
    spec = AutoencoderSpec(backbone="linear", latent_dim=latent_dim)
    model = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(1))
    assert isinstance(model, PlainAutoencoder)
    fit_pca(model, images, seed)
    return model.requires_grad_(False)


@pytest.fixture(scope="module")
def images() -> Tensor:
    return digits().train.images


@pytest.fixture(scope="module")
def x(images: Tensor) -> np.ndarray:
    return images.flatten(1).double().numpy() / 255


@pytest.fixture(scope="module")
def reference(x: np.ndarray) -> PCA:
    return PCA(D, svd_solver="full").fit(x)


@pytest.fixture(params=["exact", "randomised"])
def model(request: pytest.FixtureRequest, images: Tensor) -> PlainAutoencoder:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "randomised":
            patch.setattr(linear, "LARGEST_COVARIANCE", 63)
        return fitted(images)


def largest_angle(a: np.ndarray, b: np.ndarray) -> float:
    """Sine of the largest principal angle between the row spaces of a and b, in [0, 1]."""
    a, b = np.linalg.qr(a.T)[0], np.linalg.qr(b.T)[0]
    return float(np.linalg.norm(a - b @ (b.T @ a), 2))


def test_pca_spans_the_subspace_of_scikit_learn(model: PlainAutoencoder, reference: PCA) -> None:
    axes = model.encoder[-1].weight.numpy()
    assert largest_angle(axes.astype(np.float64), reference.components_) < 1e-3


def test_each_axis_is_scikit_learns_up_to_its_sign(model: PlainAutoencoder, reference: PCA) -> None:
    axes = model.encoder[-1].weight.numpy()
    np.testing.assert_allclose(np.abs((axes * reference.components_).sum(axis=1)), 1, atol=1e-4)


def test_latents_have_the_variances_that_scikit_learn_explains(
    model: PlainAutoencoder, reference: PCA, x: np.ndarray
) -> None:
    z = model.encode(torch.from_numpy(x).float().view(-1, 1, 8, 8)).numpy()
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(z.var(axis=0, ddof=1), reference.explained_variance_, rtol=1e-4)


def test_reconstructions_are_scikit_learns_cut_to_pixels(
    model: PlainAutoencoder, reference: PCA, x: np.ndarray
) -> None:
    pictures = model.decode(model.encode(torch.from_numpy(x).float().view(-1, 1, 8, 8)))
    expected = reference.inverse_transform(reference.transform(x)).clip(0, 1)
    np.testing.assert_allclose(pictures.flatten(1).numpy(), expected, atol=2e-4)


def test_each_axis_has_its_largest_entry_positive(model: PlainAutoencoder) -> None:
    axes = model.encoder[-1].weight
    assert (axes.gather(1, axes.abs().argmax(dim=1, keepdim=True)) > 0).all()


def test_the_randomised_branch_depends_on_nothing_but_its_seed(
    images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear, "LARGEST_COVARIANCE", 63)
    assert torch.equal(fitted(images, 3).encoder[-1].weight, fitted(images, 3).encoder[-1].weight)


def test_the_size_of_the_chunks_does_not_change_the_axes(
    images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fitted(images)
    monkeypatch.setattr(linear, "CHUNK", 111)
    torch.testing.assert_close(fitted(images).encoder[-1].weight, whole.encoder[-1].weight)


def test_as_many_axes_as_pixels_lose_nothing(images: Tensor) -> None:
    model = fitted(images, latent_dim=64)
    x = images[:50].float() / 255
    torch.testing.assert_close(model.decode(model.encode(x)), x, atol=1e-5, rtol=0)


def test_gradient_descent_finds_the_subspace_of_pca(x: np.ndarray) -> None:
    reference = PCA(2, svd_solver="full").fit(x)
    experiment = Experiment(
        dataset="digits",
        model=AutoencoderSpec(backbone="linear", latent_dim=2),
        training=Training(epochs=80, batch_size=60, learning_rate=0.015),
    )
    learned = fit(experiment, digits(), choose_compute("cpu")).model
    decoder = learned.decoder[0].weight.T.double().numpy()
    assert largest_angle(decoder, reference.components_) < 0.1
    residual = x - reference.inverse_transform(reference.transform(x))
    best = np.square(residual).mean()
    error = evaluate(learned, digits().train.images)["reconstruction"]
    assert best * (1 - 1e-5) < error < 1.02 * best, "no linear autoencoder can do better than PCA"
