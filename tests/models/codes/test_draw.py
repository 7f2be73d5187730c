import pytest
import torch

from vizmodels.models.codes.draw import draw_categories


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_draws_are_those_of_torch_multinomial() -> None:
    chances = torch.rand(400, 12, generator=torch.Generator().manual_seed(0))
    chances /= chances.sum(dim=1, keepdim=True)
    expected = torch.multinomial(chances, 1, generator=seeded()).squeeze(1)
    assert torch.equal(draw_categories(chances, seeded()), expected)


def test_a_category_is_drawn_as_often_as_its_chance_says() -> None:
    chances = torch.tensor([0.5, 0.0, 0.3, 0.2]).expand(40_000, 4)
    drawn = draw_categories(chances, seeded())
    shares = torch.bincount(drawn, minlength=4) / 40_000
    # Four standard errors of a share of one half.
    assert shares.tolist() == pytest.approx(chances[0].tolist(), abs=4 * 0.0025)
    assert shares[1] == 0


@pytest.mark.parametrize("fill", [float("nan"), float("inf"), 0.0])
def test_impossible_chances_give_some_category_and_no_error(fill: float) -> None:
    drawn = draw_categories(torch.full((5, 7), fill), seeded())
    assert ((drawn >= 0) & (drawn < 7)).all()
