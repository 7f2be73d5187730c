"""What every Plotly figure of the app has in common, and what each one shows."""

import numpy as np
import plotly.graph_objects as go
import pytest

from vizmodels.figures.curves import term_figure
from vizmodels.figures.errors_by_image import error_distribution_figure
from vizmodels.figures.latents import live_map_figure, map_3d_figure
from vizmodels.figures.theme import MODEL_A, MODEL_B, class_colour

RNG = np.random.default_rng(0)
ERRORS = RNG.gamma(2.0, 0.01, size=500)
LABELS = np.arange(60) % 3
NAMES = ("zero", "one", "two")


def a_curve(height: int = 260) -> go.Figure:
    steps, test_steps = [10, 20, 30], [15, 30]
    train, test = np.array([3.0, 2.0, 1.0]), np.array([2.5, 1.5])
    return term_figure("kl", "nats", steps, train, test_steps, test, n_steps=40, height=height)


def a_live_map(height: int = 380) -> go.Figure:
    return live_map_figure(RNG.normal(size=(60, 2)), LABELS, NAMES, height)


def an_error_distribution(height: int = 300) -> go.Figure:
    return error_distribution_figure([("A", ERRORS), ("B", 2 * ERRORS)], height)


def a_3d_map(height: int = 620) -> go.Figure:
    axes = ("z1", "z2", "z3")
    return map_3d_figure(RNG.normal(size=(60, 3)), LABELS, NAMES, axes, height=height)


EVERY_FIGURE = pytest.mark.parametrize(
    "make", [a_curve, a_live_map, an_error_distribution, a_3d_map]
)


@EVERY_FIGURE
def test_data_are_float32_arrays(make) -> None:
    for trace in make().data:
        for axis in "xyz":
            if axis in trace:  # scatter has no z
                assert isinstance(trace[axis], np.ndarray) and trace[axis].dtype == np.float32


@EVERY_FIGURE
def test_the_height_is_fixed(make) -> None:
    assert make(height=333).layout.height == 333
    assert make().layout.height is not None


@pytest.mark.parametrize(
    ("make", "x_title", "y_title"),
    [
        (a_curve, "step", "kl<br>nats"),
        (a_live_map, "first map axis", "second map axis"),
        (an_error_distribution, "squared error per pixel", "images, %"),
    ],
)
def test_axes_have_titles_with_their_units(make, x_title: str, y_title: str) -> None:
    layout = make().layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == (x_title, y_title)


def test_the_axes_of_a_map_in_3d_have_the_names_given() -> None:
    scene = a_3d_map().layout.scene
    assert [scene[f"{axis}axis"].title.text for axis in "xyz"] == ["z1", "z2", "z3"]


@EVERY_FIGURE
def test_a_figure_has_no_colours_of_paper_or_text_of_its_own(make) -> None:
    layout = make().layout
    assert layout.paper_bgcolor is None and layout.plot_bgcolor is None
    assert layout.font.color is None


def test_a_curve_shows_training_as_a_line_and_test_as_points() -> None:
    train, test = a_curve().data
    assert (train.mode, train.line.color) == ("lines", MODEL_A)
    assert train.x.tolist() == [10, 20, 30] and train.y.tolist() == [3, 2, 1]
    assert "markers" in test.mode and test.marker.color == MODEL_B
    assert test.x.tolist() == [15, 30] and test.y.tolist() == [2.5, 1.5]
    assert a_curve().layout.xaxis.range == (0, 40)


@pytest.mark.parametrize("make", [a_live_map, a_3d_map])
def test_each_class_is_a_trace_in_its_own_colour(make) -> None:
    traces = make().data
    assert [trace.name for trace in traces] == list(NAMES)
    assert [trace.marker.color for trace in traces] == [class_colour(k) for k in range(3)]
    assert [len(trace.x) for trace in traces] == [20, 20, 20]


def test_points_without_labels_are_one_trace() -> None:
    (trace,) = live_map_figure(RNG.normal(size=(60, 2)), None, ()).data
    assert len(trace.x) == 60 and trace.marker.color == MODEL_A


def test_the_axes_of_a_live_map_have_one_scale() -> None:
    assert a_live_map().layout.yaxis.scaleanchor == "x"


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
