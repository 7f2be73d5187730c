"""Charts, which wait until the page's first picture is there."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.parts.frame.later import may_come

HEIGHT = 450  # px, of a chart that does not say its own
UNUSED_BUTTONS = ["lasso2d", "select2d", "autoScale2d", "toggleSpikelines"]


def show_chart(figure: go.Figure, key: str, alt: str, *, name: str = "") -> None:
    """Show a chart whose camera button saves it as SVG.

    Parameters
    ----------
    figure : as `vizmodels.figures` makes them
    key : of the element, the same on every rerun
    alt : what it shows, for those who cannot see it
    name : of the file, without ending; the key unless said
    """
    place = st.empty()
    with place.container(height=int(figure.layout.height or HEIGHT), border=False):
        if not may_come():
            return
    saved = {"format": "svg", "filename": name or key}
    config: dict[str, Any] = {
        "displaylogo": False,
        "modeBarButtonsToRemove": UNUSED_BUTTONS,
        "toImageButtonOptions": saved,
    }
    place.plotly_chart(figure, key=key, alt=alt, config=config)
