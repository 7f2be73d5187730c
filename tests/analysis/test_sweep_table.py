import math

import numpy as np
import pytest
from scipy import stats

from vizmodels.analysis.sweep_table import Setting, curves_along, difference, figures_in


def test_curves_run_along_one_knob_and_leave_out_what_is_not_there() -> None:
    settings = [
        Setting({"latent_dim": 8, "kl_weight": 0.1}, ({"kl": 3.0}, {"kl": 5.0}), (0, 1)),
        Setting({"latent_dim": 2, "kl_weight": 0.1}, ({"kl": 1.0},), (0,)),
        Setting({"latent_dim": 2, "kl_weight": 0.2}, (), ()),
    ]
    assert figures_in(settings) == ["kl"]
    ((others, points),) = curves_along(settings, "latent_dim", "kl").items()
    assert others == (("kl_weight", 0.1),)
    assert [(x, told.mean) for x, told in points] == [(2, 1.0), (8, 4.0)]
    assert [math.isnan(told.half_width) for _, told in points] == [True, False]


def setting_of(values: dict[int, float]) -> Setting:
    return Setting({"epochs": 1}, tuple({"kl": value} for value in values.values()), tuple(values))


def test_a_difference_is_that_of_the_seeds_both_have_with_the_paired_tests_interval() -> None:
    one = {0: 3.0, 1: 5.0, 2: 9.0, 7: 100.0}
    other = {2: 8.1, 1: 4.0, 0: 1.8, 5: -100.0}
    found = difference(setting_of(one), setting_of(other), "kl")
    assert found is not None and found.n_seeds == 3
    a, b = np.array([one[s] for s in range(3)]), np.array([other[s] for s in range(3)])
    low, high = stats.ttest_rel(a, b).confidence_interval(0.95)
    assert found.interval.mean == pytest.approx((low + high) / 2)
    assert found.interval.half_width == pytest.approx((high - low) / 2)


def test_a_difference_may_be_certain_where_the_intervals_overlap() -> None:
    one, other = {0: 1.0, 1: 2.0, 2: 3.0}, {0: 1.5, 1: 2.51, 2: 3.49}
    ends = [setting_of(values).figure("kl") for values in (one, other)]
    assert ends[0].mean + ends[0].half_width > ends[1].mean - ends[1].half_width
    found = difference(setting_of(one), setting_of(other), "kl")
    assert found is not None and found.is_beyond_chance


def test_one_seed_tells_no_difference_from_chance_and_none_has_no_difference() -> None:
    found = difference(setting_of({0: 1.0}), setting_of({0: 9.0}), "kl")
    assert found is not None and found.n_seeds == 1 and not found.is_beyond_chance
    assert difference(setting_of({0: 1.0}), setting_of({1: 9.0}), "kl") is None
    assert difference(setting_of({0: 1.0}), setting_of({0: 9.0}), "no such figure") is None
