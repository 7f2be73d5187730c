"""Where things are kept on this machine: data that is fetched, and what the visitor makes."""

import os
from pathlib import Path

import platformdirs

APP_NAME = "latentarium"
_HERE = Path(__file__).resolve().parent
ASSETS = next(path for path in (_HERE / "_assets", _HERE.parent / "assets") if path.is_dir())
"""What ships with the code: installed it lies in this package, in a checkout beside it."""


def data_folder() -> Path:
    """Folder of the downloaded image sets: $LATENTARIUM_DATA or the user cache.

    In torchvision's layout, so that files which are there already are found.
    """
    given = os.environ.get("LATENTARIUM_DATA")
    return Path(given) if given else Path(platformdirs.user_cache_dir(APP_NAME)) / "data"


def home_folder() -> Path:
    """Folder of the runs, own images and caches made here: $LATENTARIUM_HOME or the user's own."""
    given = os.environ.get("LATENTARIUM_HOME")
    return Path(given) if given else Path(platformdirs.user_data_dir(APP_NAME))


def cache_folder() -> Path:
    """Folder of what can be computed again: generated strokes, projections. Safe to delete."""
    return home_folder() / "cache"
