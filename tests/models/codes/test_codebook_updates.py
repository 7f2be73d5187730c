"""How codes move, start and revive; which vector is given which code is in test_quantizer."""

import pytest
import torch
from torch import Tensor
from vector_quantize_pytorch import VectorQuantize

from vizmodels.models.codes.quantizer import DEAD_SHARE, Quantizer

START = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 8.0]])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def at_start(decay: float = 0.75, *, reset: bool = False, update: str = "ema") -> Quantizer:
    quantizer = Quantizer(3, 2, update=update, decay=decay, reset_dead_codes=reset)
    quantizer.start_at(START)
    return quantizer


def test_a_codebook_starts_with_the_weight_of_one_vector_a_code() -> None:
    quantizer = at_start()
    assert torch.equal(quantizer.codebook, START)
    assert quantizer.counts.tolist() == [1.0, 1.0, 1.0]
    assert torch.equal(quantizer.sums, START)


def test_a_step_of_the_moving_averages_is_the_one_by_hand() -> None:
    quantizer = at_start(decay=0.75)
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [6.0, 2.0]])
    quantizer.learn(vectors, torch.tensor([0, 0, 0, 1]), seeded())
    # N = 0.75 · 1 + 0.25 · (3, 1, 0); m = 0.75 · start + 0.25 · ((3, 2), (6, 2), (0, 0)).
    assert quantizer.counts.tolist() == [1.5, 1.0, 0.75]
    assert quantizer.sums.tolist() == [[0.75, 0.5], [4.5, 0.5], [0.0, 6.0]]
    expected = torch.tensor([[0.5, 1 / 3], [4.5, 0.5], [0.0, 8.0]])
    torch.testing.assert_close(quantizer.codebook, expected, rtol=2e-5, atol=0)


def test_a_step_with_laplace_smoothing_is_the_one_by_hand() -> None:
    quantizer = at_start(decay=0.0)
    quantizer.learn(torch.tensor([[3.0, 6.0], [5.0, 2.0]]), torch.tensor([0, 0]), seeded())
    # N = (2, 0, 0) becomes (2 + 1e-5) / (2 + 3e-5) · 2 for the first and
    # 1e-5 / (2 + 3e-5) · 2 for the others, whose sums are 0.
    assert quantizer.counts.tolist() == [2.0, 0.0, 0.0]
    smoothed = (2 + 1e-5) / (2 + 3e-5) * 2
    expected = torch.tensor([[8 / smoothed, 8 / smoothed], [0.0, 0.0], [0.0, 0.0]])
    torch.testing.assert_close(quantizer.codebook, expected, rtol=1e-7, atol=0)
    assert not torch.equal(quantizer.codebook[0], torch.tensor([4.0, 4.0]))


def test_the_moving_averages_are_those_of_the_reference_step_after_step() -> None:
    start = torch.randn(9, 4, generator=seeded(1))
    ours = Quantizer(9, 4, decay=0.8, reset_dead_codes=False)
    ours.start_at(start)
    theirs = VectorQuantize(4, 9, decay=0.8, eps=1e-5, threshold_ema_dead_code=0)
    theirs.codebook = start
    theirs._codebook.embed_avg.copy_(start[None])
    theirs._codebook.cluster_size.fill_(1.0)
    for step in range(5):
        vectors = torch.randn(200, 4, generator=seeded(10 + step))
        quantised = ours(vectors, seeded())
        ours.learn(vectors, quantised.codes, seeded())
        _, their_codes, _ = theirs.train()(vectors[None])
        assert torch.equal(quantised.codes, their_codes[0])
        torch.testing.assert_close(ours.counts, theirs._codebook.cluster_size[0])
        torch.testing.assert_close(ours.sums, theirs._codebook.embed_avg[0])
        torch.testing.assert_close(ours.codebook, theirs.codebook)
    assert (ours.codebook - start).abs().max() > 0.1


def test_codes_settle_on_the_means_of_what_they_stand_for() -> None:
    quantizer = at_start(decay=0.5)
    vectors = torch.tensor([[0.5, 0.5], [-0.5, 1.5], [5.0, 0.0], [1.0, 9.0]])
    codes = quantizer.assign(vectors)
    assert codes.tolist() == [0, 0, 1, 2]
    for _ in range(40):
        quantizer.learn(vectors, codes, seeded())
    expected = torch.tensor([[0.0, 1.0], [5.0, 0.0], [1.0, 9.0]])
    torch.testing.assert_close(quantizer.codebook, expected, rtol=1e-4, atol=1e-4)


def test_a_codebook_left_to_the_optimiser_does_not_follow_the_averages() -> None:
    quantizer = at_start(update="gradient")
    quantizer.learn(torch.ones(4, 2), torch.tensor([0, 0, 0, 1]), seeded())
    assert torch.equal(quantizer.codebook.detach(), START)
    assert quantizer.counts.tolist() == [1.5, 1.0, 0.75]


def vectors_near_the_first_two() -> tuple[Tensor, Tensor]:
    vectors = torch.randn(400, 2, generator=seeded(4)) + torch.tensor([2.0, 0.0])
    codes = torch.arange(400) % 2
    return vectors, codes


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_a_dead_code_is_revived_at_an_encoded_vector_and_live_ones_are_left_alone(
    update: str,
) -> None:
    vectors, codes = vectors_near_the_first_two()
    ours, without = (at_start(0.0, reset=reset, update=update) for reset in (True, False))
    for quantizer in (ours, without):
        quantizer.learn(vectors, codes, seeded())
    assert without.counts.tolist() == [200.0, 200.0, 0.0]
    assert torch.equal(ours.codebook[:2], without.codebook[:2])
    assert torch.equal(ours.counts[:2], without.counts[:2])
    assert torch.equal(ours.sums[:2], without.sums[:2])
    assert (vectors == ours.codebook[2]).all(dim=1).sum() == 1
    assert not torch.equal(ours.codebook[2], without.codebook[2])


def test_a_revived_code_starts_with_a_fair_share_of_a_steps_vectors() -> None:
    vectors, codes = vectors_near_the_first_two()
    quantizer = at_start(0.0, reset=True)
    quantizer.learn(vectors, codes, seeded())
    assert quantizer.counts[2].item() == pytest.approx(400 / 3)
    torch.testing.assert_close(quantizer.sums[2], quantizer.codebook[2] * 400 / 3)


def test_a_revived_code_is_not_revived_again_the_step_after() -> None:
    vectors, codes = vectors_near_the_first_two()
    quantizer = at_start(0.9, reset=True)
    quantizer.counts[2] = 0.0
    quantizer.learn(vectors, codes, seeded(1))
    revived = quantizer.codebook[2].clone()
    quantizer.learn(vectors, codes, seeded(2))
    torch.testing.assert_close(quantizer.codebook[2], revived)


def test_a_code_dies_only_when_it_falls_below_its_share_of_the_average_code() -> None:
    vectors, _ = vectors_near_the_first_two()
    for n_used, dies in ((3, True), (5, False)):  # 3% of 400 / 3 are 4
        assert (n_used < DEAD_SHARE * 400 / 3) is dies
        codes = torch.arange(400) % 2
        codes[:n_used] = 2
        ours, without = (at_start(0.0, reset=reset) for reset in (True, False))
        for quantizer in (ours, without):
            quantizer.learn(vectors, codes, seeded())
        assert torch.equal(ours.codebook, without.codebook) is not dies


def test_no_first_code_dies_in_the_first_step_however_many_vectors_a_step_has() -> None:
    # As many vectors a code as 256 images of 28×28 have for 128 codes. The averages start at one
    # vector a code; measured by a step's own vectors, nearly all would be called dead at once.
    start = torch.randn(32, 4, generator=seeded(1))
    ours, without = (Quantizer(32, 4, reset_dead_codes=reset) for reset in (True, False))
    vectors = start.repeat(98, 1) + 0.01 * torch.randn(32 * 98, 4, generator=seeded(2))
    for quantizer in (ours, without):
        quantizer.start_at(start)
        quantizer.learn(vectors, quantizer.assign(vectors), seeded())
    assert torch.equal(ours.codebook, without.codebook)
