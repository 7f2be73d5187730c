import math

from vizmodels.analysis.sweep_table import Setting, curves_along, figures_in


def test_curves_run_along_one_knob_and_leave_out_what_is_not_there() -> None:
    settings = [
        Setting({"latent_dim": 8, "kl_weight": 0.1}, ({"kl": 3.0}, {"kl": 5.0})),
        Setting({"latent_dim": 2, "kl_weight": 0.1}, ({"kl": 1.0},)),
        Setting({"latent_dim": 2, "kl_weight": 0.2}, ()),
    ]
    assert figures_in(settings) == ["kl"]
    ((others, points),) = curves_along(settings, "latent_dim", "kl").items()
    assert others == (("kl_weight", 0.1),)
    assert [(x, told.mean) for x, told in points] == [(2, 1.0), (8, 4.0)]
    assert [math.isnan(told.half_width) for _, told in points] == [True, False]
