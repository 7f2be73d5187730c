"""The atlas: runs, their latents and their maps, computed once and kept within bounds."""

import copy
import hashlib
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vizmodels.analysis.latents.posterior import mean_variances
from vizmodels.analysis.maps.epochs import EpochView, view_epoch
from vizmodels.analysis.maps.kinds import MAP_POINTS, SLOW_KINDS, Extent, ProjectionKind
from vizmodels.analysis.maps.neighbours import nearest_neighbours, share_kept
from vizmodels.analysis.maps.points import MapPoints, map_points
from vizmodels.analysis.maps.projection import (
    Projection,
    project,
)
from vizmodels.analysis.pictures.reconstruction import Reconstructions, reconstruct, squared_errors
from vizmodels.data import digest_of, load_dataset, origin_of
from vizmodels.data.image_set import ImageSet
from vizmodels.keyed_cache import KeyedCache
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.trainable import Trainable
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.pictures import check_learned_from
from vizmodels.runs.run import Run
from vizmodels.training.evaluation import encode_all
from vizmodels.training.snapshots import at_epoch

VARIANCE_IMAGES = 1000  # test images; the mean of so many is within a few per cent of that of all
CACHE_BYTES = 512 << 20  # of runs, latents and maps in memory, unless a cache is given


T = TypeVar("T")


class Atlas:
    """What pages and browser ask about runs, safe to ask from many threads.

    Parameters
    ----------
    library : where the runs are
    cache : of what is kept in memory, which others may share; by default one of its own
    """

    def __init__(self, library: RunLibrary, cache: KeyedCache | None = None) -> None:
        self.library = library
        self._cache = KeyedCache(CACHE_BYTES) if cache is None else cache

    def run(self, run_id: str) -> Run:
        """A run of the library. Raises UnknownRun or UnreadableRun.

        Looked up by its weights, so that one that another process replaced or deleted is noticed.
        """
        while True:
            key = self.run_key(run_id)
            run = self._cache.get(("run", key), lambda: self.library.load(run_id))
            if self.run_key(run_id) == key:
                return run
            self._cache.forget(lambda kept, key=key: kept == ("run", key))

    def data(self, run: Run) -> ImageSet:
        """The image set that a run was trained on.

        Raises
        ------
        DataUnavailable : it is not here
        OtherPictures : others stand under its name now
        """
        data = load_dataset(run.experiment.dataset, download=False)
        check_learned_from(run.experiment, run.data_digest, data)
        return data

    def points(self, dataset: str, extent: Extent = "some") -> MapPoints:
        """The pictures on the maps of an image set."""

        def choose() -> MapPoints:
            return map_points(load_dataset(dataset, download=False), MAP_POINTS[extent])

        return self._cache.get(("points", dataset, origin_of(dataset), extent), choose)

    def points_key(self, dataset: str, extent: Extent = "some") -> str:
        """Name of an image set's pictures that changes when they do.

        It ends with two parts that have no hyphen: how many there are, and their edition or digest.
        """

        def digest() -> str:
            images = self.points(dataset, extent).pictures.images.numpy()
            edition = load_dataset(dataset, download=False).edition
            told = edition or hashlib.sha256(images.tobytes()).hexdigest()[:8]
            return f"{dataset}-{len(images)}-{told}"

        return self._cache.get(("points key", dataset, origin_of(dataset), extent), digest)

    def run_key(self, run_id: str) -> str:
        """Name of a run that changes when its weights do, see `RunLibrary.key`."""
        return self.library.key(run_id)

    def data_key(self, dataset: str) -> str:
        """Name of a whole image set that changes when its pictures do."""
        return f"{dataset}-{digest_of(dataset)}"

    def _key(self, run_id: str) -> tuple[str, str]:
        """Of what is computed of a run and its pictures. Raises as `data` does."""
        run = self.run(run_id)
        self.data(run)
        return self.run_key(run_id), origin_of(run.experiment.dataset)

    def latents(self, run_id: str, extent: Extent = "some") -> NDArray[np.float32]:
        """Where the pictures on the run's map lie, (P, E): posterior means, or code vectors."""

        def encode() -> NDArray[np.float32]:
            run = self.run(run_id)
            images = self.points(run.experiment.dataset, extent).pictures.images
            model = run.autoencoder
            return model.embed(encode_all(model, images)).numpy()

        return self._cache.get(("latents", self._key(run_id), extent), encode)

    def posterior_variances(self, run_id: str) -> NDArray[np.float32] | None:
        """Mean variance of the posteriors on each axis, (E,); None of a model without a Gaussian
        posterior. 0 on axes that are classes."""

        def compute() -> NDArray[np.float32] | None:
            run = self.run(run_id)
            points = self.points(run.experiment.dataset)
            images = points.pictures.images[: min(points.n_test, VARIANCE_IMAGES)]
            return mean_variances(run.model, images)

        return self._cache.get(("posterior variances", self._key(run_id)), compute)

    def projection(
        self, run_id: str, kind: ProjectionKind, n_axes: int = 2, extent: Extent = "some"
    ) -> Projection:
        """A quick map of the run's latents; slow ones are measured, see `vizmodels.results`."""
        assert kind not in SLOW_KINDS, kind
        return self._cache.get(
            ("projection", self._key(run_id), kind, n_axes, extent),
            lambda: project(self.latents(run_id, extent), kind, n_axes),
        )

    def reconstructions(self, run_id: str) -> Reconstructions:
        """The test pictures on the run's map beside the model's reconstructions of them."""

        def compute() -> Reconstructions:
            run = self.run(run_id)
            points = self.points(run.experiment.dataset)
            return reconstruct(run.autoencoder, points.pictures.images[: points.n_test])

        return self._cache.get(("reconstructions", self._key(run_id)), compute)

    def squared_errors(self, run_id: str, extent: Extent = "some") -> NDArray[np.float32]:
        """Squared error per pixel of each picture on the run's map, (P,)."""

        def compute() -> NDArray[np.float32]:
            run = self.run(run_id)
            images = self.points(run.experiment.dataset, extent).pictures.images
            return squared_errors(run.autoencoder, images)

        return self._cache.get(("squared errors", self._key(run_id), extent), compute)

    def neighbours_kept(self, run_id: str, projection: Projection) -> NDArray[np.float32]:
        """Share of each point's nearest latents that are among its nearest on its map, (P,)."""

        def compare() -> NDArray[np.float32]:
            return share_kept(
                self._near_latents(run_id), nearest_neighbours(projection.coordinates)
            )

        return self._cache.get(("neighbours kept", self._key(run_id), projection.kind), compare)

    def pixel_neighbours_kept(self, run_id: str) -> NDArray[np.float32]:
        """Share of each picture's nearest by pixels that are among its nearest latents, (P,)."""

        def compare() -> NDArray[np.float32]:
            near = self._near_pixels(self.run(run_id).experiment.dataset)
            return share_kept(near, self._near_latents(run_id))

        return self._cache.get(("pixel neighbours kept", self._key(run_id)), compare)

    def _near_latents(self, run_id: str) -> NDArray[np.int64]:
        return self._cache.get(
            ("near latents", self._key(run_id)), lambda: nearest_neighbours(self.latents(run_id))
        )

    def _near_pixels(self, dataset: str) -> NDArray[np.int64]:
        images = self.points(dataset).pictures.images
        return self._cache.get(
            ("near pixels", dataset, origin_of(dataset)),
            lambda: nearest_neighbours(images.flatten(1).numpy()),
        )

    def epochs(self, run_id: str) -> tuple[int, ...]:
        """Epochs whose weights the run has, the last included; none if it kept no others."""
        run = self.run(run_id)
        if run.snapshots is None:
            return ()
        return (*run.snapshots.epochs, run.experiment.training.epochs)

    def model_at(self, run_id: str, epoch: int) -> Trainable:
        """The run's model after one of `epochs`."""
        run = self.run(run_id)
        if run.snapshots is None or epoch not in run.snapshots.weights:
            return run.model
        weights = run.snapshots.weights[epoch]

        def restore() -> Trainable:
            model = copy.deepcopy(run.model)
            at_epoch(model, weights)
            return model

        return self._cache.get(("model", self.run_key(run_id), epoch), restore)

    def epoch_view(
        self, run_id: str, epoch: int, kind: ProjectionKind, extent: Extent = "some"
    ) -> EpochView:
        """Where the run's pictures were after one of its `epochs`, in the frame of its last map.

        Parameters
        ----------
        kind : `raw` or `pca`, of which new latents have a place
        """

        def encode() -> EpochView:
            run = self.run(run_id)
            model = self.model_at(run_id, epoch)
            assert isinstance(model, Autoencoder)
            images = self.points(run.experiment.dataset, extent).pictures.images
            latents = model.embed(encode_all(model, images)).numpy()
            projection = self.projection(run_id, kind, extent=extent)
            return view_epoch(latents, self.latents(run_id, extent), projection)

        return self._cache.get(("epoch view", self._key(run_id), epoch, kind, extent), encode)

    def forget(self, run_id: str) -> None:
        """Drop what is kept in memory about a run, after it was deleted or trained again."""
        self._cache.forget(lambda key: run_id in str(key))
