"""Sheets whose rows have names."""

import xml.etree.ElementTree as ET

import numpy as np

from vizmodels.figures.labelled import LABEL_WIDTH, labelled_rows_svg
from vizmodels.figures.live import SVG


def test_each_row_of_a_sheet_has_its_name_at_its_middle() -> None:
    svg, width = labelled_rows_svg("data:,", (50, 29), ["one", "two", "three"], 4)
    assert width == LABEL_WIDTH + 200
    at = [float(text.get("y", "")) for text in ET.fromstring(svg).iter(f"{{{SVG}}}text")]
    np.testing.assert_allclose(np.diff(at), 40, atol=0.2)
    assert 0 < at[0] < 40 and 80 < at[2] < 120
