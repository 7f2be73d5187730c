"""Values that are computed once, kept within a number of bytes."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from vizmodels.keyed_cache import KeyedCache, n_bytes
from vizmodels.specs import VAESpec

MB = 1 << 20


class Slow:
    """Counts how often it is called; a call ends when it is let go."""

    def __init__(self) -> None:
        self.n_calls, self.began, self.go = 0, threading.Event(), threading.Event()

    def __call__(self) -> object:
        self.n_calls += 1
        self.began.set()
        assert self.go.wait(10)
        return object()


def ask_from(n: int, pool: ThreadPoolExecutor, ask: Callable[[], object]) -> list[object]:
    asked = [pool.submit(ask) for _ in range(n)]
    return [one.result(10) for one in asked]


def test_ten_threads_that_ask_for_one_value_cause_one_computation() -> None:
    cache, slow = KeyedCache(MB), Slow()
    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(cache.get, "key", slow) for _ in range(10)]
        assert slow.began.wait(10)
        slow.go.set()
        values = {one.result(10) for one in asked}
    assert len(values) == 1
    assert slow.n_calls == 1


def test_another_key_waits_for_nobody() -> None:
    cache, slow = KeyedCache(MB), Slow()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(cache.get, "slow", slow)
        assert slow.began.wait(10)
        assert cache.get("quick", lambda: 1) == 1
        assert not asked.done()
        slow.go.set()


def test_the_values_together_stay_within_the_bound() -> None:
    cache = KeyedCache(10 * MB)
    for i in range(100):
        cache.get(i, lambda: np.zeros(MB, np.uint8))
        assert cache.n_bytes <= 10 * MB
    assert len(cache) == 9, "ten arrays of a megabyte and their keys are more than ten"


def test_the_value_that_was_not_asked_for_the_longest_goes_first() -> None:
    cache = KeyedCache(2 * MB + 1000)
    for key in "ab":
        cache.get(key, lambda: np.zeros(MB, np.uint8))
    a = cache.find("a")
    cache.get("c", lambda: np.zeros(MB, np.uint8))
    assert cache.find("a") is a
    assert cache.find("b") is None


def test_a_value_larger_than_the_bound_is_given_out_and_not_kept() -> None:
    cache = KeyedCache(MB)
    cache.get("small", lambda: 1)
    assert cache.get("large", lambda: np.zeros(2 * MB, np.uint8)).nbytes == 2 * MB
    assert cache.find("large") is None
    assert cache.find("small") == 1


def fail() -> int:
    raise KeyError("no run of that id")


def test_ten_thousand_unknown_keys_leave_nothing() -> None:
    cache = KeyedCache(MB)
    for i in range(10_000):
        with pytest.raises(KeyError):
            cache.get(("run", i), fail)
    assert (len(cache), cache.n_running, cache.n_bytes) == (0, 0, 0)


def test_one_who_waited_for_a_computation_that_failed_computes_next() -> None:
    cache, began, go = KeyedCache(MB), threading.Event(), threading.Event()

    def fail_later() -> int:
        began.set()
        assert go.wait(10)
        raise KeyError("no run of that id")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, "key", fail_later)
        assert began.wait(10)
        second = pool.submit(cache.get, "key", lambda: 2)
        time.sleep(0.05)
        assert not second.done()
        go.set()
        assert second.result(10) == 2
        with pytest.raises(KeyError):
            first.result(10)
    assert cache.get("key", fail) == 2


def test_a_forgotten_value_is_computed_again() -> None:
    cache = KeyedCache(MB)
    for key in (("run", "a"), ("run", "b")):
        cache.get(key, lambda: 1)
    cache.forget(lambda key: key == ("run", "a"))
    assert cache.get(("run", "a"), lambda: 2) == 2
    assert cache.get(("run", "b"), lambda: 2) == 1


def test_what_is_forgotten_while_it_is_computed_is_not_kept() -> None:
    cache, slow = KeyedCache(MB), Slow()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(cache.get, "key", slow)
        assert slow.began.wait(10)
        cache.clear()
        new = cache.get("key", object)
        slow.go.set()
        assert asked.result(10) is not new
    assert cache.find("key") is new
    assert cache.n_running == 0


def test_a_cached_function_is_called_once_for_the_same_arguments() -> None:
    cache, calls = KeyedCache(MB), []

    @cache.cached
    def add(a: int, b: int = 1) -> int:
        calls.append((a, b))
        return a + b

    assert [add(1), add(1), add(1, b=2), add(1, b=2)] == [2, 2, 3, 3]
    assert calls == [(1, 1), (1, 2)]


def test_two_functions_of_the_same_arguments_have_values_of_their_own() -> None:
    cache = KeyedCache(MB)
    double, square = cache.cached(lambda x: 2 * x), cache.cached(lambda x: x**2)
    assert (double(3), square(3)) == (6, 9)


@dataclass(frozen=True, slots=True)
class _Report:
    pixels: np.ndarray
    names: tuple[str, ...]


def parameters(model: torch.nn.Module) -> int:
    return sum(weight.nbytes for weight in model.state_dict().values())


@pytest.mark.parametrize(
    ("value", "at_least"),
    [
        (np.zeros((3, 100), np.float32), 1200),
        (torch.zeros(100, dtype=torch.float64), 800),
        (b"0" * 1000, 1000),
        ("é" * 1000, 1000),
        ([np.zeros(500), {"a": (torch.zeros(500), b"0" * 500)}], 4000 + 2000 + 500),
        (_Report(np.zeros(1000), ("a" * 1000,)), 9000),
        (torch.nn.Sequential(torch.nn.Linear(10, 10), torch.nn.BatchNorm2d(50)), 440 + 808),
    ],
)
def test_a_value_counts_with_all_it_consists_of(value: object, at_least: int) -> None:
    assert at_least <= n_bytes(value) <= at_least + 40_000  # Python's own objects around the data


def test_what_a_value_holds_twice_counts_once() -> None:
    array = np.zeros(MB, np.uint8)
    assert n_bytes([array, (array, {"a": array})]) < 1.01 * MB


def test_a_model_counts_with_its_weights() -> None:
    from vizmodels.models import build_model

    model = build_model(VAESpec(), (1, 28, 28), torch.Generator())
    assert parameters(model) <= n_bytes(model) < 1.1 * parameters(model)
