"""What a visitor has made here, and how it goes again: his images, runs, and what is damaged."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import streamlit as st

from pages.parts.frame.plain import letter_by_letter
from pages.parts.process.shared import atlas, library, results
from pages.parts.process.visitor import is_on_this_machine
from vizmodels.data import own_pictures
from vizmodels.data.own_images import own_image_names
from vizmodels.errors import DamagedRun, LatentariumError
from vizmodels.runs.belongings import delete_run, delete_set, runs_on, runs_with
from vizmodels.runs.records import RunRecord

MOST_NAMED = 8  # runs in the question
SAID, REFUSED = "kept_said", "kept_refused"


class Kept(NamedTuple):
    """One thing that can go: how it is listed, what is asked, what is done then."""

    name: str
    ask: Callable[[], str]
    action: str
    do: Callable[[], str]


def show_kept() -> None:
    """The list and one button for what is chosen of it; nothing where nothing was made here.

    In a class all see the same runs, and nobody but who sits at the server may remove them.
    """
    if said := st.session_state.pop(SAID, None):
        st.success(said)
    if refused := st.session_state.pop(REFUSED, None):
        st.error(refused)
    kept = _kept()
    if not kept:
        return
    with st.expander("Kept on this machine"):
        if not is_on_this_machine():
            st.caption("What was made here is deleted at the machine that serves these pages.")
            return
        chosen = st.selectbox(
            "Made here", list(kept), format_func=lambda key: kept[key].name,
            key="kept_chosen",
        )  # fmt: skip
        if st.button(f"{kept[chosen].action} …", key="kept_ask", width="stretch"):
            _question(kept[chosen])


@st.dialog("Is that right?")
def _question(one: Kept) -> None:
    st.markdown(one.ask())
    row = st.container(horizontal=True)
    if row.button(one.action, key="kept_yes", type="primary", on_click=_carry_out, args=(one,)):
        st.rerun()
    if row.button("Leave it", key="kept_no"):
        st.rerun()


def _carry_out(one: Kept) -> None:
    if not is_on_this_machine():  # whatever a browser sends
        return
    try:
        st.session_state[SAID] = one.do()
    except LatentariumError as error:
        st.session_state[REFUSED] = letter_by_letter(str(error))
    st.query_params.clear()


def _kept() -> dict[str, Kept]:
    """Images first, then runs, the newest first, then what is damaged."""
    kept = {
        f"set {name}": Kept(
            f"Images {name}", partial(_ask_of_set, name), "Delete", partial(_delete_set, name)
        )
        for name in own_image_names()
    }
    for record in library().list():
        if not record.shipped:
            kept[record.id] = Kept(
                f"{record.title} · {record.id[:4]}",
                partial(_ask_of_run, record), "Delete", partial(_delete_run, record),
            )  # fmt: skip
    for run_id, error in library().unreadable.items():
        if isinstance(error, DamagedRun) and (library().path / run_id).is_dir():
            kept[run_id] = Kept(
                f"Damaged run {run_id}", partial(_ask_of_damaged, error), "Move it aside",
                partial(_move_aside, run_id),
            )  # fmt: skip
    return kept


def _ask_of_set(name: str) -> str:
    gone = runs_on(library(), name)
    return f"Delete the images **{name}** from this machine?{_also(gone)}"


def _ask_of_run(record: RunRecord) -> str:
    gone = runs_with(library(), record.id)[1:]
    return f"Delete the run **{letter_by_letter(record.title)}**?{_also(gone)}"


def _ask_of_damaged(error: DamagedRun) -> str:
    return f"{letter_by_letter(str(error))} Moved aside, it lies in `damaged/` beside the runs."


def _also(gone: Sequence[RunRecord]) -> str:
    """What else goes, in words."""
    measured = " What was measured of it goes as well, its maps among it."
    if not gone:
        return measured
    titles = [f"- {letter_by_letter(r.title)} · {r.id[:4]}" for r in gone[:MOST_NAMED]]
    more = len(gone) - len(titles)
    titles += [f"- and {more} more"] if more else []
    return f"{measured} So does what needs it, {_runs(len(gone))}:\n\n" + "\n".join(titles)


def _runs(n: int) -> str:
    return "1 run" if n == 1 else f"{n} runs"


def _delete_set(name: str) -> str:
    pictures = _digest(name)
    gone = delete_set(library(), name)
    _forget([*gone, pictures])
    return f"The images {name} are deleted" + (f", and {_runs(len(gone))}." if gone else ".")


def _delete_run(record: RunRecord) -> str:
    gone = delete_run(library(), record.id)
    _forget(gone)
    others = f", and {len(gone) - 1} with it." if len(gone) > 1 else "."
    return f"Run {record.id} is deleted{others}"


def _move_aside(run_id: str) -> str:
    moved = library().set_aside(run_id)
    if moved is None:
        return f"Run {run_id} can be read after all, and stays."
    return f"Run {run_id} lies in {moved.parent.name}/{moved.name} now."


def _digest(name: str) -> str:
    try:
        return own_pictures(name)
    except LatentariumError:  # a damaged set can be deleted like any other
        return ""


def _forget(names: Sequence[str]) -> None:
    """Drop what was measured of runs, by their ids, and of pictures, by their digests."""
    results().remove(names)
    for name in filter(None, names):
        atlas().forget(name)
