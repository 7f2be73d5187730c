import math

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal
from vector_quantize_pytorch import VectorQuantize

from vizmodels.models.codes import quantizer as quantizers
from vizmodels.models.codes.quantizer import (
    Quantizer,
    code_usage,
    nearest_codes,
    pass_through,
    squared_distances,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def at(codebook: Tensor, **knobs: object) -> Quantizer:
    """A quantizer with these codes."""
    quantizer = Quantizer(*codebook.shape, **knobs)
    quantizer.start_at(codebook)
    return quantizer


def reference(codebook: Tensor) -> VectorQuantize:
    """The independent implementation with the same codes, without revival of dead ones."""
    size, dim = codebook.shape
    theirs = VectorQuantize(dim, size, threshold_ema_dead_code=0, rotation_trick=False)
    theirs.codebook = codebook
    return theirs


@pytest.fixture
def codebook() -> Tensor:
    return torch.randn(37, 5, generator=seeded(1))


@pytest.fixture
def vectors() -> Tensor:
    return torch.randn(3000, 5, generator=seeded(2))


def test_each_vector_is_given_the_code_that_a_search_finds_nearest(
    codebook: Tensor, vectors: Tensor
) -> None:
    expected = []
    for z in vectors[:200].double().tolist():
        distances = [math.dist(z, e) for e in codebook.double().tolist()]
        expected.append(distances.index(min(distances)))
    assert len(set(expected)) > 20
    assert at(codebook).assign(vectors[:200]).tolist() == expected


def test_codes_and_vectors_are_those_of_the_reference(codebook: Tensor, vectors: Tensor) -> None:
    quantised = at(codebook)(vectors)
    their_vectors, their_codes, _ = reference(codebook).eval()(vectors[None])
    assert torch.equal(quantised.codes, their_codes[0])
    assert torch.equal(quantised.vectors, their_vectors[0])
    assert torch.equal(quantised.vectors, codebook[quantised.codes])


def test_the_nearest_code_does_not_depend_on_the_parts_the_vectors_are_taken_in(
    codebook: Tensor, vectors: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = nearest_codes(vectors, codebook)
    monkeypatch.setattr(quantizers, "CACHED_VECTORS", 7)
    assert torch.equal(nearest_codes(vectors, codebook), whole)


def test_distances_are_those_of_torch_cdist(codebook: Tensor, vectors: Tensor) -> None:
    expected = torch.cdist(vectors.double(), codebook.double()).square().float()
    torch.testing.assert_close(squared_distances(vectors, codebook), expected, rtol=1e-4, atol=1e-5)


def test_distances_and_codes_are_in_float32_under_autocast(
    codebook: Tensor, vectors: Tensor
) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        distances, codes = squared_distances(vectors, codebook), at(codebook).assign(vectors)
    assert torch.equal(distances, squared_distances(vectors, codebook))
    assert torch.equal(codes, at(codebook).assign(vectors))


def test_distance_weighted_codes_are_drawn_as_often_as_the_gaussians_around_them_say() -> None:
    # Two vectors, as often each, at squared distances 0.01 and 0.25 of their nearest code; so the
    # variance of each of the 2 axes is the mean of these / 2.
    codebook = torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.0, 1.0], [1.5, 0.0]])
    two, n = torch.tensor([[0.1, 0.0], [1.0, 0.0]]), 20_000
    quantizer = at(codebook, assignment="distance_weighted")
    codes = quantizer.assign(two.repeat_interleave(n, dim=0), seeded()).view(2, n)
    covariance = (0.01 + 0.25) / 2 / 2 * torch.eye(2)
    density = MultivariateNormal(codebook, covariance).log_prob(two[:, None])
    chances = density.softmax(dim=1)
    assert chances.min() < 0.05 and chances[:, 1].min() > 0.2, "neither sure nor even"
    for row, p in zip(codes, chances, strict=True):
        shares = torch.bincount(row, minlength=4) / n
        assert ((shares - p).abs() < 4 * (p * (1 - p) / n).sqrt() + 1e-6).all()


def test_distance_weighted_assignment_is_the_nearest_one_without_a_generator(
    codebook: Tensor, vectors: Tensor
) -> None:
    weighted = at(codebook, assignment="distance_weighted")
    nearest = at(codebook).assign(vectors)
    assert torch.equal(weighted.assign(vectors), nearest)
    assert not torch.equal(weighted.assign(vectors, seeded()), nearest)


def test_vectors_that_are_codes_are_drawn_as_themselves(codebook: Tensor) -> None:
    quantizer = at(codebook, assignment="distance_weighted")
    assert torch.equal(quantizer.assign(codebook, seeded()), torch.arange(37))


def test_the_straight_through_gradient_is_the_decoders_bit_for_bit(
    codebook: Tensor, vectors: Tensor
) -> None:
    decoder = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3))
    z = vectors.clone().requires_grad_()
    quantised = at(codebook)(vectors).vectors
    passed = pass_through(z, quantised)
    assert torch.equal(passed, quantised), "z + (e - z) would be off by a rounding"
    decoder(passed).square().sum().backward()
    at_the_codes = quantised.clone().requires_grad_()
    decoder(at_the_codes).square().sum().backward()
    assert z.grad is not None and at_the_codes.grad is not None
    assert torch.equal(z.grad, at_the_codes.grad)


def test_the_straight_through_gradient_is_that_of_the_reference(
    codebook: Tensor, vectors: Tensor
) -> None:
    weights = torch.randn(3000, 5, generator=seeded(3))
    ours, theirs = (vectors.clone().requires_grad_() for _ in range(2))
    (pass_through(ours, at(codebook)(ours).vectors) * weights).sum().backward()
    quantised, _, _ = reference(codebook).train()(theirs[None], freeze_codebook=True)
    (quantised[0] * weights).sum().backward()
    assert ours.grad is not None and theirs.grad is not None
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_the_codebook_has_the_gradient_of_the_vectors_it_is_looked_up_for() -> None:
    quantizer = at(torch.tensor([[0.0], [1.0], [9.0]]), update="gradient")
    quantised = quantizer(torch.tensor([[0.1], [0.9], [1.2]]))
    (quantised.vectors.squeeze(1) * torch.tensor([2.0, 3.0, 5.0])).sum().backward()
    assert isinstance(quantizer.codebook, nn.Parameter)
    assert quantizer.codebook.grad is not None
    assert quantizer.codebook.grad.tolist() == [[2.0], [8.0], [0.0]]


def test_codes_that_follow_averages_are_no_weights() -> None:
    assert not list(at(torch.zeros(3, 2), update="ema").parameters())


@pytest.mark.parametrize("m", [1, 2, 5, 16])
def test_the_perplexity_of_m_codes_used_equally_often_is_m(m: int) -> None:
    codes = torch.arange(m).repeat(6).view(2, 3, m)
    usage = code_usage(codes, 16)
    assert usage.perplexity == pytest.approx(m)
    assert usage.entropy == pytest.approx(math.log2(m))
    assert usage.share_used == m / 16


def test_the_entropy_of_known_counts_is_the_one_by_hand() -> None:
    usage = code_usage(torch.tensor([0, 0, 0, 0, 3, 3, 1, 2]), 6)
    assert usage.counts.tolist() == [4, 1, 1, 2, 0, 0]
    assert usage.entropy == pytest.approx(1.75)  # 1/2 · 1 + 1/4 · 2 + 2 · 1/8 · 3
    assert usage.perplexity == pytest.approx(2**1.75)
    assert usage.share_used == pytest.approx(4 / 6)
