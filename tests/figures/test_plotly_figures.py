"""What every Plotly figure of the app has in common, and what each one shows."""

import numpy as np
import plotly.graph_objects as go
import pytest

from vizmodels.figures.errors_by_image import error_distribution_figure
from vizmodels.figures.latents import map_3d_figure
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


EVERY_FIGURE = pytest.mark.parametrize("make", [an_error_distribution, a_3d_map])


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
