import numpy as np
import pytest
from scipy import stats

from vizmodels.analysis.seeds import OverSeeds, over_seeds
from vizmodels.analysis.sweep_table import Setting, curves_along, figures_in


def test_the_interval_is_students() -> None:
    values = [0.31, 0.35, 0.28, 0.33]
    expected = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    told = over_seeds(values)
    assert (told.low, told.high) == pytest.approx(expected)
    assert told.mean == pytest.approx(np.mean(values)) and told.n == 4


def test_one_seed_has_no_interval() -> None:
    assert over_seeds([2.0]) == OverSeeds(2.0, 2.0, 2.0, 1)


def test_the_interval_holds_the_true_mean_as_often_as_it_says() -> None:
    draws = np.random.default_rng(0).normal(3.0, 2.0, (2000, 3))
    held = [told.low <= 3.0 <= told.high for told in map(over_seeds, draws.tolist())]
    assert np.mean(held) == pytest.approx(0.95, abs=3 * (0.95 * 0.05 / 2000) ** 0.5)


def test_curves_run_along_one_knob_and_leave_out_what_is_not_there() -> None:
    settings = [
        Setting({"latent_dim": 8, "kl_weight": 0.1}, ({"kl": 3.0}, {"kl": 5.0})),
        Setting({"latent_dim": 2, "kl_weight": 0.1}, ({"kl": 1.0},)),
        Setting({"latent_dim": 2, "kl_weight": 0.2}, ()),
    ]
    assert figures_in(settings) == ["kl"]
    ((others, points),) = curves_along(settings, "latent_dim", "kl").items()
    assert others == (("kl_weight", 0.1),)
    assert [(x, told.mean, told.n) for x, told in points] == [(2, 1.0, 1), (8, 4.0, 2)]
