import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vizmodels.models.backbones import initialise
from vizmodels.models.codes import pixelcnn
from vizmodels.models.codes.code_prior import CodePrior, MarginalPrior, UniformPrior
from vizmodels.models.codes.pixelcnn import PixelCNN

K, HEIGHT, WIDTH = 5, 4, 6
CELLS = HEIGHT * WIDTH


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def new(
    n_layers: int = 6, *, grid: tuple[int, int] = (HEIGHT, WIDTH), n_codes: int = K, **knobs: object
) -> PixelCNN:
    """In float64 and with large weights, so that what reaches far cells is not rounded away; and
    with no code the likeliest whatever stands before it."""
    prior = PixelCNN(n_codes, grid, channels=8, n_layers=n_layers, **knobs)
    initialise(prior, seeded())
    with torch.no_grad():
        for weight in prior.parameters():
            weight.mul_(2)
        prior.head[-1].bias.zero_()
    return prior.double()


def some_codes(n: int = 1, n_codes: int = K) -> Tensor:
    return torch.randint(n_codes, (n, HEIGHT, WIDTH), generator=seeded(1))


def reactions(prior: PixelCNN) -> Tensor:
    """How much the logits at cell j change at most when the code at cell i does, (cells, cells)."""
    codes = some_codes()
    changed = codes.repeat(CELLS, 1, 1).flatten(1)
    changed[torch.arange(CELLS), torch.arange(CELLS)] += 1
    with torch.no_grad():
        before = prior.logits(codes)
        after = torch.cat([prior.logits(one % K) for one in changed.view(-1, 1, HEIGHT, WIDTH)])
    return (after - before).abs().amax(dim=1).flatten(1)


@pytest.mark.parametrize("n_layers", [1, 2, 6])
def test_no_code_has_a_say_in_its_own_logits_or_in_those_before_it(n_layers: int) -> None:
    told = reactions(new(n_layers))
    assert not torch.tril(told).any(), "bit for bit"
    assert told.any()


def test_every_code_has_a_say_in_all_logits_after_it_once_there_are_enough_layers() -> None:
    told = reactions(new(n_layers=6))
    is_later = torch.triu(torch.ones(CELLS, CELLS), diagonal=1).bool()
    assert (told[is_later] > 0).all(), "a blind spot"


@pytest.mark.parametrize("n_layers", [1, 2, 3])
def test_each_layer_reaches_one_row_further_up_and_one_column_further_to_each_side(
    n_layers: int,
) -> None:
    # At a cell, layer l sees the upper stack of the row above, which saw l rows more and l columns
    # to either side; from there the left stack carries it on by one column a layer.
    told = reactions(new(n_layers)) > 0
    for cell in range(CELLS):
        row, column = divmod(cell, WIDTH)
        above = row - 1
        reached = {divmod(at, WIDTH) for at in told[:, cell].nonzero().flatten().tolist()}
        rows = {r for r, _ in reached if r < row}
        assert rows == set(range(max(0, above - n_layers), row))
        of_row_above = {c for r, c in reached if r == above}
        right = min(WIDTH - 1, column + n_layers)
        assert above < 0 or max(of_row_above) == right
        assert {c for r, c in reached if r == row} == set(
            range(max(0, column - n_layers - 1), column)
        )


def test_the_first_cells_logits_do_not_depend_on_any_code() -> None:
    prior = new()
    logits = prior.logits(some_codes(20))[:, :, 0, 0]
    assert torch.equal(logits, logits[:1].expand_as(logits))
    assert logits[0].std() > 0


def test_the_logits_of_the_first_rows_are_those_of_the_whole_grid() -> None:
    prior, codes = new(n_classes=3), some_codes(4)
    labels = torch.tensor([0, 1, 2, 0])
    whole = prior.logits(codes, labels)
    for n_rows in range(1, HEIGHT + 1):
        part = prior.logits(codes[:, :n_rows], labels)
        torch.testing.assert_close(part, whole[:, :, :n_rows])


def test_nats_per_code_are_the_mean_of_minus_the_log_probabilities() -> None:
    prior, codes = new(), some_codes(3)
    log_p = F.log_softmax(prior.logits(codes), dim=1)
    expected = []
    for n in range(3):
        total = 0.0
        for row in range(HEIGHT):
            for column in range(WIDTH):
                total -= log_p[n, codes[n, row, column], row, column].item()
        expected.append(total / CELLS)
    assert prior.nats_per_code(codes).tolist() == pytest.approx(expected, rel=1e-5)


def every_grid() -> Tensor:
    """All 64 grids of 2×3 cells with two codes."""
    return torch.tensor(list(itertools.product(range(2), repeat=6))).view(64, 2, 3)


def test_the_probabilities_of_all_grids_sum_to_one() -> None:
    prior = new(grid=(2, 3), n_codes=2)
    probabilities = (-6 * prior.nats_per_code(every_grid())).exp()
    assert probabilities.sum().item() == pytest.approx(1, rel=1e-5)
    assert probabilities.max() > 3 * probabilities.min()


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_grids_are_drawn_as_often_as_their_probabilities_say(temperature: float) -> None:
    prior, n = new(grid=(2, 3), n_codes=2), 8000
    logits = prior.logits(every_grid()).float() / temperature
    nats = F.cross_entropy(logits, every_grid(), reduction="none").sum(dim=(1, 2))
    p = (-nats).exp().detach()
    codes = prior.sample_codes(n, seeded(), temperature=temperature)
    index = (codes.flatten(1) * 2 ** torch.arange(5, -1, -1)).sum(dim=1)
    shares = torch.bincount(index, minlength=64) / n
    is_often = n * p > 10  # where counts are nearly normal
    assert is_often.sum() > 30
    assert ((shares - p).abs() < 4 * (p * (1 - p) / n).sqrt())[is_often].all()


def test_sampling_with_a_fixed_generator_is_reproducible() -> None:
    prior = new()
    first, again, other = (prior.sample_codes(6, seeded(seed)) for seed in (1, 1, 2))
    assert first.shape == (6, HEIGHT, WIDTH) and first.dtype == torch.int64
    assert first.min() >= 0 and first.max() < K
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_sampling_near_temperature_0_takes_the_likeliest_code_of_each_cell() -> None:
    prior = new()
    codes = prior.sample_codes(4, seeded(), temperature=1e-4)
    assert torch.equal(codes, prior.logits(codes).argmax(dim=1))
    assert torch.equal(codes, codes[:1].expand_as(codes)), "nothing is left to chance"
    assert not torch.equal(codes, prior.sample_codes(4, seeded()))


def test_each_token_is_told_in_reading_order_with_what_it_was_drawn_from() -> None:
    prior, temperature = new(), 0.7
    told: list[tuple[int, Tensor, Tensor]] = []

    def keep(position: int, codes: Tensor, chances: Tensor) -> None:
        told.append((position, codes.clone().flatten(1), chances.clone()))

    final = prior.sample_codes(3, seeded(), temperature=temperature, on_token=keep).flatten(1)
    assert [position for position, _, _ in told] == list(range(CELLS))
    logits = prior.logits(final.view(3, HEIGHT, WIDTH)).flatten(2)
    for position, codes, chances in told:
        assert torch.equal(codes[:, : position + 1], final[:, : position + 1])
        assert not codes[:, position + 1 :].any()
        expected = (logits[:, :, position].float() / temperature).softmax(dim=1)
        torch.testing.assert_close(chances, expected)


def test_a_prior_that_is_told_the_class_has_other_logits_for_each_class() -> None:
    prior, codes = new(n_layers=2, n_classes=3), some_codes()
    logits = [prior.logits(codes, torch.tensor([label])) for label in (0, 0, 1, 2)]
    assert torch.equal(logits[0], logits[1])
    for a, b in itertools.combinations(logits[1:], 2):
        assert ((a - b).abs().amax(dim=1) > 1e-6).all(), "at every cell, the first one too"


def test_a_prior_that_is_told_the_class_draws_each_grid_from_what_its_class_says() -> None:
    prior, labels = new(n_classes=2), torch.tensor([0, 1, 1])
    told: list[Tensor] = []
    codes = prior.sample_codes(
        3, seeded(), labels=labels, on_token=lambda *token: told.append(token[2])
    )
    chances = torch.stack(told, dim=2).view(3, K, HEIGHT, WIDTH)
    expected, of_others = (
        prior.logits(codes, of).float().softmax(dim=1) for of in (labels, 1 - labels)
    )
    torch.testing.assert_close(chances, expected)
    assert not torch.allclose(chances, of_others, atol=1e-3)


def test_a_prior_that_is_not_told_the_class_ignores_it() -> None:
    prior, codes = new(), some_codes()
    assert torch.equal(prior.logits(codes, torch.tensor([1])), prior.logits(codes))


def test_features_are_left_out_while_training_only() -> None:
    prior, codes = new(dropout=0.5), some_codes()
    assert torch.equal(prior.logits(codes), prior.logits(codes))
    first, again, other = (prior.logits(codes, None, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, prior.logits(codes))
    without = new(dropout=0.0)
    assert torch.equal(without.logits(codes, None, seeded()), without.logits(codes))


def test_the_channels_left_out_are_the_share_asked_for_and_the_mean_is_kept() -> None:
    n = 100_000
    kept = pixelcnn._drop(torch.ones(n // 100, 100, 2, 2), 0.3, seeded())
    torch.testing.assert_close(kept.unique(), torch.tensor([0.0, 1 / 0.7]))
    assert torch.equal(kept.amax(dim=(2, 3)), kept.amin(dim=(2, 3))), "whole channels"
    share = (kept[:, :, 0, 0] == 0).float().mean().item()
    assert share == pytest.approx(0.3, abs=4 * math.sqrt(0.3 * 0.7 / n))


def test_a_uniform_prior_pays_the_log_of_the_number_of_codes() -> None:
    prior = UniformPrior(K, (HEIGHT, WIDTH))
    torch.testing.assert_close(prior.nats_per_code(some_codes(3)), torch.full((3,), math.log(K)))


def test_a_marginal_prior_pays_the_entropy_of_its_counts() -> None:
    # One is added to each count: shares of 4/8, 2/8, 1/8 and 1/8, hence 1.75 bits.
    prior = MarginalPrior(torch.tensor([3, 1, 0, 0]), (2, 4))
    codes = torch.tensor([[[0, 0, 1, 3], [2, 0, 1, 0]]])
    assert prior.nats_per_code(codes).item() == pytest.approx(1.75 * math.log(2))


@pytest.mark.parametrize(
    ("prior", "chances"),
    [
        (UniformPrior(4, (2, 4)), [0.25, 0.25, 0.25, 0.25]),
        (MarginalPrior(torch.tensor([3, 1, 0, 0]), (2, 4)), [0.5, 0.25, 0.125, 0.125]),
    ],
    ids=["uniform", "marginal"],
)
def test_priors_without_context_draw_each_code_as_often_as_they_say(
    prior: CodePrior, chances: list[float]
) -> None:
    n = 2000
    codes = prior.sample_codes(n, seeded())
    shares, p = torch.bincount(codes.flatten(), minlength=4) / (8 * n), torch.tensor(chances)
    assert ((shares - p).abs() < 4 * (p * (1 - p) / (8 * n)).sqrt()).all()
