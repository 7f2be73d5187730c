import inspect
import pickle

import pytest

from vizmodels import errors
from vizmodels.errors import LatentariumError, UnknownRun

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == errors.__name__
]


def test_every_error_of_the_module_is_a_latentarium_error() -> None:
    assert len(CLASSES) >= 12
    assert all(issubclass(kind, LatentariumError) for kind in CLASSES)


@pytest.mark.parametrize("kind", CLASSES)
def test_the_message_says_what_must_hold_what_was_given_and_what_to_do(
    kind: type[LatentariumError],
) -> None:
    error = kind("latent_dim", "at least 1", 0, "Choose more axes.")
    assert str(error) == "latent_dim must be at least 1; got 0. Choose more axes."


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_comes_back_from_pickle_as_it_was(kind: type[LatentariumError]) -> None:
    error = kind("latent_dim", "at least 1", (0, "x"), "Choose more axes.")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.parts == error.parts


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.InvalidExperiment, ValueError),
        (errors.DataUnavailable, OSError),
        (errors.DamagedRun, OSError),
        (errors.UnknownRun, KeyError),
        (errors.ReadOnlyRun, PermissionError),
        (errors.TrainingDiverged, ArithmeticError),
        (errors.EngineUnavailable, ConnectionError),
    ],
)
def test_an_error_is_also_the_builtin_one_that_a_script_would_catch(
    kind: type[LatentariumError], builtin: type[Exception]
) -> None:
    assert issubclass(kind, builtin)


@pytest.mark.parametrize("length", [81, 10_000_000])
def test_a_long_value_is_cut_after_eighty_characters(length: int) -> None:
    error = LatentariumError("name", "short", "a" * length, "Shorten it.")
    assert str(error) == f"name must be short; got {'a' * 80}…. Shorten it."


def test_a_value_of_eighty_characters_is_shown_whole() -> None:
    error = LatentariumError("name", "short", "a" * 80, "Shorten it.")
    assert str(error) == f"name must be short; got {'a' * 80}. Shorten it."


def test_a_long_value_that_is_no_text_is_cut_as_well() -> None:
    error = LatentariumError("widths", "few", [1] * 1000, "Leave some out.")
    assert str(error) == f"widths must be few; got {repr([1] * 1000)[:80]}…. Leave some out."


def test_an_unknown_run_is_told_without_the_quotes_of_a_key_error() -> None:
    error = UnknownRun("Run", "in the library", "abc", "Choose one.")
    assert str(error) == "Run must be in the library; got abc. Choose one."
