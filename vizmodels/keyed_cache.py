"""Values that are computed once for all who ask, kept within a number of bytes."""

import dataclasses
import functools
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

WITHOUT_DATA = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


class KeyedCache:
    """Computed values by their keys, safe to ask from many threads.

    The first who asks for a key computes its value while others who ask for the same one wait;
    other keys wait for nobody. When all values together are larger than the bound, those that were
    not asked for the longest go.

    Parameters
    ----------
    max_bytes : of all values together, as `n_bytes` counts them; a larger value is computed anew
        for each who asks
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()  # the longest unused first
        self._running: dict[Hashable, _Running] = {}
        self._n_bytes = 0
        self._guard = threading.Lock()  # never held while a value is computed or weighed

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The value of `key`, from memory or computed.

        An exception of `compute` goes to the one who computed; nothing is kept, and one of those
        who waited computes next. A key always means one type.
        """
        while True:
            with self._guard:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key].value
                running = self._running.get(key)
                if running is None:
                    mine = self._running[key] = _Running()
                    break
            running.over.wait()
            if running.succeeded:  # also where the value is too large to be kept
                return running.value
        try:
            mine.value = compute()
            mine.succeeded = True
            self._keep(key, mine)
            return mine.value
        finally:
            with self._guard:
                if self._running.get(key) is mine:
                    del self._running[key]
            mine.over.set()

    def find(self, key: Hashable) -> Any | None:
        """The value kept under `key`, or None if there is none."""
        with self._guard:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key].value

    def cached(self, function: Callable[P, T]) -> Callable[P, T]:
        """The function, each of whose results is kept by its arguments, which must be hashable."""

        @functools.wraps(function)
        def get(*args: P.args, **kwargs: P.kwargs) -> T:
            key = (function, *args, *sorted(kwargs.items()))
            return self.get(key, lambda: function(*args, **kwargs))

        return get

    def forget(self, matches: Callable[[Hashable], bool]) -> None:
        """Drop the values of the keys that match; what is being computed for them is not kept."""
        with self._guard:
            for key in [key for key in self._kept if matches(key)]:
                self._n_bytes -= self._kept.pop(key).n_bytes
            for key in [key for key in self._running if matches(key)]:
                del self._running[key]

    def clear(self) -> None:
        """Drop everything."""
        self.forget(lambda _: True)

    def __len__(self) -> int:
        """Number of values that are kept."""
        return len(self._kept)

    @property
    def n_bytes(self) -> int:
        """Of all values that are kept."""
        return self._n_bytes

    @property
    def n_running(self) -> int:
        """Number of keys whose values are being computed."""
        return len(self._running)

    def _keep(self, key: Hashable, computed: "_Running") -> None:
        size = n_bytes((key, computed.value))
        with self._guard:
            if self._running.get(key) is not computed or size > self.max_bytes:
                return  # forgotten meanwhile, or too large
            self._kept[key] = _Kept(computed.value, size)
            self._n_bytes += size
            while self._n_bytes > self.max_bytes:
                self._n_bytes -= self._kept.popitem(last=False)[1].n_bytes


def n_bytes(value: object) -> int:
    """Memory that a value holds, with all it consists of; what it holds twice counts once.

    Arrays and tensors count with all their elements, though another may share them.
    """
    total, seen, left = 0, set[int](), [value]
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, WITHOUT_DATA):
            continue
        seen.add(id(one))
        of_data = getattr(one, "nbytes", None)  # of arrays and of tensors, without importing either
        if isinstance(of_data, int):
            total += of_data
            continue
        total += sys.getsizeof(one)
        left.extend(_parts(one))
    return total


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        yield from (part for pair in list(value.items()) for part in pair)
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    if dataclasses.is_dataclass(value):  # also one with slots
        yield from (getattr(value, field.name, None) for field in dataclasses.fields(value))
    elif hasattr(value, "__dict__"):
        yield from list(vars(value).values())


class _Kept(NamedTuple):
    value: Any
    n_bytes: int


class _Running:
    """A computation for whose end others may wait."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.succeeded = False
        self.value: Any = None
