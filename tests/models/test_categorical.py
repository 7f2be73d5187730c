import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Categorical, kl_divergence

from vizmodels.models.categorical import (
    all_combinations,
    draw_one_hot,
    gumbel,
    gumbel_softmax,
    kl_to_uniform,
    score_surrogate,
    straight_through,
)

N_DRAWS = 40_000


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some_log_q(*shape: int) -> Tensor:
    return F.log_softmax(2 * torch.randn(*shape, generator=seeded(7)), dim=-1)


def repeated(log_q: Tensor) -> Tensor:
    """One variable's log-probabilities as (N_DRAWS, 1, k)."""
    return log_q.expand(N_DRAWS, 1, -1)


def test_kl_to_uniform_is_that_of_torch_distributions() -> None:
    log_q = some_log_q(50, 3, 7)
    posterior = Categorical(logits=log_q.double())
    expected = kl_divergence(posterior, Categorical(probs=torch.ones(7).double()))
    torch.testing.assert_close(kl_to_uniform(log_q), expected.float(), rtol=1e-5, atol=1e-6)


def test_kl_of_the_uniform_distribution_is_zero_and_of_a_sure_class_the_log_of_their_number() -> (
    None
):
    sure = F.log_softmax(torch.tensor([[[200.0, 0.0, 0.0, 0.0]]]), dim=2)
    torch.testing.assert_close(kl_to_uniform(sure), torch.tensor([[math.log(4)]]))
    uniform = torch.full((1, 1, 4), -math.log(4))
    torch.testing.assert_close(kl_to_uniform(uniform), torch.zeros(1, 1))


def test_gumbel_draws_have_the_mean_and_variance_of_the_distribution() -> None:
    draws = gumbel(torch.Size([100_000]), seeded(), torch.device("cpu")).double()
    euler = 0.5772156649015329
    standard_error = (draws.std() / math.sqrt(len(draws))).item()
    assert draws.mean().item() == pytest.approx(euler, abs=4 * standard_error)
    assert draws.var().item() == pytest.approx(math.pi**2 / 6, rel=0.03)


def test_classes_are_drawn_as_often_as_their_probabilities_say() -> None:
    q = torch.tensor([0.5, 0.3, 0.15, 0.05])
    shares = draw_one_hot(repeated(q.log()), seeded()).mean(dim=(0, 1))
    standard_error = (q * (1 - q) / N_DRAWS).sqrt()
    assert ((shares - q).abs() < 4 * standard_error).all()


def test_a_draw_is_one_hot_and_has_no_gradient() -> None:
    log_q = some_log_q(20, 3, 5).requires_grad_()
    drawn = draw_one_hot(log_q, seeded())
    assert drawn.shape == (20, 3, 5)
    assert torch.equal(drawn.sum(dim=2), torch.ones(20, 3))
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert not drawn.requires_grad


def test_a_relaxed_draw_is_a_point_of_the_simplex_with_a_gradient() -> None:
    log_q = some_log_q(20, 3, 5).requires_grad_()
    relaxed = gumbel_softmax(log_q, 1.0, seeded())
    torch.testing.assert_close(relaxed.sum(dim=2), torch.ones(20, 3))
    assert relaxed.min() > 0 and relaxed.max() < 1
    relaxed[..., 0].sum().backward()
    assert log_q.grad is not None and log_q.grad.isfinite().all() and log_q.grad.any()


def test_a_relaxed_draw_at_a_tiny_temperature_is_nearly_the_exact_one() -> None:
    log_q = some_log_q(200, 3, 5)
    relaxed = gumbel_softmax(log_q, 1e-4, seeded(1))
    assert relaxed.isfinite().all()
    torch.testing.assert_close(relaxed, draw_one_hot(log_q, seeded(1)), atol=1e-3, rtol=0)


def test_a_relaxed_draw_at_a_high_temperature_is_nearly_uniform() -> None:
    relaxed = gumbel_softmax(some_log_q(20, 3, 5), 1e4, seeded())
    torch.testing.assert_close(relaxed, torch.full_like(relaxed, 0.2), atol=1e-3, rtol=0)


def test_straight_through_gives_the_draw_itself_and_the_gradient_of_the_probabilities() -> None:
    logits = torch.randn(6, 2, 4, generator=seeded()).requires_grad_()
    weights = torch.randn(6, 2, 4, generator=seeded(1))
    log_q = F.log_softmax(logits, dim=2)
    one_hot = draw_one_hot(log_q, seeded(2))
    passed = straight_through(one_hot, log_q)
    assert torch.equal(passed, one_hot)
    (ours,) = torch.autograd.grad((passed * weights).sum(), logits)
    (expected,) = torch.autograd.grad((F.softmax(logits, dim=2) * weights).sum(), logits)
    torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("baseline", [False, True])
def test_the_score_surrogate_has_the_value_of_the_cost(baseline: bool) -> None:
    cost, log_prob = torch.rand(8, generator=seeded()), torch.randn(8, generator=seeded())
    assert torch.equal(score_surrogate(cost, log_prob, baseline=baseline), cost)


@pytest.mark.parametrize(("baseline", "signals"), [(False, [1, 4, 10]), (True, [-6, -1.5, 7.5])])
def test_the_score_is_weighted_by_the_cost_less_that_of_the_other_draws(
    baseline: bool, signals: list[float]
) -> None:
    cost = torch.tensor([1.0, 4.0, 10.0])  # the others' means are 7, 5.5 and 2.5
    log_prob = torch.zeros(3, requires_grad=True)
    score_surrogate(cost, log_prob, baseline=baseline).sum().backward()
    assert log_prob.grad is not None and log_prob.grad.tolist() == signals


def test_the_score_surrogate_keeps_the_gradient_of_the_cost_itself() -> None:
    weight = torch.tensor(2.0, requires_grad=True)
    cost = weight * torch.tensor([1.0, 4.0, 10.0])
    score_surrogate(cost, torch.zeros(3), baseline=True).sum().backward()
    assert weight.grad is not None and weight.grad.item() == 15.0


def test_one_draw_alone_has_no_baseline() -> None:
    log_prob = torch.zeros(1, requires_grad=True)
    score_surrogate(torch.tensor([3.0]), log_prob, baseline=True).sum().backward()
    assert log_prob.grad is not None and log_prob.grad.item() == 3.0


def test_all_combinations_are_there_once() -> None:
    every = all_combinations(3, 4)
    assert every.shape == (4**3, 3, 4)
    assert torch.equal(every.sum(dim=2), torch.ones(64, 3))
    assert len({tuple(row) for row in every.argmax(dim=2).tolist()}) == 64
