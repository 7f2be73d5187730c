"""Measured answers on a page: found, or asked of the engine while the page goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

from pages.parts.frame.plain import letter_by_letter
from pages.parts.process.shared import results
from pages.parts.process.visitor import visitor
from pages.parts.results.engine_start import is_starting, wait_for_start
from vizmodels.errors import EngineUnavailable, LatentariumError
from vizmodels.jobs import board
from vizmodels.results.question import Question

A = TypeVar("A")

REFRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Asked:
    """What the engine has been asked to measure.

    Attributes
    ----------
    jobs : id of each job -> the question that it answers
    must_wait : whether the engine is still starting, and nothing was asked yet
    refusal : why it cannot be asked; empty if it can
    has_engine : whether there is one
    """

    jobs: Mapping[str, Question[Any]] = field(default_factory=dict[str, Question[Any]])
    must_wait: bool = False
    refusal: str = ""
    has_engine: bool = True


def find(questions: Sequence[Question[A]]) -> list[A | None]:
    """The answers that are there."""
    return [results().find(question) for question in questions]


def ask(questions: Sequence[Question[Any]]) -> Asked:
    """Have the engine answer these; who asks for the same thing shares the job. Draws nothing."""
    try:
        if is_starting():
            return Asked(must_wait=True)
        return Asked({results().ask(one, board(), visitor()): one for one in questions})
    except EngineUnavailable as error:
        return Asked(refusal=str(error), has_engine=False)
    except LatentariumError as error:
        return Asked(refusal=str(error))


def show_progress(asked: Asked, doing: str) -> None:
    """What is being measured and how far it is; the page runs again once it is there.

    Parameters
    ----------
    asked : by `ask`, and not refused
    doing : what is being done and how long it takes
    """
    if asked.must_wait:
        wait_for_start()
    else:
        st.fragment(_wait, run_every=REFRESH_SECONDS)(asked.jobs, doing)


def wait_for(questions: Sequence[Question[A]], doing: str, height: int) -> list[A] | None:
    """The answers, or None while the engine measures them: the page then runs again.

    Without an engine they are measured here and now.

    Parameters
    ----------
    questions : of what a figure shows
    doing : what is being done and how long it takes, shown meanwhile
    height : px that the figure will need, reserved so that nothing jumps
    """
    found = find(questions)
    there = [answer for answer in found if answer is not None]
    if len(there) == len(questions):
        return there
    missing = [one for one, answer in zip(questions, found, strict=True) if answer is None]
    asked = ask(missing)
    if not asked.has_engine:
        try:
            with st.spinner(doing, show_time=True):
                return [results().answer(question) for question in questions]
        except LatentariumError as error:  # such as too few images for the figure
            st.warning(str(error))
            return None
    if asked.refusal:
        st.warning(letter_by_letter(asked.refusal))
        return None
    with st.container(height=height, border=False):
        show_progress(asked, doing)
    return None


def go_on_without(missing: Sequence[Question[Any]], each: str) -> None:
    """Have these measured in the background; the page goes on and runs again once all are there.

    Parameters
    ----------
    missing : not measured yet
    each : how long one takes, in words
    """
    asked = ask(missing)
    if asked.refusal:
        refusal = letter_by_letter(asked.refusal)
        st.warning(f"{refusal} {len(missing)} figures are missing until then.")
        return
    n = len(missing)
    figures = "One figure is" if n == 1 else f"{n} figures are"
    show_progress(
        asked,
        f"{figures} still being measured in the background, {each} each on two cores; the page "
        "goes on without.",
    )


def _wait(jobs: Mapping[str, Question[Any]], doing: str) -> None:
    n_open, has_news = 0, False
    for job_id, question in jobs.items():
        try:
            job = board().progress(job_id)
            if job.state == "done":
                results().collect(question, board(), job_id)
                has_news = True
            elif job.is_over:
                st.error(letter_by_letter(job.message) or f"{job.title} could not be measured.")
            else:
                n_open += 1
        except LatentariumError as error:
            st.error(letter_by_letter(str(error)))
    if n_open:
        st.progress((len(jobs) - n_open) / len(jobs), text=doing)
    elif has_news:
        st.rerun()
