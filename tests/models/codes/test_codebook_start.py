"""First codes: encoded vectors, their k-means centres, or small random ones."""

import pytest
import torch
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_info
from torch import Tensor

from vizmodels.models import build_model
from vizmodels.models.codes import vqvae
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.specs import VQVAESpec

N_IMAGES = 60


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images() -> Tensor:
    return torch.randint(0, 256, (N_IMAGES, 1, 8, 8), generator=seeded(1)).to(torch.uint8)


def new(initialisation: str, codebook_size: int = 20) -> VQVAE:
    spec = VQVAESpec(
        codebook_size=codebook_size,
        code_dim=3,
        channels=8,
        n_residual=1,
        initialisation=initialisation,
    )
    model = build_model(spec, (1, 8, 8), seeded())
    assert isinstance(model, VQVAE)
    return model


def encoded(model: VQVAE, images: Tensor) -> Tensor:
    return model.vectors(images.float() / 255).flatten(0, 1).detach()


def gaps(codebook: Tensor, vectors: Tensor) -> Tensor:
    """Distance of every code to every vector."""
    return (codebook[:, None] - vectors).norm(dim=2)


def error(vectors: Tensor, codebook: Tensor) -> float:
    return gaps(codebook, vectors).min(dim=0).values.square().mean().item()


def test_first_codes_from_data_are_encoded_vectors_each_another_one(images: Tensor) -> None:
    model = new("data")
    model.start(images, seeded())
    nearest = gaps(model.quantizer.codebook, encoded(model, images)).min(dim=1)
    assert nearest.values.max() < 1e-6
    assert len(set(nearest.indices.tolist())) == 20


def test_first_codes_of_another_seed_are_other_vectors(images: Tensor) -> None:
    codebooks = []
    for seed in (1, 1, 2):
        model = new("data")
        model.start(images, seeded(seed))
        codebooks.append(model.quantizer.codebook)
    assert torch.equal(codebooks[0], codebooks[1])
    assert not torch.equal(codebooks[0], codebooks[2])


def test_first_codes_are_looked_for_in_some_images_only(
    images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vqvae, "START_IMAGES", 5)
    model = new("data", codebook_size=20)  # 5 images of 4 cells have just as many vectors
    model.start(images, seeded())
    nearest = gaps(model.quantizer.codebook, encoded(model, images)).argmin(dim=1)
    assert len({at // 4 for at in nearest.tolist()}) == 5


def test_more_codes_than_vectors_begin_as_repeated_ones(images: Tensor) -> None:
    for initialisation in ("data", "kmeans"):
        model = new(initialisation, codebook_size=20)
        model.start(images[:3], seeded())
        nearest = gaps(model.quantizer.codebook, encoded(model, images[:3])).min(dim=1)
        assert nearest.values.max() < 1e-6
        assert len(set(nearest.indices.tolist())) == 12, "every vector is some code"


def test_first_codes_from_kmeans_are_the_means_of_their_vectors(
    images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = new("kmeans", codebook_size=3)
    centres = torch.tensor([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0], [0.0, 5.0, 5.0]])
    noise = 0.1 * torch.randn(240, 3, generator=seeded(2))
    blobs = centres[torch.arange(240) % 3] + noise
    monkeypatch.setattr(model, "vectors", lambda _: blobs.view(60, 4, 3))
    model.start(images, seeded(3))
    means = torch.stack([blobs[at::3].mean(dim=0) for at in range(3)])
    order = gaps(means, model.quantizer.codebook).argmin(dim=1)
    assert sorted(order.tolist()) == [0, 1, 2]
    torch.testing.assert_close(model.quantizer.codebook[order], means)


def test_first_codes_from_kmeans_are_nearer_to_the_vectors_than_drawn_ones(images: Tensor) -> None:
    errors = {}
    for initialisation in ("data", "kmeans"):
        model = new(initialisation)
        model.start(images, seeded())
        errors[initialisation] = error(encoded(model, images), model.quantizer.codebook)
    assert errors["kmeans"] < 0.9 * errors["data"]


def test_kmeans_runs_on_one_thread(images: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    # Three threads and more add up in any order, and the same seed would give other codes.
    threads: list[int] = []
    fit = KMeans.fit

    def watched(self: KMeans, vectors: object) -> KMeans:
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "openmp"]
        threads.extend(pool["num_threads"] for pool in pools)
        return fit(self, vectors)

    monkeypatch.setattr(KMeans, "fit", watched)
    new("kmeans").start(images, seeded())
    assert set(threads) == {1}


def test_random_first_codes_are_small_and_fill_their_range(images: Tensor) -> None:
    model = new("random", codebook_size=400)
    model.start(images, seeded())
    codebook = model.quantizer.codebook
    assert 0.99 / 400 < codebook.abs().max() <= 1 / 400
    assert codebook.min() < -0.99 / 400
    assert abs(codebook.mean()) < 0.05 / 400


@pytest.mark.parametrize("initialisation", ["data", "kmeans", "random"])
def test_averages_begin_at_the_first_codes(images: Tensor, initialisation: str) -> None:
    model = new(initialisation)
    model.start(images, seeded())
    assert torch.equal(model.quantizer.sums, model.quantizer.codebook)
    assert torch.equal(model.quantizer.counts, torch.ones(20))
