"""Two images: by their classes, or clicked one after the other on the map."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts.frame.notices import drop_notices, quoted, say
from pages.parts.models.run_kinds import first_map_kind
from pages.parts.process.shared import atlas
from pages.parts.results.waiting import encode
from pages.parts.stage.stage import show_stage
from vizmodels.runs.library import RunRecord

MAP_HEIGHT = 420  # px
FIRST_CLASSES = (0, 1)

PAIR, ROUND, PICKS = "pair", "pair_round", "pair_picks"


def pick_pair(a: RunRecord) -> tuple[int, int]:
    """Show the controls and return the two images' places among those of the map.

    The pair stands in the address as `?pair=<first>-<second>`.
    """
    points = atlas().points(a.experiment.dataset)
    names = atlas().data(atlas().run(a.id)).class_names
    if ROUND not in st.session_state:
        st.session_state[ROUND] = 0
        st.session_state[PAIR] = _asked(len(points))
    controls = st.columns([2, 2, 2, 3], vertical_alignment="bottom")
    classes = (None, None)
    if names:
        classes = tuple(
            controls[at].selectbox(
                ("From", "To")[at],
                range(len(names)),
                index=min(FIRST_CLASSES[at], len(names) - 1),
                format_func=names.__getitem__,
                key=f"pair_class_{at}",
                on_change=_forget,
            )
            for at in range(2)
        )
    controls[2].button("Another pair", key="another_pair", on_click=_another, width="stretch")
    on_map = controls[3].toggle(
        "Choose on the map", key="pair_on_map",
        help="Click one picture and then another on model A's map.",
    )  # fmt: skip
    if on_map:
        encode([a])
        _keep_pick(show_stage(a, kind=first_map_kind(a), key="pair_stage", height=MAP_HEIGHT))
    pair = st.session_state[PAIR]
    if pair is None or max(pair) >= len(points):
        test = points.labels()
        labels = None if test is None else test[: points.n_test]
        pair = _by_class(labels, points.n_test, classes, st.session_state[ROUND])
    st.query_params["pair"] = f"{pair[0]}-{pair[1]}"
    return pair


def _asked(n: int) -> tuple[int, int] | None:
    """The pair that the address names, if it names one."""
    asked = st.query_params.get("pair")
    if asked is None:
        return None
    first, _, second = asked.partition("-")
    if first.isdecimal() and second.isdecimal() and max(int(first), int(second)) < n:
        return int(first), int(second)
    sentence = (
        f"A pair must be two pictures from 0 to {n - 1}, such as 3-8; the address has "
        f"{quoted(asked)}. Shown instead: the first pair of the classes chosen."
    )
    say("pair", asked, sentence)
    return None


def _by_class(
    labels: NDArray[np.int64] | None,
    n_test: int,
    classes: tuple[int | None, ...],
    at: int,
) -> tuple[int, int]:
    """The next pair of test images of these classes; of any where there are none."""
    first, second = (
        np.arange(n_test) if labels is None or k is None else np.flatnonzero(labels == k)
        for k in classes
    )
    if not len(first) or not len(second):
        first = second = np.arange(n_test)
    # Not the same step in both, so that one class makes pairs of different images as well.
    return int(first[at % len(first)]), int(second[(2 * at + 1) % len(second)])


def _keep_pick(result: object) -> None:
    """Take a click as the next end of the pair."""
    picked = getattr(result, "picked", None)
    index = None if not picked else int(picked["index"])
    picks: list[int] = st.session_state.setdefault(PICKS, [])
    if index is not None and (not picks or picks[-1] != index):
        picks.append(index)
        del picks[:-2]
        if len(picks) == 2:
            st.session_state[PAIR] = (picks[0], picks[1])
    if len(picks) == 1:
        st.caption(f"From picture {picks[0]}: now click the one that the path runs to.")
    elif picks and st.session_state[PAIR] == (picks[0], picks[1]):
        st.caption(
            f"From picture {picks[0]} to picture {picks[1]}, as clicked. "
            f"Another click goes on from picture {picks[1]}."
        )
    else:
        st.caption("Click a picture, then another: the path runs from the first to the second.")


def _forget() -> None:
    st.session_state[PAIR] = None
    drop_notices()


def _another() -> None:
    _forget()
    st.session_state[ROUND] += 1
