"""Maps that ship with the app: what the browser is told of them, and what it fetches.

They are files under the addresses that the browser asks for, so that the first map needs neither
torch nor the pictures. `vizmodels.shipped.first_map` builds them.
"""

import functools
import json
from typing import TYPE_CHECKING, Any

from vizmodels.analysis.maps.kinds import Extent, ProjectionKind
from vizmodels.errors import LatentariumError
from vizmodels.places import ASSETS

if TYPE_CHECKING:
    from vizmodels.runs.library import RunRecord

FOLDER = ASSETS / "first_map"
DESCRIPTIONS = "descriptions.json"
KEPT_FILES = 64  # in memory, half a megabyte at the most


def shipped_points(record: "RunRecord", extent: Extent) -> dict[str, object] | None:
    """What the browser is told of the pictures on a run's map, if these ship."""
    return _descriptions()["points"].get(f"{record.experiment.dataset}/{extent}")


def shipped_model(
    record: "RunRecord", kind: ProjectionKind, extent: Extent
) -> dict[str, object] | None:
    """What the browser is told of a run and its map, if that ships and the weights are its."""
    from pages.parts.process.shared import library  # here, since pydantic takes a while to import

    if record.id not in _descriptions()["runs"]:
        return None
    try:
        key = library().key(record.id)
    except LatentariumError:
        return None  # said where the run is loaded
    return _descriptions()["models"].get(f"{key}/{extent}/{kind}")


@functools.lru_cache(KEPT_FILES)
def shipped_file(address: str) -> bytes | None:
    """What ships under an address such as "artefacts/points/…"; None if nothing does."""
    return (FOLDER / address).read_bytes() if address in _addresses() else None


@functools.cache
def _descriptions() -> dict[str, Any]:
    return json.loads((FOLDER / DESCRIPTIONS).read_bytes())


@functools.cache
def _addresses() -> frozenset[str]:
    """All there are: an address is looked up here and never sought on the disk."""
    files = (path for path in (FOLDER / "artefacts").rglob("*") if path.is_file())
    return frozenset(path.relative_to(FOLDER).as_posix() for path in files)
