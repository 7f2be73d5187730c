"""Figures of samplers, codes and judges: what they show is what they were given."""

import numpy as np
import pytest

from vizmodels.figures.codes import (
    EpochCurve,
    codebook_figure,
    distances_figure,
    hex_colours,
    patches_sheet,
    usage_figure,
    usage_over_training_figure,
)
from vizmodels.figures.information import (
    Accuracies,
    BySize,
    accuracies_figure,
    accuracy_by_size_figure,
    confusion_figure,
)
from vizmodels.figures.sampling import (
    Bar,
    axis_spread_figure,
    class_shares_figure,
    frechet_figure,
    latents_and_prior_figure,
    shares_figure,
)

COLOURS = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
SHARES = np.array([0.2, 0.8, 0.0])


def test_codes_stand_in_the_order_of_their_usage_each_in_its_colour() -> None:
    (bars,) = usage_figure(SHARES, COLOURS).data
    np.testing.assert_allclose(bars.y, [80, 20, 0], rtol=1e-6)
    assert list(bars.marker.color) == ["#00ff00", "#ff0000", "#0000ff"]
    assert list(bars.customdata) == [1, 0, 2]


def test_places_of_codes_are_as_large_as_they_are_used_and_dead_ones_are_crosses() -> None:
    places = np.array([[0.0, 1], [2, 3], [4, 5]], np.float32)
    figure = codebook_figure(places, SHARES, COLOURS, (0.6, 0.3), chosen=0)
    (dots,) = figure.data
    assert dots.marker.size[1] > dots.marker.size[0] > dots.marker.size[2]
    assert list(dots.marker.symbol) == ["circle", "circle", "x"]
    assert dots.marker.line.width[0] > dots.marker.line.width[1]
    assert figure.layout.xaxis.title.text == "PC1 (60%)"


def test_distances_are_named_by_code_and_ranked() -> None:
    figure = distances_figure(np.array([3.0, 1.0, 2.0]), COLOURS)
    np.testing.assert_allclose(figure.data[0].y, [1, 2, 3])
    assert list(figure.layout.xaxis.ticktext) == ["1", "2", "0"]


def test_each_training_has_a_line_over_its_epochs() -> None:
    epochs = np.arange(1, 4)
    figure = usage_over_training_figure(
        [
            EpochCurve("one", epochs, np.array([1.0, 2, 3])),
            EpochCurve("two", epochs, np.array([4.0, 5, 6])),
        ],
        "codes",
    )
    assert [line.name for line in figure.data] == ["one", "two"]
    assert figure.data[0].line.color != figure.data[1].line.color


def test_the_middle_cell_of_each_patch_is_framed_and_nothing_inside_it_is_painted_over() -> None:
    patches = np.full((2, 1, 12, 12), 100, np.uint8)
    sheet = patches_sheet(patches, 3, 2, np.array([1.0, 0, 0]))
    assert sheet.shape == (48, 48 + 1 + 48, 3)
    is_frame = (sheet == [255, 0, 0]).all(axis=2)
    rows, columns = np.nonzero(is_frame[:, :48])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (15, 32, 15, 32)
    assert is_frame[:, :48].sum() == 2 * (18 + 16)
    assert (sheet[16:32, 16:32] == 100).all()


def test_colours_are_written_as_hex() -> None:
    assert hex_colours(np.array([[0.0, 0.5, 1.0]])) == ["#0080ff"]


def test_the_best_sampler_is_on_top_and_the_floor_lies_where_it_is_on_the_logarithmic_axis() -> (
    None
):
    bars = [Bar("worst", "#111111", 1000.0), Bar("best", "#222222", 4.0)]
    figure = frechet_figure(bars, floor=2.0)
    assert list(figure.data[0].y) == ["worst", "best"], "drawn from the bottom"
    assert list(figure.data[0].text) == ["1,000", "4.0"]
    assert figure.layout.annotations[0].x == pytest.approx(np.log10(2.0))
    low, high = figure.layout.xaxis.range
    assert low < np.log10(2.0) and high > 3


def test_class_shares_are_per_cent_with_the_first_row_on_top() -> None:
    shares = np.array([[0.5, 0.5], [0.9, 0.1]])
    figure = class_shares_figure(["test", "samples"], shares, ["a", "b"])
    np.testing.assert_allclose(figure.data[0].z, 100 * shares, rtol=1e-6)
    assert figure.layout.yaxis.autorange == "reversed"


def test_rings_of_the_prior_have_radius_one_and_two_and_both_axes_one_scale() -> None:
    points = np.zeros((5, 2))
    figure = latents_and_prior_figure(points, points, "#123456", ["z1", "z2"], has_prior=True)
    assert [shape.x1 for shape in figure.layout.shapes] == [1, 2]
    assert figure.layout.yaxis.scaleanchor == "x"
    bare = latents_and_prior_figure(points, points, "#123456", ["z1", "z2"], has_prior=False)
    assert not bare.layout.shapes


def test_axes_show_mean_and_deviation_beside_the_priors_band() -> None:
    figure = axis_spread_figure(np.array([0.0, 3.0]), np.array([1.0, 2.0]), "#123456")
    np.testing.assert_allclose(figure.data[0].error_y.array, [1, 2])
    assert (figure.layout.shapes[0].y0, figure.layout.shapes[0].y1) == (-1, 1)


def test_discrete_values_are_ranked_by_use() -> None:
    np.testing.assert_allclose(shares_figure(SHARES, "#123456").data[0].y, [80, 20, 0], rtol=1e-6)


def test_judges_keep_their_colours_and_an_unknown_interval_has_no_whiskers() -> None:
    judges = [
        Accuracies("probe", np.array([0.5, 0.9]), np.array([0.1, np.nan]), original=0.95),
        Accuracies("votes", np.array([0.6, 0.8]), np.array([0.1, 0.1])),
    ]
    figure = accuracies_figure(["small", "large"], judges)
    probe, votes = figure.data
    np.testing.assert_allclose(probe.x, [50, 90])
    np.testing.assert_allclose(probe.error_x.array, [10, 0])
    assert probe.marker.color != votes.marker.color
    (dashed,) = figure.layout.shapes
    assert dashed.x0 == pytest.approx(95)
    assert list(figure.layout.yaxis.ticktext) == ["small", "large"]


def test_sizes_are_ticked_at_powers_of_two() -> None:
    family = BySize("VAE", np.array([64.0, 512.0]), np.array([0.7, 0.9]), np.zeros(2))
    figure = accuracy_by_size_figure([family], "bits")
    assert list(figure.layout.xaxis.tickvals) == [64, 128, 256, 512]
    assert figure.layout.xaxis.type == "log"


def test_confusions_are_per_cent_of_the_true_class_and_the_diagonal_has_no_colour() -> None:
    figure = confusion_figure(np.array([[8, 2], [0, 5]]), ["a", "b"])
    z = np.array(figure.data[0].z)
    assert np.isnan(np.diag(z)).all() and z[0, 1] == pytest.approx(20)
    assert figure.data[0].text[0][0] == "80" and figure.data[0].text[1][0] == ""
