"""Model A and model B: chosen once, kept on every page and in the address."""

from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.run_kinds import autoencodes
from pages.parts.shared import library
from vizmodels.runs.library import RunRecord

NONE = "none"


def default_run(records: Sequence[RunRecord]) -> RunRecord | None:
    """For a visitor who has chosen none: a 2-D VAE on `strokes`, whose data are always here."""
    wanted: tuple[Callable[[RunRecord], bool], ...] = (
        lambda r: (
            r.experiment.dataset == "strokes"
            and r.experiment.model.family == "vae"
            and r.embedding_dim == 2
        ),
        lambda r: r.experiment.dataset in ("strokes", "digits"),
        lambda _: True,
    )
    with_map = [record for record in records if autoencodes(record)]
    return next((r for fits in wanted for r in with_map if fits(r)), None)


def default_partner(records: Sequence[RunRecord], a: RunRecord) -> RunRecord | None:
    """What stands beside A unless chosen: the other family on the same images and axes."""

    def fits(r: RunRecord) -> bool:
        return (
            autoencodes(r)
            and r.experiment.dataset == a.experiment.dataset
            and r.embedding_dim == a.embedding_dim
            and r.experiment.model.family != a.experiment.model.family
            and r.experiment.model.backbone == a.experiment.model.backbone
        )

    return next((r for r in records if fits(r)), None)


def pick_models(
    columns: Sequence[DeltaGenerator] = (),
) -> tuple[RunRecord | None, RunRecord | None]:
    """Show the pickers of model A and of model B, in the columns given; one column is A alone.

    The choice is kept across pages and written into the address as `?a=<run id>&b=<run id>`. An
    address that names a run which is not here, or neither encodes nor decodes, gets a sentence
    and the default.
    """
    stored = library().list()
    records = [record for record in stored if autoencodes(record)]
    for sentence in library().damaged.values():
        st.warning(sentence)
    if not records:
        st.info("No run is here yet. Train one on the page Train.")
        return None, None
    titles = _distinct_titles(stored)
    by_id = {record.id: record for record in records}
    columns = columns or st.columns(2)
    default = default_run(records)
    assert default is not None
    with columns[0]:
        a = by_id[_pick("a", "Model A", list(by_id), titles, default.id)]
    if len(columns) == 1:
        return a, None
    same_images = [r.id for r in records if r.experiment.dataset == a.experiment.dataset]
    partner = default_partner(records, a)
    with columns[1]:
        options = [NONE, *same_images]
        chosen = _pick("b", "Model B", options, titles, partner.id if partner else NONE)
    return a, by_id.get(chosen)


def choose(slot: str, run_id: str) -> None:
    """Make a run model A or B from elsewhere; to be called in a callback or before the pickers."""
    st.session_state[_kept(slot)] = run_id


def _pick(slot: str, label: str, ids: list[str], titles: dict[str, str], default: str) -> str:
    # The choice lives under a key of its own: a widget's value is gone on a page without it.
    kept, widget = _kept(slot), f"pick_{slot}"
    if kept not in st.session_state:
        asked = st.query_params.get(slot, default)
        st.session_state[kept] = asked
        if asked not in ids:
            rule = _broken_rule(asked)
            st.warning(
                f"Model {slot.upper()} must be {rule}; the address names {asked[:40]}. "
                f"Shown instead: {titles.get(default, NONE)}."
            )
    if st.session_state[kept] not in ids:
        st.session_state[kept] = default
    st.session_state[widget] = st.session_state[kept]
    chosen = st.selectbox(
        label,
        ids,
        format_func=lambda run_id: titles.get(run_id, NONE),
        key=widget,
        on_change=lambda: choose(slot, st.session_state[widget]),
    )
    # Written by hand rather than by bind=, which would put the title into the address, not the id.
    if st.query_params.get(slot) != chosen:
        st.query_params[slot] = chosen
    return chosen


def _broken_rule(run_id: str) -> str:
    """What a run that was asked for should have been."""
    found = next((record for record in library().list() if record.id == run_id), None)
    if found is None:
        return "in the library"
    return "trained on model A's images" if autoencodes(found) else "one that encodes and decodes"


def _kept(slot: str) -> str:
    return f"model_{slot}"


def _distinct_titles(records: Sequence[RunRecord]) -> dict[str, str]:
    """Title of each run, with its id's first digits where two would read the same."""
    count = Counter(record.title for record in records)
    return {r.id: r.title if count[r.title] == 1 else f"{r.title} · {r.id[:4]}" for r in records}
