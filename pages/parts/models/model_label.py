"""A model's name beside what it made, with its accent and its numbers."""

import html
from collections.abc import Sequence

import streamlit as st

from vizmodels.analysis.latents.size import LatentSize
from vizmodels.figures.theme import MODEL_COLOURS
from vizmodels.runs.library import RunRecord

LETTERS = "ABCD"


def short_title(record: RunRecord) -> str:
    """The run's title without its image set, which all models of a page share."""
    return record.title.replace(f" · {record.experiment.dataset}", "", 1)


def lettered(models: Sequence[RunRecord]) -> list[str]:
    """Name of each model in a figure: its letter and its short title."""
    return [
        f"{letter} · {short_title(model)}" for letter, model in zip(LETTERS, models, strict=False)
    ]


def show_label(at: int, record: RunRecord, lines: Sequence[str] = ()) -> None:
    """Show the model in slot `at` (0 is A) by its accent, letter and title, numbers below."""
    rows = [f"<b>{LETTERS[at]}</b> · {html.escape(short_title(record))}"]
    rows += [f'<span style="opacity:.8">{html.escape(line)}</span>' for line in lines]
    st.html(
        f'<div style="border-left:5px solid {MODEL_COLOURS[at]};padding-left:.6rem">'
        f"{'<br>'.join(rows)}</div>"
    )


def size_text(size: LatentSize) -> str:
    """What a latent is made of, and how many bits that is where it is a finite number."""
    parts: list[str] = []
    if size.n_symbols:
        parts.append(f"{size.n_symbols} × 1 of {size.n_values} = {size.symbol_bits:.0f} bits")
    if size.n_floats:
        parts.append(f"{size.n_floats} floats")
    return "latent " + " + ".join(parts)
