import re

import numpy as np
import plotly.graph_objects as go
import pytest

from vizmodels.figures.theme import (
    AXIS_FONT,
    BODY_FONT,
    CLASS_COLOURS,
    MODEL_COLOURS,
    class_colour,
    letters,
    signed_colours,
    styled,
)


def test_the_ten_classes_have_ten_colours() -> None:
    assert len(set(CLASS_COLOURS)) == len(CLASS_COLOURS) == 10
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in CLASS_COLOURS)


def contrast(a: str, b: str) -> float:
    """Of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        rgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_four_models_have_four_accents_that_stand_out_on_white_and_on_black() -> None:
    assert len(set(MODEL_COLOURS)) == 4
    for colour in MODEL_COLOURS:
        assert contrast(colour, "#ffffff") >= 3 and contrast(colour, "#0d1117") >= 3


def test_a_class_has_the_same_colour_whatever_else_is_shown() -> None:
    assert [class_colour(label) for label in range(10)] == list(CLASS_COLOURS)


def test_colours_repeat_from_the_eleventh_class_on() -> None:
    assert class_colour(10) == class_colour(0)
    assert class_colour(27) == class_colour(7)


def test_zero_is_white_and_the_bounds_have_the_full_colours() -> None:
    colours = signed_colours(np.array([0.0, -0.5, 0.5]), 0.5)
    assert colours.dtype == np.uint8
    assert colours.tolist() == [[255, 255, 255], [33, 102, 172], [178, 24, 43]]


def test_half_way_to_a_bound_is_half_the_colour() -> None:
    low, high = signed_colours(np.array([-0.25, 0.25]), 0.5).astype(float)
    np.testing.assert_allclose(low, (255 + np.array([33, 102, 172])) / 2, atol=0.5)
    np.testing.assert_allclose(high, (255 + np.array([178, 24, 43])) / 2, atol=0.5)


def test_on_a_dark_page_zero_is_nearly_black_and_the_bounds_are_brighter() -> None:
    zero, low, high = signed_colours(np.array([0.0, -0.5, 0.5]), 0.5, dark=True).astype(int)
    assert zero.max() < 50
    assert low.argmax() == 2 and high.argmax() == 0
    assert min(low.max(), high.max()) == 255


def test_values_beyond_the_bounds_are_cut() -> None:
    beyond = signed_colours(np.array([-9.0, 9.0]), 0.5)
    np.testing.assert_array_equal(beyond, signed_colours(np.array([-0.5, 0.5]), 0.5))


@pytest.mark.parametrize("shape", [(), (3,), (2, 4, 5)])
def test_signed_colours_keep_the_shape_of_the_values(shape: tuple[int, ...]) -> None:
    assert signed_colours(np.zeros(shape), 1.0).shape == (*shape, 3)


def test_a_styled_figure_has_its_height_and_its_axis_titles() -> None:
    figure = styled(go.Figure(), height=321, x_title="step", y_title="nats")
    assert figure.layout.height == 321
    assert figure.layout.xaxis.title.text == "step"
    assert figure.layout.yaxis.title.text == "nats"


def test_type_can_be_read_from_the_last_row() -> None:
    figure = styled(go.Figure(), height=300)
    assert figure.layout.font.size == BODY_FONT >= 16
    assert figure.layout.xaxis.title.font.size == AXIS_FONT >= 14
    assert figure.layout.xaxis.tickfont.size >= 14


def test_a_long_axis_title_is_broken_into_lines_that_a_phone_has_room_for() -> None:
    title = "classifier's confidence at the least sure frame"
    figure = styled(go.Figure(), height=100, x_title=title)
    lines = figure.layout.xaxis.title.text.split("<br>")
    assert " ".join(lines) == title
    assert max(map(len, lines)) <= 30


def test_plotly_reads_no_html_in_names_that_others_gave() -> None:
    assert letters(["cats", "<b>x</b>", "a & b"]) == ["cats", "&lt;b&gt;x&lt;/b&gt;", "a &amp; b"]
