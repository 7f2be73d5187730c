"""The atlas: runs, their latents and their maps, computed once and kept within bounds."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from vizmodels.analysis.points import MapPoints, map_points
from vizmodels.analysis.projection import (
    PROJECTION_VERSION,
    SLOW_KINDS,
    Projection,
    ProjectionKind,
    project,
)
from vizmodels.analysis.reconstruction import Reconstructions, reconstruct
from vizmodels.data import load_dataset
from vizmodels.data.image_set import ImageSet
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run
from vizmodels.training.evaluation import encode_all

KEPT_ENTRIES = 64  # runs, latents and maps in memory; about 10 MB each at the most


T = TypeVar("T")


class Atlas:
    """What pages and browser ask about runs, safe to ask from many threads.

    Parameters
    ----------
    library : where the runs are
    folder : where maps that took long are kept between starts
    """

    def __init__(self, library: RunLibrary, folder: Path) -> None:
        self.library, self.folder = library, folder
        self._kept: OrderedDict[tuple[object, ...], object] = OrderedDict()
        self._locks: dict[tuple[object, ...], threading.Lock] = {}
        self._guard = threading.Lock()

    def run(self, run_id: str) -> Run:
        """A run of the library. Raises UnknownRun or DamagedRun."""
        return self._once(("run", run_id), lambda: self.library.load(run_id))

    def data(self, run: Run) -> ImageSet:
        """The image set that a run was trained on. Raises DataUnavailable if it is not here."""
        return load_dataset(run.experiment.dataset, download=False)

    def points(self, dataset: str) -> MapPoints:
        """The pictures on the maps of an image set."""
        make = lambda: map_points(load_dataset(dataset, download=False))  # noqa: E731
        return self._once(("points", dataset), make)

    def points_key(self, dataset: str) -> str:
        """Name of an image set's pictures that changes when they do."""

        def digest() -> str:
            images = self.points(dataset).pictures.images.numpy()
            return f"{dataset}-{len(images)}-{hashlib.sha256(images.tobytes()).hexdigest()[:8]}"

        return self._once(("points key", dataset), digest)

    def run_key(self, run_id: str) -> str:
        """Name of a run that changes when its weights do, as training it again on a GPU may."""

        def digest() -> str:
            total = hashlib.sha256()
            for weight in self.run(run_id).model.state_dict().values():
                total.update(weight.numpy().tobytes())
            return f"{run_id}-{total.hexdigest()[:8]}"

        return self._once(("run key", run_id), digest)

    def latents(self, run_id: str) -> NDArray[np.float32]:
        """Where the pictures on the run's map lie, (P, E): posterior means, or code vectors."""

        def encode() -> NDArray[np.float32]:
            run = self.run(run_id)
            images = self.points(run.experiment.dataset).pictures.images
            model = run.autoencoder
            return model.embed(encode_all(model, images)).numpy()

        return self._once(("latents", run_id), encode)

    def projection(self, run_id: str, kind: ProjectionKind, n_axes: int = 2) -> Projection | None:
        """A map of the run's latents; None while a slow one has not been computed yet."""
        name = self.projection_name(run_id, kind, n_axes)
        if kind not in SLOW_KINDS:
            return self._once((name,), lambda: project(self.latents(run_id), kind, n_axes))
        with self._guard:
            if (name,) in self._kept:
                kept = self._kept[(name,)]
                assert isinstance(kept, Projection)
                return kept
        found = _read_projection(self.folder / f"{name}.npz", kind)
        return None if found is None else self._once((name,), lambda: found)

    def keep_projection(self, run_id: str, projection: Projection) -> None:
        """Keep a slow map that the engine has computed, in memory and on disk."""
        name = self.projection_name(run_id, projection.kind, projection.coordinates.shape[1])
        self._once((name,), lambda: projection)
        _write_projection(projection, self.folder / f"{name}.npz")

    def projection_name(self, run_id: str, kind: ProjectionKind, n_axes: int = 2) -> str:
        """Name of a map that changes with anything it was computed from."""
        dataset = self.run(run_id).experiment.dataset
        return (
            f"{self.run_key(run_id)}-{self.points_key(dataset)}-"
            f"{kind}{n_axes}-v{PROJECTION_VERSION}"
        )

    def reconstructions(self, run_id: str) -> Reconstructions:
        """The test pictures on the run's map beside the model's reconstructions of them."""

        def compute() -> Reconstructions:
            run = self.run(run_id)
            points = self.points(run.experiment.dataset)
            return reconstruct(run.autoencoder, points.pictures.images[: points.n_test])

        return self._once(("reconstructions", run_id), compute)

    def forget(self, run_id: str) -> None:
        """Drop what is kept in memory about a run, after it was deleted or trained again."""
        with self._guard:
            for key in [key for key in self._kept if run_id in str(key)]:
                del self._kept[key]

    def _once(self, key: tuple[object, ...], compute: Callable[[], T]) -> T:
        """The value kept under `key`; the first who asks computes it while the others wait."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            with self._guard:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]  # pyright: ignore[reportReturnType]  # one type per key
            value = compute()
            with self._guard:
                self._kept[key] = value
                while len(self._kept) > KEPT_ENTRIES:
                    dropped, _ = self._kept.popitem(last=False)
                    self._locks.pop(dropped, None)
            return value


def _write_projection(projection: Projection, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("wb") as file:
        np.savez(
            file,
            allow_pickle=False,
            coordinates=projection.coordinates,
            faithfulness=np.array([projection.trust, projection.continuity]),
        )
    unfinished.replace(path)


def _read_projection(path: Path, kind: ProjectionKind) -> Projection | None:
    """A kept map, or None if there is none or it cannot be read: it is then computed again."""
    try:
        # Opened here: np.load leaves the file open when its archive is damaged.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            trust, continuity = arrays["faithfulness"].tolist()
            return Projection(kind, arrays["coordinates"], trust, continuity)
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        return None
