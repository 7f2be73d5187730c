"""Two models in the eyes of the same judges: by how much their accuracies differ, seed by seed."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from vizmodels.analysis.intervals import mean_interval
from vizmodels.analysis.pictures.information import InformationKept


def show_differences(
    kept: Sequence[InformationKept], names: Sequence[str], judges: Mapping[str, str]
) -> None:
    """Show two pickers, and what each judge sees more of in the first model than in the second."""
    one, other = st.columns(2)
    every = range(len(kept))
    first = one.selectbox("Is this model", every, format_func=names.__getitem__, key="differs")
    second = other.selectbox(
        "kept better than this one?", every, index=1, format_func=names.__getitem__,
        key="differs_from",
    )  # fmt: skip
    told = [f"{title}: {text}" for title, text in differences(kept[first], kept[second], judges)]
    st.markdown("\n".join(f"- {line}" for line in told))
    st.caption(
        "Per cent of the test images, the mean of the differences of judges of one seed, which see "
        "the same training images, with its 95 % interval; one that holds 0 may be chance."
    )


def differences(
    one: InformationKept, other: InformationKept, judges: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Title of each judge -> its accuracy on one model less that on the other, per cent."""
    assert one.seeds == other.seeds
    rows: list[tuple[str, str]] = []
    for name, title in judges.items():
        told = mean_interval(100 * (getattr(one, name) - getattr(other, name)))
        half = "" if np.isnan(told.half_width) else f" ± {told.half_width:.1f}"
        rows.append((title, f"**{told.mean:+.1f}**{half}"))
    return rows
