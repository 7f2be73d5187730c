"""Below Home's map: doors to other pages, and the runs as cards that open their maps."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from pages.parts.models.model_picker import choose
from pages.parts.models.run_kinds import autoencodes, figures_of
from pages.parts.models.strips import strip_address, strip_size
from pages.parts.process.shared import library
from pages.parts.stage.addresses import stage_address
from vizmodels.runs.records import RunRecord
from vizmodels.specs import SPECS

KEY = "gallery"

DOORS = {
    "latent_space": (
        "Explore",
        "Latent spaces side by side: an autoencoder's beside a VAE's, on raw axes, PCA, UMAP or "
        "t-SNE, in two and three dimensions.",
    ),
    "train": (
        "Train",
        "Choose a model, its latent size and KL weight, and watch loss, reconstructions and map "
        "while it learns.",
    ),
    "reconstruction": (
        "Learn",
        "What each model keeps of a picture and what it loses; then noise, paths between pictures, "
        "samples and codes, each with things to try.",
    ),
}

_LOADER = """
export default async function (component) {
  const gallery = await import(new URL("STAGE/gallery.js", document.baseURI));
  return gallery.mount({ ...component, data: component.data[0] });
}
"""


@st.fragment
def show_gallery(chosen: str | None) -> None:
    """Show the doors and the cards; a card opens the run's map, or how the run learned.

    Parameters
    ----------
    chosen : id of the run whose map is shown above
    """
    component = st.components.v2.component(
        "latentarium_gallery", js=_LOADER.replace("STAGE", stage_address())
    )
    doors = [{"page": page, "title": title, "text": text} for page, (title, text) in DOORS.items()]
    records = library().list()
    result = component(
        key=KEY,
        # In a list, as the stage's: of a mapping's values Streamlit asks pandas.
        data=[{"doors": doors, "folds": _folds(records), "chosen": chosen}],
        height="content",
        on_opened_change=lambda: None,
        on_door_change=lambda: None,
    )
    if result.door in DOORS:
        st.switch_page(f"{result.door}/page.py")
    opened = next((record for record in records if record.id == result.opened), None)
    if opened is None or opened.id == chosen:
        return
    if not autoencodes(opened):
        st.switch_page("train/page.py", query_params={"run": opened.id})
    choose("a", opened.id)
    st.rerun()


def _folds(records: Iterable[RunRecord]) -> list[dict[str, Any]]:
    """A fold for each image set, that of the first map in front."""
    folds: dict[str, list[RunRecord]] = {}
    for record in records:
        folds.setdefault(record.experiment.dataset, []).append(record)
    return [
        {"name": dataset, "cards": [_card(record) for record in _by_family(of_dataset)]}
        for dataset, of_dataset in sorted(folds.items(), key=lambda fold: fold[0] != "strokes")
    ]


def _by_family(records: Iterable[RunRecord]) -> list[RunRecord]:
    """Shipped ones first, then family by family."""
    families = list(SPECS)
    return sorted(records, key=lambda r: (not r.shipped, families.index(r.experiment.model.family)))


def _card(record: RunRecord) -> dict[str, Any]:
    title = record.title.replace(f" · {record.experiment.dataset}", "", 1)  # the fold says it
    return {
        "run": record.id,
        "title": title,
        "figure": figures_of(record),
        "strip": strip_address(record),
        "size": strip_size(record),
        "action": "Open its map." if autoencodes(record) else "See how it learned.",
    }
