import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict

from vizmodels.analysis.latents.traversal import r_squared, r_squared_of_all, traverse
from vizmodels.data.bundled import digits
from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.specs import AutoencoderSpec, DiscreteVAESpec, VAESpec, VQVAESpec
from vizmodels.training.evaluation import encode_all

RNG = np.random.default_rng(0)
IMAGES = digits().test.images[:100]


def built(spec) -> Autoencoder:
    model = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(0)).eval()
    assert isinstance(model, Autoencoder)
    return model.requires_grad_(False)


def walks(model: Autoencoder, most: int = 16):
    latents = model.embed(encode_all(model, IMAGES)).numpy()
    return traverse(model, IMAGES[:1], latents, IMAGES, most), latents


def test_r_squared_is_that_of_a_regression_on_each_axis() -> None:
    z = RNG.normal(size=(300, 3))
    factors = np.stack([2 * z[:, 1] + 3, z[:, 0] + RNG.normal(size=300)], axis=1)
    shares = r_squared(z, factors)
    for f in range(2):
        for axis in range(3):
            fit = LinearRegression().fit(z[:, [axis]], factors[:, f])
            assert shares[f, axis] == pytest.approx(fit.score(z[:, [axis]], factors[:, f]))
    assert shares[0, 1] == pytest.approx(1)


@pytest.mark.parametrize("n_axes", [4, 150])
def test_r_squared_of_all_axes_is_that_of_regressions_on_other_images(n_axes: int) -> None:
    z = RNG.normal(size=(300, n_axes)) * 10.0 ** RNG.uniform(-1, 1, n_axes)
    factors = z[:, :4] / z[:, :4].std(axis=0) @ RNG.normal(size=(4, 2)) + RNG.normal(size=(300, 2))
    folds = PredefinedSplit(np.arange(300) % 5)
    held_out = cross_val_predict(LinearRegression(), z, factors, cv=folds)
    expected = r2_score(factors, held_out, multioutput="raw_values")
    np.testing.assert_allclose(r_squared_of_all(z, factors), expected, atol=1e-6)


def test_axes_that_know_nothing_explain_nothing_however_many_they_are() -> None:
    z, factors = RNG.normal(size=(400, 200)), RNG.normal(size=(400, 1))
    assert LinearRegression().fit(z, factors).score(z, factors) > 0.4, "on its own images it would"
    assert r_squared_of_all(z, factors)[0] < 0


def test_axes_that_say_the_same_explain_what_one_of_them_does() -> None:
    z = RNG.normal(size=(200, 2))
    factors = z @ np.array([[1.0], [2.0]]) + RNG.normal(size=(200, 1))
    twice = np.hstack([z, z, np.ones((200, 1))])
    np.testing.assert_allclose(
        r_squared_of_all(twice, factors), r_squared_of_all(z, factors), atol=1e-6
    )


def test_what_never_varies_explains_and_is_explained_by_nothing() -> None:
    z = np.stack([RNG.normal(size=50), np.ones(50)], axis=1)
    assert r_squared(z, z)[1].tolist() == [0, 0] and r_squared(z, z)[0, 1] == 0
    assert r_squared_of_all(z, z)[1] == 0


def test_axes_of_an_autoencoder_come_by_variance_and_only_theirs_moves() -> None:
    model = built(AutoencoderSpec(widths=(8,), latent_dim=4))
    found, latents = walks(model)
    order = np.argsort(-latents.var(axis=0))
    assert found.names == tuple(f"z{axis + 1}" for axis in order)
    assert found.worth_unit == "variance" and list(found.worth) == sorted(found.worth)[::-1]
    place = latents[0].copy()
    axis = order[1]
    place[axis] = latents[:, axis].mean() + 2.5 * latents[:, axis].std()
    expected = model.decode(torch.from_numpy(place)[None]).numpy()[0]
    np.testing.assert_allclose(found.pictures[1, -1], expected, atol=1e-5)


def test_axes_of_a_vae_come_by_their_kl() -> None:
    found, _ = walks(built(VAESpec(widths=(8,), latent_dim=5)), most=3)
    assert found.worth_unit == "nats of KL" and len(found.names) == 3
    assert list(found.worth) == sorted(found.worth)[::-1]


def test_rows_of_a_discrete_vae_are_variables_and_columns_their_classes() -> None:
    model = built(DiscreteVAESpec(widths=(8,), n_variables=3, n_classes=4, continuous_dim=1))
    found, latents = walks(model)
    assert found.pictures.shape == (3, 4, 1, 8, 8)
    variable = int(found.names[0][1:]) - 1
    place = latents[0].copy()
    place[variable * 4 : variable * 4 + 4] = [0, 0, 1, 0]
    expected = model.decode(torch.from_numpy(place)[None]).numpy()[0]
    np.testing.assert_allclose(found.pictures[0, 2], expected, atol=1e-5)


def test_a_vq_vae_is_walked_along_principal_components() -> None:
    spec = VQVAESpec(codebook_size=8, code_dim=3, channels=4, n_residual=0, grid="half")
    model = built(spec)
    assert isinstance(model, VQVAE)
    model.start(IMAGES, torch.Generator().manual_seed(0))
    found, _ = walks(model, most=5)
    assert found.names == ("PC1", "PC2", "PC3", "PC4", "PC5")
    assert found.pictures.shape[0] == 5 and 0 < found.worth.sum() <= 100.1
