import re
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest

from vizmodels.figures.live import MAP_SIDE, WIDTH, curve_svg, live_map_svg, round_values
from vizmodels.figures.theme import class_colour


def read(svg: str) -> ElementTree.Element:
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        space, _, element.tag = element.tag.rpartition("}")
        assert space == "{http://www.w3.org/2000/svg", "a browser draws no other as a picture"
    assert root.tag == "svg"
    return root


def curve(
    train: list[float],
    test: list[float],
    *,
    name: str = "kl",
    unit: str = "nats",
    n_steps: int = 100,
) -> ElementTree.Element:
    steps = np.arange(1, len(train) + 1)
    test_steps = np.arange(1, len(test) + 1) * 10
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = curve_svg(name, unit, steps, np.array(train), test_steps, np.array(test), n_steps)
    return read(svg)


def vertices(root: ElementTree.Element) -> list[tuple[float, float]]:
    (line,) = root.iter("polyline")
    pairs = [pair.split(",") for pair in line.attrib["points"].split()]
    return [(float(x), float(y)) for x, y in pairs]


def dots(root: ElementTree.Element) -> list[tuple[float, float]]:
    return [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in root.iter("circle")]


def drawn_points(root: ElementTree.Element) -> list[tuple[str, float, float]]:
    """Colour and place of each point of a live map."""
    return [
        (path.attrib["stroke"], float(x), float(y))
        for path in root.iter("path")
        for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)h0", path.attrib["d"])
    ]


def test_a_curve_has_a_vertex_per_report_and_a_dot_per_evaluation() -> None:
    root = curve([3.0, 2.0, 1.5, 1.0], [2.5, 1.2])
    assert len(vertices(root)) == 4
    assert len(dots(root)) == 2


def test_a_curve_says_its_term_its_unit_and_its_last_values() -> None:
    root = curve([3.0, 1.25], [2.5])
    assert root.attrib["aria-label"] == "kl: training 1.25, test 2.5 (nats)"


def test_a_larger_value_is_higher_and_a_later_step_further_right() -> None:
    (x_first, y_first), (x_last, y_last) = vertices(curve([3.0, 1.0], []))
    assert x_last > x_first
    assert y_last > y_first, "y grows downwards"


def test_dots_and_line_share_their_axes() -> None:
    root = curve([float(value) for value in range(20)], [9.0])  # step 10 holds 9
    assert vertices(root)[9] in dots(root)


def test_the_last_step_is_at_the_right_end_of_the_axis() -> None:
    root = curve([2.0, 1.0], [], n_steps=2)
    assert vertices(root)[-1][0] == WIDTH - 12


def test_the_ticks_span_the_values() -> None:
    root = curve([], [4.0, 1.0])
    labels = [text.text for text in root.iter("text")]
    assert [label for label in labels if label and label.isdigit()] == ["1", "2", "3", "4", "0"]
    assert "step 100" in labels


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0356, 0.0621, [0.04, 0.045, 0.05, 0.055, 0.06]),
        (0.0016, 5.09, [1, 2, 3, 4, 5]),
        (-1.0, 1.0, [-1, -0.5, 0, 0.5, 1]),
        (990.0, 1990.0, [1000, 1200, 1400, 1600, 1800]),
    ],
)
def test_ticks_stand_at_round_values(low: float, high: float, expected: list[float]) -> None:
    assert round_values(low, high) == expected


def test_there_are_two_to_five_ticks_in_any_range() -> None:
    generator = np.random.default_rng(0)
    for _ in range(500):
        low = float(generator.normal() * 10.0 ** generator.integers(-4, 4))
        high = low + float(10.0 ** generator.uniform(-5, 5))
        values = round_values(low, high)
        assert 2 <= len(values) <= 5
        room = 1e-9 * max(abs(low), abs(high))
        assert all(low - room <= value <= high + room for value in values)


def test_a_long_run_has_no_more_vertices_than_can_be_seen() -> None:
    assert 200 <= len(vertices(curve(list(np.linspace(1, 0, 5000)), [], n_steps=5000))) <= 400


def test_values_that_are_no_numbers_are_left_out() -> None:
    root = curve([3.0, np.nan, 1.0], [np.nan, 2.0])
    assert len(vertices(root)) == 2
    assert len(dots(root)) == 1


def test_heights_of_the_first_steps_do_not_press_the_rest_flat() -> None:
    ys = [y for _, y in vertices(curve([1000.0, *np.linspace(2, 1, 99)], []))]
    assert ys[0] == min(ys) == 34, "at the upper edge"
    assert ys[-1] - ys[1] > 100


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_value_stays_within_the_drawing(value: float) -> None:
    places = vertices(curve([3.0, value, 2.0, 1.0], []))
    assert all(0 <= y <= 240 for _, y in places)
    assert len({y for _, y in places}) >= 3, "the others can still be told apart"


@pytest.mark.parametrize("value", [0.0, 1.0, -2.0, 1e-12, 1e12])
def test_a_constant_curve_is_a_line_in_the_middle(value: float) -> None:
    ys = {y for _, y in vertices(curve([value] * 5, [value]))}
    assert len(ys) == 1 and 34 < ys.pop() < 210


@pytest.mark.parametrize("train", [[], [np.nan]])
def test_a_curve_without_values_is_an_empty_drawing(train: list[float]) -> None:
    root = curve(train, [])
    assert vertices(root) == [] and dots(root) == []


def test_a_curve_before_the_first_report_says_so() -> None:
    assert curve([], []).attrib["aria-label"] == "kl: no report yet (nats)"


def test_names_are_escaped_in_a_curve() -> None:
    root = curve([1.0], [], name='<script>"&', unit="a<b")
    assert root.attrib["aria-label"] == '<script>"&: training 1 (a<b)'
    assert not list(root.iter("script"))


def test_a_live_map_has_a_point_per_image_in_the_colour_of_its_class() -> None:
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    labels = np.arange(50) % 3
    root = read(live_map_svg(points, labels))
    colours = [colour for colour, _, _ in drawn_points(root)]
    assert len(colours) == 50
    for k in range(3):
        assert colours.count(class_colour(k)) == (labels == k).sum()


def test_a_live_map_without_labels_has_one_colour() -> None:
    root = read(live_map_svg(np.random.default_rng(0).normal(size=(50, 2)), None))
    assert {colour for colour, _, _ in drawn_points(root)} == {class_colour(0)}


def test_a_live_map_has_its_median_in_the_middle_and_up_is_up() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    places = [(x, y) for _, x, y in drawn_points(read(live_map_svg(points, None)))]
    middle = MAP_SIDE / 2
    assert places[0] == (middle, middle)
    assert places[1][0] > middle and places[1][1] == middle
    assert places[3][1] < middle, "y grows downwards"
    assert places[1][0] - middle == pytest.approx(middle - places[3][1]), "equal axes"


def test_nearly_all_points_are_inside_a_live_map_whatever_the_scale() -> None:
    rng = np.random.default_rng(0)
    for scale in (1e-6, 1.0, 1e6):
        points = rng.normal(size=(1000, 2)) * scale
        places = np.array([(x, y) for _, x, y in drawn_points(read(live_map_svg(points, None)))])
        inside = ((places >= 0) & (places <= MAP_SIDE)).all(axis=1)
        assert inside.mean() > 0.98
        assert places.std() > MAP_SIDE / 10


@pytest.mark.parametrize(
    ("points", "n"),
    [
        (np.zeros((0, 2)), 0),
        (np.zeros((5, 2)), 5),
        (np.array([[0.0, 1.0], [np.nan, 0.0], [1.0, np.inf], [1.0, 0.0]]), 2),
        (np.full((3, 2), np.nan), 0),
    ],
    ids=["no points", "all at one place", "some not finite", "none finite"],
)
def test_a_live_map_shows_the_points_that_can_be_shown(points: np.ndarray, n: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = live_map_svg(points, np.arange(len(points)))
    assert len(drawn_points(read(svg))) == n
    assert "nan" not in svg
