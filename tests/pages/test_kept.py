"""What is made once for all visitors: figures above all."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import counted_figure
import numpy as np
import pytest
from page_under_test import open_page
from plotly.basedatatypes import BaseFigure
from streamlit.testing.v1 import AppTest

from pages.parts.frame import pictures
from pages.parts.process.cache import CACHE
from pages.parts.process.kept import digest, once
from vizmodels.runs.run import Run

PAGES_WITH_CHARTS = (
    "ablation",
    "denoising",
    "information",
    "interpolation",
    "latent_space",
    "reconstruction",
    "sampling",
)


@dataclass(frozen=True)
class Bar:
    name: str
    values: np.ndarray


@dataclass(frozen=True)
class Row:
    name: str
    values: np.ndarray


def page() -> None:
    import counted_figure
    import streamlit as st

    from pages.parts.frame.charts import show_chart

    values = st.session_state.get("values", (1.0, 2.0))
    show_chart("counted", "A line", counted_figure.counted_figure, values, height=210)


def plain_page() -> None:
    import counted_figure
    import streamlit as st

    st.plotly_chart(counted_figure.counted_figure((1.0, 2.0), height=210), key="counted")


@pytest.fixture
def built() -> Iterator[list[tuple[float, ...]]]:
    counted_figure.built.clear()
    yield counted_figure.built
    counted_figure.built.clear()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is built from here on that is slow to build."""
    found: list[str] = []
    build, encode = BaseFigure.__init__, pictures._png

    def build_and_tell(self: BaseFigure, *args: object, **kwargs: object) -> None:
        found.append("figure")
        build(self, *args, **kwargs)

    def encode_and_tell(sheet: np.ndarray) -> bytes:
        found.append("picture")
        return encode(sheet)

    encode_and_tell.__module__, encode_and_tell.__qualname__ = encode.__module__, "_png"
    monkeypatch.setattr(BaseFigure, "__init__", build_and_tell)
    monkeypatch.setattr(pictures, "_png", encode_and_tell)
    return found


def spec_of(test: AppTest) -> str:
    assert not test.exception
    (chart,) = test.get("plotly_chart")
    return chart.proto.spec


def test_a_figure_is_built_once_for_two_sessions(built: list[tuple[float, ...]]) -> None:
    first, second = AppTest.from_function(page).run(), AppTest.from_function(page).run()
    second.run()
    assert spec_of(first) == spec_of(second)
    assert len(built) == 1


def test_a_figure_changes_when_what_it_shows_does(built: list[tuple[float, ...]]) -> None:
    test = AppTest.from_function(page).run()
    before = spec_of(test)
    test.session_state["values"] = (1.0, 3.0)
    assert spec_of(test.run()) != before
    assert built == [(1.0, 2.0), (1.0, 3.0)]


def test_a_kept_figure_is_sent_as_streamlit_sends_the_figure_itself() -> None:
    ours, theirs = (AppTest.from_function(one).run() for one in (page, plain_page))
    assert json.loads(spec_of(ours)) == json.loads(spec_of(theirs))
    assert ours.get("plotly_chart")[0].proto.theme == theirs.get("plotly_chart")[0].proto.theme


@pytest.mark.parametrize("name", PAGES_WITH_CHARTS)
def test_a_second_visitor_has_no_figure_built_and_no_picture_encoded(
    name: str, made: list[str]
) -> None:
    open_page(name)
    assert "figure" in made  # it is those of this page that are counted
    made.clear()
    second = open_page(name)
    assert second.get("plotly_chart") and not second.exception
    assert made == []


def test_another_run_has_other_figures_and_pictures(runs: dict[str, Run], made: list[str]) -> None:
    open_page("reconstruction", a=runs["vae"].id, b="none", c="none", d="none")
    made.clear()
    open_page("reconstruction", a=runs["autoencoder"].id, b="none", c="none", d="none")
    assert {"figure", "picture"} == set(made)


@pytest.mark.parametrize(
    "other",
    [
        ("a", [1.0, 2.5]),
        ("b", [1.0, 2.0]),
        ("a", [2.0, 1.0]),
        ("a", [[1.0], [2.0]]),
        ("a", [1, 2]),
    ],
)
def test_other_contents_have_another_digest(other: tuple[str, list[float]]) -> None:
    name, values = other
    assert digest(Bar("a", np.array([1.0, 2.0]))) != digest(Bar(name, np.array(values)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        ((1, 2), [1, 2]),
        (1, 1.0),
        (1, True),
        ("1", 1),
        (None, "None"),
        ([[1], 2], [[1, 2]]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (open_page, test_other_contents_have_another_digest),
    ],
)
def test_what_only_looks_alike_has_another_digest(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def test_a_dataclass_of_another_name_has_another_digest() -> None:
    values = np.array([1.0])
    assert digest(Bar("a", values)) != digest(Row("a", values))


def test_equal_contents_have_one_digest_wherever_they_lie_in_memory() -> None:
    wide = np.arange(12.0).reshape(3, 4)
    assert digest(Bar("a", wide[:, ::2])) == digest(Bar("a", wide[:, ::2].copy()))


@pytest.mark.parametrize("odd", [object(), lambda: None, {1, 2}, np.array([object()])])
def test_what_has_no_digest_is_refused_rather_than_mistaken(odd: object) -> None:
    with pytest.raises(TypeError, match="no digest"):
        digest(odd)


def test_after_forgetting_it_is_computed_again() -> None:
    asked = len(counted_figure.built)
    for _ in range(2):
        once(counted_figure.counted_figure, (0.0, 0.5))
    CACHE.clear()
    once(counted_figure.counted_figure, (0.0, 0.5))
    assert len(counted_figure.built) == asked + 2
