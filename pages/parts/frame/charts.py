"""Charts, which wait until the page's first picture is there."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec

import streamlit as st

from pages.parts.frame.later import come_back, has_waited
from pages.parts.process.kept import once

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from pages.parts.frame.ready_figure import ReadyFigure

P = ParamSpec("P")

HEIGHT = 450  # px, of a chart that does not say its own
UNUSED_BUTTONS = [
    "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "lasso2d", "select2d", "autoScale2d",
    "toggleSpikelines",
]  # fmt: skip
"""A drag zooms and a double click goes back; on a phone each of them would lie on the legend."""


def show_chart(
    key: str, alt: str, draw: "Callable[P, go.Figure]", *args: P.args, **kwargs: P.kwargs
) -> None:
    """Show the figure `draw(*args, **kwargs)`, whose camera button saves it as SVG.

    It is built once for all visitors, and again only when what it shows has changed.

    Parameters
    ----------
    key : of the element, the same on every rerun, and name of the file
    alt : what it shows, for those who cannot see it
    draw : as `vizmodels.figures` has them; see `once`
    args, kwargs : what it shows
    """
    figure = once(_ready, draw, args, kwargs)
    if not has_waited():
        with st.container(height=int(figure.height or HEIGHT), border=False):
            come_back()
        return
    config: dict[str, Any] = {
        "displaylogo": False,
        "modeBarButtonsToRemove": UNUSED_BUTTONS,
        "toImageButtonOptions": {"format": "svg", "filename": key},
    }
    st.plotly_chart(figure, key=key, alt=alt, config=config)


def _ready(
    draw: "Callable[..., go.Figure]", args: tuple[Any, ...], kwargs: dict[str, Any]
) -> "ReadyFigure":
    from pages.parts.frame.ready_figure import ReadyFigure  # here, since it imports plotly

    return ReadyFigure(draw(*args, **kwargs).to_dict())
