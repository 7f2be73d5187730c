"""Drawings that change with a control: arrows over a map, rows with names."""

import xml.etree.ElementTree as ET

import numpy as np

from vizmodels.figures.arrows import MARGIN, SIDE, arrows_svg
from vizmodels.figures.labelled import LABEL_WIDTH, labelled_rows_svg
from vizmodels.figures.live import SVG

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(200, 2))


def lines(svg: str) -> list[list[float]]:
    found = ET.fromstring(svg).iter(f"{{{SVG}}}line")
    return [[float(line.get(key, "")) for key in ("x1", "y1", "x2", "y2")] for line in found]


def test_each_picture_has_an_arrow_and_a_line_that_goes_on_from_its_head() -> None:
    start, end, again = RNG.normal(size=(3, 5, 2))
    drawn = lines(arrows_svg(POINTS, None, start, end, again, ("z1", "z2")))
    arrows, on = np.array(drawn[:5]), np.array(drawn[5:])
    assert len(on) == 5
    np.testing.assert_array_equal(arrows[:, 2:], on[:, :2])


def test_arrows_point_as_on_the_map_up_and_to_the_right() -> None:
    start, end = np.zeros((1, 2)), np.ones((1, 2))
    ((x1, y1, x2, y2), _) = lines(arrows_svg(POINTS, None, start, end, end, ("z1", "z2")))
    assert x2 > x1 and y2 < y1
    assert abs((x2 - x1) + (y2 - y1)) < 0.2, "one scale for both axes"


def test_an_arrow_that_leaves_the_cloud_stays_in_the_drawing() -> None:
    far = np.array([[40.0, -3.0]])
    (arrow, _) = lines(arrows_svg(POINTS, None, np.zeros((1, 2)), far, far, ("z1", "z2")))
    assert all(MARGIN - 1 <= value <= SIDE - MARGIN + 1 for value in arrow)


def test_points_have_the_colour_of_their_class_and_names_are_escaped() -> None:
    labels = np.arange(200) % 3
    none = np.zeros((0, 2))
    svg = arrows_svg(POINTS, labels, none, none, none, ("a<b", "c"))
    classes = [p for p in ET.fromstring(svg).iter(f"{{{SVG}}}path") if p.get("stroke")]
    assert len(classes) == 3 and "a&lt;b" in svg


def test_each_row_of_a_sheet_has_its_name_at_its_middle() -> None:
    svg, width = labelled_rows_svg("data:,", (50, 29), ["one", "two", "three"], 4)
    assert width == LABEL_WIDTH + 200
    at = [float(text.get("y", "")) for text in ET.fromstring(svg).iter(f"{{{SVG}}}text")]
    np.testing.assert_allclose(np.diff(at), 40, atol=0.2)
    assert 0 < at[0] < 40 and 80 < at[2] < 120
