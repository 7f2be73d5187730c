"""How many pictures stand on the map: enough to see every cluster, or all there are."""

from collections.abc import Sequence
from typing import cast

from streamlit.delta_generator import DeltaGenerator

from pages.parts.frame.notices import bound, drop_notices
from pages.parts.process.shared import atlas
from vizmodels.analysis.maps.kinds import EXTENTS, MAP_POINTS, Extent
from vizmodels.runs.library import RunRecord

MOST_AXES_OF_ALL = 64
"""Latents of 70,000 pictures on 64 axes are 18 MB, as much as a browser should be sent."""


def pick_extent(models: Sequence[RunRecord], column: DeltaGenerator) -> Extent:
    """Show the choice where there is one."""
    data = atlas().data(atlas().run(models[0].id))
    n_all = min(MAP_POINTS["all"], len(data.test) + len(data.train))
    has_few = n_all <= MAP_POINTS["some"]
    if has_few or max(model.embedding_dim for model in models) > MOST_AXES_OF_ALL:
        return "some"
    counts = {"some": MAP_POINTS["some"], "all": n_all}

    def label(extent: str) -> str:
        return f"{counts[extent] // 1000}k"

    chosen = bound("pictures", "The number of pictures", lambda: column.segmented_control(
        "Pictures", EXTENTS, default="some", required=True, key="pictures", format_func=label,
        help="The test pictures first, then as many of the training pictures as fit.",
        bind="query-params", on_change=drop_notices,
    ), label)  # fmt: skip
    return cast(Extent, chosen)
