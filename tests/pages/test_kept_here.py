"""What was made here is deleted on the page Train, after one question that says what else goes."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from page_under_test import open_page
from streamlit.testing.v1 import AppTest

from pages.parts.process import shared, visitor
from pages.train import kept_here
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run


@pytest.fixture
def own(
    tmp_path: Path, runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunLibrary]:
    """A home of its own with a VQ-VAE and the prior over its codes."""
    monkeypatch.setenv("LATENTARIUM_HOME", str(tmp_path))
    monkeypatch.setattr(kept_here, "is_on_this_machine", lambda: True)  # AppTest has no address
    shared.library.cache_clear()
    library = shared.library()
    for name in ("vqvae", "pixelcnn"):
        library.save(runs[name])
    yield library
    shared.library.cache_clear()


def ask(test: AppTest, run_id: str) -> AppTest:
    test.selectbox(key="kept_chosen").set_value(run_id).run()
    return test.button(key="kept_ask").click().run()


def said(test: AppTest) -> str:
    return " ".join(element.value for element in (*test.markdown, *test.success))


def test_a_run_goes_after_one_question_that_names_what_needs_it(
    own: RunLibrary, runs: dict[str, Run]
) -> None:
    vqvae, prior = runs["vqvae"], runs["pixelcnn"]
    test = ask(open_page("train"), vqvae.id)
    assert not test.exception
    assert f"· {prior.id[:4]}" in said(test) and "1 run" in said(test)
    assert vqvae.experiment in own, "nothing goes before the answer"
    test = test.button(key="kept_yes").click().run()
    assert not test.exception
    assert f"Run {vqvae.id} is deleted, and 1 with it." in said(test)
    assert vqvae.experiment not in own and prior.experiment not in own
    assert {record.shipped for record in own.list()} == {True}


def test_a_damaged_run_is_moved_aside_by_its_button(own: RunLibrary, runs: dict[str, Run]) -> None:
    run = runs["vqvae"]
    (own.path / run.id / "preview.png").unlink()
    test = ask(open_page("train"), run.id)
    assert "no preview.png" in said(test)
    test = test.button(key="kept_yes").click().run()
    assert not test.exception
    assert (own.path / "damaged" / run.id / "weights.safetensors").is_file()


def test_shipped_runs_and_built_in_sets_are_not_offered(own: RunLibrary) -> None:
    options = open_page("train").selectbox(key="kept_chosen").options
    assert len(options) == 2 and not any(name.startswith("Images") for name in options)


def test_who_visits_from_elsewhere_is_offered_nothing_to_delete(
    own: RunLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_here, "is_on_this_machine", lambda: False)
    test = open_page("train")
    assert not test.exception
    assert any("deleted at the machine that serves" in caption.value for caption in test.caption)
    assert not [button for button in test.button if button.key == "kept_ask"]


@pytest.mark.parametrize(
    ("address", "headers", "is_here"),
    [
        (None, {}, True),
        ("192.168.1.7", {}, False),
        (None, {"X-Forwarded-For": "203.0.113.9"}, False),
        (None, {"Forwarded": "for=203.0.113.9"}, False),
    ],
)
def test_a_visitor_over_the_network_or_a_proxy_is_not_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, address: str | None, headers: dict[str, str], is_here: bool
) -> None:
    context = SimpleNamespace(ip_address=address, headers=headers)
    monkeypatch.setattr(visitor, "st", SimpleNamespace(context=context))
    assert visitor.is_on_this_machine() is is_here
