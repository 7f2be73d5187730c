"""Models A to D: chosen once, kept on every page and in the address."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.frame.notices import drop_notices, quoted, say
from pages.parts.frame.plain import letter_by_letter
from pages.parts.models.line_ups import USUAL_AXES, default_partner, default_run, first_of, next_of
from pages.parts.models.run_kinds import autoencodes
from pages.parts.process.shared import library
from vizmodels.runs.library import RunRecord

NONE = "none"
SLOTS = "abcd"
TITLES = "titles"  # of all runs, read once a rerun


def pick_models(
    columns: Sequence[DeltaGenerator] = (),
) -> tuple[RunRecord | None, RunRecord | None]:
    """Show the pickers of model A and of model B, in the columns given; one column is A alone.

    The choice is kept across pages and written into the address as `?a=<run id>&b=<run id>`. An
    address that names a run which is not here, or neither encodes nor decodes, gets a sentence
    and the default.
    """
    records = _pickable()
    default = default_run(records)
    if default is None:
        return None, None
    columns = columns or st.columns(2)
    with columns[0]:
        a = _pick_a(records, default)
    if len(columns) == 1:
        return a, None
    with columns[1]:
        return a, _pick_other("b", [a], records, default_partner(records, a))


def pick_up_to_four(
    line_up: Sequence[str],
    columns: Sequence[DeltaGenerator] = (),
    n_axes: int = USUAL_AXES,
) -> list[RunRecord]:
    """Show a picker of each model from A on, in the columns given or in one for each kind.

    Parameters
    ----------
    line_up : kinds (see `kind_of`) that the page shows until the visitor chooses, the first as A
    columns : at most four
    n_axes : of the models shown, until the visitor chooses

    Returns
    -------
    The runs chosen, A first, on the same images and without repetition; empty if there is none.
    Choices are kept across pages and stand in the address as `?a=…&b=…&c=…&d=…`.
    """
    records = _pickable()
    default = first_of(line_up, records, n_axes)
    if default is None:
        return []
    columns = columns or st.columns(len(line_up))
    with columns[0]:
        chosen = [_pick_a(records, default)]
    wants_more = True  # until the visitor says "none": what follows is then none as well
    for slot, column in zip(SLOTS[1:], columns[1:], strict=False):
        on_same = _on_images_of(chosen[0], records)
        usual = next_of(line_up, on_same, chosen) if wants_more else None
        with column:
            other = _pick_other(slot, chosen, records, usual)
        wants_more = wants_more and other is not None
        if other is not None and other not in chosen:
            chosen.append(other)
    return chosen


def choose(slot: str, run_id: str) -> None:
    """Make a run model A, B, … from elsewhere; in a callback or before the pickers."""
    st.session_state[_kept(slot)] = run_id
    drop_notices()


def _pickable() -> list[RunRecord]:
    """Runs that encode and decode; says so if there is none, or if one is damaged."""
    stored = library().list()
    st.session_state[TITLES] = _distinct_titles(stored)
    records = [record for record in stored if autoencodes(record)]
    for error in library().unreadable.values():
        st.warning(letter_by_letter(str(error)))
    if not records:
        st.info("No run is here yet. Train one on the page Train.")
    return records


def _on_images_of(a: RunRecord, records: Sequence[RunRecord]) -> list[RunRecord]:
    return [r for r in records if r.experiment.image_set == a.experiment.image_set]


def _pick_a(records: Sequence[RunRecord], default: RunRecord) -> RunRecord:
    by_id = {record.id: record for record in records}
    return by_id[_pick("a", list(by_id), default.id)]


def _pick_other(
    slot: str,
    chosen: Sequence[RunRecord],
    records: Sequence[RunRecord],
    default: RunRecord | None,
) -> RunRecord | None:
    by_id = {record.id: record for record in _on_images_of(chosen[0], records)}
    return by_id.get(_pick(slot, [NONE, *by_id], default.id if default else NONE))


def _pick(slot: str, ids: list[str], default: str) -> str:
    # The choice lives under a key of its own: a widget's value is gone on a page without it. What
    # nobody chose is not kept, so that each page can open with the models that suit it.
    kept, widget, written = _kept(slot), f"pick_{slot}", f"written_{slot}"
    titles = st.session_state[TITLES]
    asked = st.query_params.get(slot)
    # An address that this page wrote itself asks for nothing; the browser may send an older one.
    if asked is not None and asked not in st.session_state.setdefault(written, []):
        st.session_state[kept] = asked
        if asked not in ids:
            sentence = (
                f"Model {slot.upper()} must be {_broken_rule(asked)}; the address names "
                f"{quoted(asked)}. Shown instead: {titles.get(default, NONE)}."
            )
            say(slot, asked, sentence)
    if st.session_state.get(kept) not in ids:
        st.session_state.pop(kept, None)
    st.session_state[widget] = st.session_state.get(kept, default)
    chosen = st.selectbox(
        f"Model {slot.upper()}",
        ids,
        format_func=lambda run_id: titles.get(run_id, NONE),
        key=widget,
        on_change=lambda: choose(slot, st.session_state[widget]),
    )
    # Written by hand rather than by bind=, which would put the title into the address, not the id.
    if st.query_params.get(slot) != chosen:
        st.query_params[slot] = chosen
    if chosen not in st.session_state.setdefault(written, []):
        st.session_state[written].append(chosen)
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
