"""What most pages compute with, imported once: torch and what builds on it takes seconds."""

import threading

_lock = threading.Lock()
_is_loaded = threading.Event()


def is_loaded() -> bool:
    """Whether a page that computes can begin at once."""
    return _is_loaded.is_set()


def load() -> None:
    """Import it; who comes while another does waits for that."""
    with _lock:
        if not is_loaded():
            from vizmodels.results import questions  # noqa: F401
            from vizmodels.stage import description  # noqa: F401

            _is_loaded.set()
