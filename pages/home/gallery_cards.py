"""Cards of the runs: what each makes of pictures, and the figure that tells it from the others."""

from collections.abc import Iterable

import streamlit as st

from pages.parts.frame.pictures import show_png
from pages.parts.models.model_picker import choose
from pages.parts.models.run_kinds import autoencodes, figures_of
from pages.parts.process.cache import CACHE
from pages.parts.process.shared import library
from vizmodels.errors import LatentariumError
from vizmodels.runs.library import RunRecord
from vizmodels.runs.preview import preview_strip
from vizmodels.specs import SPECS

CARDS_PER_ROW = 3
PICTURES_PER_CARD = 8
WIDEST_CARD = 400  # px
OF_TEST_SET = " The figure is the test set's."

BELOW = {"pixelcnn": "samples of", "classifier": "the images least sure to"}
"""What a card shows below test images, where it is not "the reconstructions of" the run."""


def show_gallery() -> None:
    """The runs as cards, a fold for each image set; a card opens its map, or how the run learned.

    Only the first fold is open, and what is in a closed one is not sent.
    """
    folds: dict[str, list[RunRecord]] = {}
    for record in library().list():
        folds.setdefault(record.experiment.dataset, []).append(record)
    is_first = True
    for dataset, records in sorted(folds.items(), key=lambda fold: fold[0] != "strokes"):
        count = f"{len(records)} run" + ("" if len(records) == 1 else "s")
        fold = st.expander(
            f"**{dataset}** · {count}",
            expanded=is_first,
            key=f"gallery_{dataset}",
            on_change="rerun",
        )
        is_first = False
        if fold.open:
            with fold:
                _show_cards(_by_family(records))


def _by_family(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Shipped ones first, then family by family."""
    families = list(SPECS)
    return sorted(records, key=lambda r: (not r.shipped, families.index(r.experiment.model.family)))


def _show_cards(records: list[RunRecord]) -> None:
    for start in range(0, len(records), CARDS_PER_ROW):
        row = records[start : start + CARDS_PER_ROW]
        for column, record in zip(st.columns(CARDS_PER_ROW), row, strict=False):
            with column:
                _show_card(record)


def _show_card(record: RunRecord) -> None:
    # Two elements a card and no more: each one delays the map above by some milliseconds.
    try:
        strip, width = _strip(record.id, str(record.environment.get("trained_at")))
    except LatentariumError as error:
        st.warning(str(error))
        return
    below = BELOW.get(record.experiment.model.family, "the reconstructions of")
    show_png(strip, width, f"Test images, and {below} {record.title}", widest=WIDEST_CARD)
    has_map = autoencodes(record)
    title = record.title.replace(f" · {record.experiment.dataset}", "", 1)  # the fold says it
    pressed = st.button(
        f"{title} · {figures_of(record)}",
        key=f"card_a_{record.id}" if has_map else f"card_run_{record.id}",
        help=("Open this run's map." if has_map else "See how this run learned.") + OF_TEST_SET,
        on_click=choose if has_map else None,
        args=("a", record.id),
        type="tertiary",
        wrap=True,
    )
    if pressed and not has_map:
        st.switch_page("train/page.py", query_params={"run": record.id})


@CACHE.cached
def _strip(run_id: str, trained_at: str) -> tuple[bytes, int]:
    """The card's pictures and their width; `trained_at` only tells versions apart."""
    assert trained_at
    return preview_strip(library().record(run_id), PICTURES_PER_CARD)
