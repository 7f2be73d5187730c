import numpy as np
import pytest
import torch
from scipy.spatial import geometric_slerp

from vizmodels.analysis.latents.interpolation import (
    PATH_KINDS,
    confidence,
    evenness,
    interpolate,
    pairs_of_classes,
    score_paths,
    spherical_path,
    steps,
    straight_path,
)
from vizmodels.data.bundled import digits
from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.classifier import Classifier
from vizmodels.specs import AutoencoderSpec, ClassifierSpec, VQVAESpec

RNG = np.random.default_rng(0)
U, V = RNG.normal(size=(2, 6))
IMAGES = digits().test.images[:8]


def unit(z: np.ndarray) -> np.ndarray:
    return z / np.linalg.norm(z)


@pytest.mark.parametrize("path", [straight_path, spherical_path])
def test_a_path_begins_and_ends_where_it_should(path) -> None:
    way = path(U, V, 9)
    assert way.dtype == np.float32 and way.shape == (9, 6)
    np.testing.assert_allclose(way[[0, -1]], np.stack([U, V]), atol=1e-5)


def test_the_straight_path_has_equal_steps_on_a_line() -> None:
    way = straight_path(U, V, 5)
    np.testing.assert_allclose(np.diff(way, axis=0), np.tile((V - U) / 4, (4, 1)), atol=1e-6)


def test_between_unit_vectors_the_spherical_path_is_scipys() -> None:
    way = spherical_path(unit(U), unit(V), 11)
    np.testing.assert_allclose(
        way, geometric_slerp(unit(U), unit(V), np.linspace(0, 1, 11)), atol=1e-6
    )
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), 1, atol=1e-6)


def test_the_length_goes_evenly_from_one_ends_to_the_others() -> None:
    lengths = np.linalg.norm(spherical_path(2 * unit(U), 6 * unit(V), 5), axis=1)
    np.testing.assert_allclose(lengths, [2, 3, 4, 5, 6], rtol=1e-5)


@pytest.mark.parametrize("end", [3 * U, -U, np.zeros(6)])
def test_where_no_circle_is_the_shortest_the_path_is_straight(end: np.ndarray) -> None:
    np.testing.assert_allclose(spherical_path(U, end, 7), straight_path(U, end, 7), atol=1e-6)


def test_a_step_is_the_root_mean_square_of_the_change() -> None:
    frames = np.zeros((3, 1, 2, 2), np.float32)
    frames[1] = 0.5
    frames[2, 0, 0, 0] = 0.5
    np.testing.assert_allclose(steps(frames), [0.5, np.sqrt(3 / 4 * 0.25)], rtol=1e-6)


def test_an_even_pace_is_1_and_a_jump_as_much_as_there_are_steps() -> None:
    assert evenness(np.full(10, 0.2)) == pytest.approx(1)
    assert evenness(np.eye(10)[3]) == pytest.approx(10)
    assert evenness(np.zeros(10)) == 1


@pytest.fixture(scope="module")
def judge() -> Classifier:
    spec = ClassifierSpec(widths=(4,), n_features=8)
    built = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(0), 10).eval()
    assert isinstance(built, Classifier)
    return built


def built(spec) -> Autoencoder:
    model = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(0)).eval()
    assert isinstance(model, Autoencoder)
    return model


def test_confidence_is_the_largest_of_the_softmax(judge: Classifier) -> None:
    x = RNG.random((4, 1, 8, 8)).astype(np.float32)
    logits = judge.head(judge.body(torch.from_numpy(x))).detach().numpy()
    expected = np.exp(logits).max(axis=1) / np.exp(logits).sum(axis=1)
    np.testing.assert_allclose(confidence(judge, x), expected, rtol=1e-4)


@pytest.mark.parametrize(
    "spec",
    [
        AutoencoderSpec(widths=(8,), latent_dim=3),
        VQVAESpec(codebook_size=8, code_dim=3, channels=4, n_residual=0, grid="half"),
    ],
)
def test_a_models_path_ends_at_its_reconstructions_and_the_blend_at_the_images(spec) -> None:
    model = built(spec)
    x = IMAGES[:2].float() / 255
    ends = model.decode(model.encode(x)).detach().numpy()
    for kind in ("straight", "spherical"):
        frames = interpolate(model, IMAGES[:2], kind, 5)
        np.testing.assert_allclose(frames[[0, -1]], ends, atol=1e-4)
    blend = interpolate(model, IMAGES[:2], "blend", 5)
    np.testing.assert_allclose(blend[2], x.mean(dim=0).numpy(), atol=1e-6)


def test_scores_are_those_of_each_pairs_frames(judge: Classifier) -> None:
    model = built(AutoencoderSpec(widths=(8,), latent_dim=3))
    scores = score_paths(model, IMAGES[:6].unflatten(0, (2, 3)), judge)
    frames = interpolate(model, IMAGES[[1, 4]], "spherical")
    row = PATH_KINDS.index("spherical")
    assert scores.evenness[row, 1] == pytest.approx(evenness(steps(frames)), rel=1e-4)
    least = confidence(judge, frames).min()
    assert scores.least_confidence[row, 1] == pytest.approx(least, rel=1e-4)
    without = score_paths(model, IMAGES[:4].unflatten(0, (2, 2)), None)
    assert np.isnan(without.least_confidence).all()
    blend = PATH_KINDS.index("blend")
    np.testing.assert_allclose(without.evenness[blend], 1, atol=1e-4)


def test_pairs_are_of_different_classes_and_always_the_same() -> None:
    labels = RNG.integers(4, size=100)
    first, second = pairs_of_classes(labels, 50, 20)
    assert len(first) == 20 and max(first.max(), second.max()) < 50
    assert (labels[first] != labels[second]).all()
    np.testing.assert_array_equal(pairs_of_classes(labels, 50, 20), [first, second])
    any_two = pairs_of_classes(None, 50, 20)
    assert (any_two[0] != any_two[1]).all()
