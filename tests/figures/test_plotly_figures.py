"""What every Plotly figure of the app has in common, and what each one shows."""

import numpy as np
import plotly.graph_objects as go
import pytest

from vizmodels.figures.bands import Band, bands_figure
from vizmodels.figures.dots import Dot, dots_figure
from vizmodels.figures.factor_axes import factor_axes_figure
from vizmodels.figures.latents import map_3d_figure
from vizmodels.figures.marginals import marginals_figure
from vizmodels.figures.reconstruction import error_distribution_figure, loss_parts_figure
from vizmodels.figures.theme import MODEL_A, MODEL_B, class_colour

RNG = np.random.default_rng(0)
ERRORS = RNG.gamma(2.0, 0.01, size=500)
LABELS = np.arange(60) % 3
NAMES = ("zero", "one", "two")


def an_error_distribution(height: int = 300) -> go.Figure:
    return error_distribution_figure([("A", ERRORS), ("B", 2 * ERRORS)], height)


def a_3d_map(height: int = 620) -> go.Figure:
    axes = ("z1", "z2", "z3")
    return map_3d_figure(RNG.normal(size=(60, 3)), LABELS, NAMES, axes, height=height)


def loss_bars(height: int | None = None) -> go.Figure:
    models = [
        ("A", ("reconstruction", "kl"), (0.02, 0.01), "squared error per pixel"),
        ("B", ("reconstruction",), (0.03,), "squared error per pixel"),
        ("C", ("reconstruction", "kl"), (0.2, 0.05), "nats per pixel"),
    ]
    return loss_parts_figure(models, height)


def bands(height: int = 380) -> go.Figure:
    x, half = np.linspace(0, 1, 5), np.full(5, 0.1)
    curves = [Band("A", "#102030", x, x + 1, half), Band("B", "#405060", x, 2 * x)]
    return bands_figure(curves, "noise weight", "squared error", height=height)


def dots(height: int | None = None) -> go.Figure:
    return dots_figure(
        [Dot("A", MODEL_A, 1.0, 0.2), Dot("B", MODEL_B, 2.0, 0.1)], "x", height=height
    )


def marginals(height: int = 320) -> go.Figure:
    edges = np.linspace(-5, 5, 11)
    density = RNG.random((20, 10))
    return marginals_figure(
        [("A", MODEL_A, density), ("B", MODEL_B, density)], edges, height=height
    )


def factor_axes(height: int | None = None) -> go.Figure:
    return factor_axes_figure(
        RNG.random((2, 3)), ("slant", "scale"), ("z1", "z2", "all"), height=height
    )


MAKERS = [an_error_distribution, a_3d_map, loss_bars, bands, dots, marginals, factor_axes]
EVERY_FIGURE = pytest.mark.parametrize("make", MAKERS)


@EVERY_FIGURE
def test_data_are_float32_arrays(make) -> None:
    for trace in make().data:
        for axis in "xyz":
            if axis in trace and not isinstance(trace[axis], tuple):  # of names, where it is
                assert isinstance(trace[axis], np.ndarray) and trace[axis].dtype == np.float32


@EVERY_FIGURE
def test_the_height_is_fixed(make) -> None:
    assert make(height=333).layout.height == 333
    assert make().layout.height is not None


def test_axes_have_titles_with_their_units() -> None:
    layout = an_error_distribution().layout
    titles = (layout.xaxis.title.text, layout.yaxis.title.text)
    assert titles == ("squared error per pixel", "images, %")


def test_the_axes_of_a_map_in_3d_have_the_names_given() -> None:
    scene = a_3d_map().layout.scene
    assert [scene[f"{axis}axis"].title.text for axis in "xyz"] == ["z1", "z2", "z3"]


@EVERY_FIGURE
def test_a_figure_has_no_colours_of_paper_or_text_of_its_own(make) -> None:
    layout = make().layout
    assert layout.paper_bgcolor is None and layout.plot_bgcolor is None
    assert layout.font.color is None


def test_each_class_is_a_trace_in_its_own_colour() -> None:
    traces = a_3d_map().data
    assert [trace.name for trace in traces] == list(NAMES)
    assert [trace.marker.color for trace in traces] == [class_colour(k) for k in range(3)]
    assert [len(trace.x) for trace in traces] == [20, 20, 20]


def test_points_without_labels_are_one_trace() -> None:
    axes = ("z1", "z2", "z3")
    (trace,) = map_3d_figure(RNG.normal(size=(60, 3)), None, (), axes).data
    assert len(trace.x) == 60 and trace.marker.color == MODEL_A


def test_the_axes_of_a_map_in_3d_have_one_scale() -> None:
    assert a_3d_map().layout.scene.aspectmode == "data"


def test_a_map_in_3d_can_be_coloured_by_a_value() -> None:
    slant = RNG.normal(size=60)
    points = RNG.normal(size=(60, 3))
    figure = map_3d_figure(
        points, LABELS, NAMES, ("a", "b", "c"), values=slant, values_name="slant, degrees"
    )
    (trace,) = figure.data
    np.testing.assert_allclose(trace.marker.color, slant, rtol=1e-6)
    assert trace.marker.color.dtype == np.float32
    assert trace.marker.colorbar.title.text == "slant, degrees"
    np.testing.assert_allclose(np.stack([trace.x, trace.y, trace.z], 1), points, rtol=1e-6)


def test_error_shares_are_per_cent_of_the_images() -> None:
    a, b = an_error_distribution().data[:2]
    assert (a.line.color, b.line.color) == (MODEL_A, MODEL_B)
    top = np.quantile(2 * ERRORS, 0.995)
    assert a.y.sum() == pytest.approx((top >= ERRORS).mean() * 100, rel=1e-5)
    assert b.y.sum() == pytest.approx((top >= 2 * ERRORS).mean() * 100, rel=1e-5)
    np.testing.assert_array_equal(a.x, b.x)


def test_the_median_error_of_each_model_is_marked() -> None:
    lines = an_error_distribution().layout.shapes
    medians = [line.x0 for line in lines]
    assert medians == pytest.approx([np.median(ERRORS), np.median(2 * ERRORS)])


def test_a_model_without_any_error_has_a_distribution() -> None:
    figure = error_distribution_figure([("perfect", np.zeros(10))])
    assert np.isfinite(figure.data[0].y).all()


def test_losses_of_different_units_have_axes_of_their_own() -> None:
    figure = loss_bars()
    titles = [figure.layout[axis].title.text for axis in ("xaxis", "xaxis2")]
    assert titles == ["loss, squared error per pixel", "loss, nats per pixel"]
    widths = {(t.name, y): float(x) for t in figure.data for y, x in zip(t.y, t.x, strict=True)}
    assert widths[("KL", "A")] == pytest.approx(0.01) and widths[("reconstruction", "C")] > 0.19
    assert figure.layout.barmode == "stack"
    assert sum(bool(t.showlegend) for t in figure.data) == 2, "each term once"


def test_a_band_lies_half_a_width_to_either_side_of_its_curve() -> None:
    band, curve, alone = bands().data
    np.testing.assert_allclose(band.y[:5] - curve.y, 0.1, atol=1e-6)
    np.testing.assert_allclose(curve.y - band.y[5:][::-1], 0.1, atol=1e-6)
    assert band.fillcolor == "rgba(16,32,48,0.25)" and alone.name == "B"


def test_a_dot_has_its_interval() -> None:
    first, second = dots().data
    assert first.error_x.array.tolist() == pytest.approx([0.2])
    assert (first.y[0], second.x[0]) == ("A", 2.0)


def test_at_most_sixteen_axes_of_a_model_are_drawn_over_the_normal_density() -> None:
    traces = marginals().data
    assert len(traces) == 2 * 17
    x = traces[0].x
    np.testing.assert_allclose(traces[0].y, np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi), rtol=1e-5)


def test_shares_are_shown_from_0_to_1() -> None:
    (heat,) = factor_axes().data
    assert (heat.zmin, heat.zmax) == (0, 1)
    assert heat.z.shape == (2, 3)
