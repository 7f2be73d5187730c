"""Codes one by one: their usage, their places, and the patches they stand for."""

import numpy as np
import pytest
import torch

from vizmodels.analysis.codes.codebook import (
    CodebookReport,
    code_patches,
    distances_to_codes,
    picture_full_of,
    report_codebook,
)
from vizmodels.analysis.codes.collapse import collapse_and_cure
from vizmodels.models import build_model
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.specs import VQVAESpec
from vizmodels.training.loop import freeze

IMAGES = torch.randint(0, 256, (30, 1, 8, 8), dtype=torch.uint8)


@pytest.fixture(scope="module")
def model() -> VQVAE:
    spec = VQVAESpec(codebook_size=16, code_dim=4, channels=8, n_residual=1, grid="half")
    built = build_model(spec, (1, 8, 8), torch.Generator().manual_seed(0))
    built.start(IMAGES, torch.Generator().manual_seed(0))
    frozen = freeze(built)
    assert isinstance(frozen, VQVAE)
    return frozen


def test_the_report_counts_every_cell_of_every_image(model: VQVAE) -> None:
    found = report_codebook(model, IMAGES)
    codes = model.codes_of(IMAGES).numpy()
    np.testing.assert_array_equal(found.codes, codes)
    np.testing.assert_array_equal(found.counts, np.bincount(codes.ravel(), minlength=16))
    assert found.n_dead == (found.counts == 0).sum()
    p = found.shares[found.shares > 0]
    assert found.perplexity == pytest.approx(np.exp(-(p * np.log(p)).sum()))
    assert found.entropy_bits == pytest.approx(np.log2(found.perplexity))


def test_the_perplexity_of_known_usage_is_the_number_of_codes_used_alike() -> None:

    codes = torch.arange(4).repeat(25).view(25, 2, 2)
    from vizmodels.models.codes.quantizer import code_usage

    usage = code_usage(codes, 16)
    assert usage.perplexity == pytest.approx(4)
    assert usage.share_used == 0.25


def test_places_of_the_codes_are_their_leading_principal_components(model: VQVAE) -> None:
    from sklearn.decomposition import PCA

    found = report_codebook(model, IMAGES)
    vectors = model.quantizer.codebook.numpy()
    pca = PCA(2).fit(vectors)
    expected = pca.transform(vectors)
    signs = np.sign((expected * found.coordinates).sum(axis=0))
    np.testing.assert_allclose(found.coordinates, expected * signs, atol=1e-4)
    np.testing.assert_allclose(found.explained, pca.explained_variance_ratio_, rtol=1e-4)


def test_a_grid_of_one_code_is_decoded_as_the_model_does(model: VQVAE) -> None:
    expected = model.decode(torch.full((1, 16), 5.0))[0].numpy()
    np.testing.assert_array_equal(picture_full_of(model, 5), expected)


def test_patches_are_the_cells_with_their_neighbours() -> None:
    images = np.arange(2 * 64, dtype=np.uint8).reshape(2, 1, 8, 8)
    codes = np.zeros((2, 4, 4), np.int64)
    codes[1, 2, 1] = 7
    (patch,) = code_patches(images, codes, 7, 10, seed=0)
    np.testing.assert_array_equal(patch[0], images[1, 0, 2:8, 0:6])
    codes[:] = 0
    codes[0, 0, 0] = 3
    (corner,) = code_patches(images, codes, 3, 10, seed=0)
    assert (corner[0, :2] == 0).all() and (corner[0, :, :2] == 0).all(), "beyond the edge is black"
    np.testing.assert_array_equal(corner[0, 2:, 2:], images[0, 0, :4, :4])


def test_of_a_dead_code_there_are_no_patches_and_of_a_common_one_only_as_many_as_asked() -> None:
    images = np.zeros((3, 1, 8, 8), np.uint8)
    codes = np.zeros((3, 4, 4), np.int64)
    assert code_patches(images, codes, 9, 10, seed=0).shape == (0, 1, 6, 6)
    assert code_patches(images, codes, 0, 10, seed=0).shape == (10, 1, 6, 6)


def test_the_nearest_by_distance_is_the_code_that_the_cell_gets(model: VQVAE) -> None:
    codes = model.codes_of(IMAGES)
    for image, row, column in ((0, 0, 0), (3, 2, 1), (29, 3, 3)):
        distances = distances_to_codes(model, IMAGES[image], row, column)
        assert distances.shape == (16,)
        assert distances.argmin() == codes[image, row, column]
        vector = model.vectors(IMAGES[image][None].float() / 255)[0, row * 4 + column]
        expected = (vector - model.quantizer.codebook).norm(dim=1).numpy()
        np.testing.assert_allclose(distances, expected, atol=1e-4)


def test_collapse_and_its_cure_differ_in_nothing_but_the_codebooks_start_and_revival() -> None:
    experiments = list(collapse_and_cure("digits").values())
    assert len({experiment.id for experiment in experiments}) == 2
    cured = {"initialisation": "data", "reset_dead_codes": True}
    alike = {e.model.model_copy(update=cured).model_dump_json() for e in experiments}
    assert len(alike) == 1 and len({e.training for e in experiments}) == 1


def test_a_report_whose_counts_miss_a_cell_is_refused() -> None:
    with pytest.raises(AssertionError):
        CodebookReport(
            np.array([1, 2]),
            1.0,
            2.0,
            np.zeros((2, 2), np.float32),
            (0.5, 0.5),
            np.zeros((2, 3), np.float32),
            np.zeros((1, 2, 2), np.int64),
        )
