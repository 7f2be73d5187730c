"""Reports on runs: made once, kept on disk, and for the shipped runs shipped with them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vizmodels.analysis.latents.interpolation import (
    N_PAIRS,
    PathScores,
    pairs_of_classes,
    score_paths,
)
from vizmodels.analysis.latents.shape import LatentShape, latent_shape
from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.analysis.pictures.denoising import CURVE_IMAGES, NoiseCurve, noise_curve
from vizmodels.analysis.pictures.reconstruction_report import (
    ReconstructionReport,
    report_reconstructions,
)
from vizmodels.models.classifier import Classifier
from vizmodels.results.shelf import read_report, write_report

KEPT_IN_MEMORY = 128  # reports; the largest, of 10,000 test pictures, has 120 kB


@dataclass(frozen=True)
class ReportKind:
    """What can be asked about a run.

    Attributes
    ----------
    name : of the kind, part of each file's name
    result : dataclass of the report
    version : to be raised when the same run would give another report
    function : makes the report; importable by its name, so that a worker can be asked
    arguments : its arguments for a run, gathered by the atlas
    """

    name: str
    result: type[Any]
    version: int
    function: Callable[..., Any]
    arguments: Callable[[Atlas, str], tuple[Any, ...]]


class Reports:
    """The reports that have been made, in memory and on disk.

    Parameters
    ----------
    atlas : of the runs they are on
    folder : of those made here
    shipped : of those that come with the app; never written to
    """

    def __init__(self, atlas: Atlas, folder: Path, shipped: Path | None = None) -> None:
        self.atlas, self.folder, self.shipped = atlas, folder, shipped
        self._kept: dict[str, Any] = {}

    def name(self, kind: ReportKind, run_id: str) -> str:
        """Name of a report, which changes with anything it is made from."""
        dataset = self.atlas.run(run_id).experiment.dataset
        keys = f"{self.atlas.run_key(run_id)}-{self.atlas.points_key(dataset)}"
        return f"{kind.name}-{keys}-v{kind.version}"

    def find(self, kind: ReportKind, run_id: str) -> Any | None:
        """The report if it has been made, else None."""
        name = self.name(kind, run_id)
        for folder in (self.shipped, self.folder):
            if name not in self._kept and folder is not None:
                report = read_report(kind.result, folder / f"{name}.npz")
                if report is not None:
                    self._remember(name, report)
        return self._kept.get(name)

    def keep(self, kind: ReportKind, run_id: str, report: Any) -> None:
        """Keep a report that was made elsewhere."""
        name = self.name(kind, run_id)
        if name not in self._kept:
            write_report(report, self.folder / f"{name}.npz")
            self._remember(name, report)

    def make(self, kind: ReportKind, run_id: str) -> Any:
        """The report, made here and now if it has not been before."""
        found = self.find(kind, run_id)
        if found is None:
            found = kind.function(*kind.arguments(self.atlas, run_id))
            self.keep(kind, run_id, found)
        return found

    def _remember(self, name: str, report: Any) -> None:
        self._kept[name] = report
        while len(self._kept) > KEPT_IN_MEMORY:
            self._kept.pop(next(iter(self._kept)), None)


def classifier_of(atlas: Atlas, dataset: str) -> Classifier | None:
    """The classifier of an image set, a shipped one first; None if there is none here."""
    for record in atlas.library.list():
        if record.experiment.dataset == dataset and record.experiment.model.family == "classifier":
            model = atlas.run(record.id).model
            assert isinstance(model, Classifier)
            return model
    return None


def _test_images(atlas: Atlas, run_id: str) -> tuple[Any, ...]:
    run = atlas.run(run_id)
    points = atlas.points(run.experiment.dataset)
    return run.autoencoder, points.pictures.images[: points.n_test]


def _few_test_images(atlas: Atlas, run_id: str) -> tuple[Any, ...]:
    model, images = _test_images(atlas, run_id)
    return model, images[:CURVE_IMAGES]


def _pairs(atlas: Atlas, run_id: str) -> tuple[Any, ...]:
    run = atlas.run(run_id)
    dataset = run.experiment.dataset
    points, judge = atlas.points(dataset), classifier_of(atlas, dataset)
    first, second = pairs_of_classes(points.labels(), points.n_test, N_PAIRS)
    return run.autoencoder, points.pictures.images[first], points.pictures.images[second], judge


def _latents(atlas: Atlas, run_id: str) -> tuple[Any, ...]:
    run = atlas.run(run_id)
    points = atlas.points(run.experiment.dataset)
    n = points.n_test
    labels = points.labels()
    return (
        run.autoencoder,
        atlas.latents(run_id)[:n],
        points.pictures.images[:n],
        None if labels is None else labels[:n],
    )


RECONSTRUCTION = ReportKind(
    "reconstruction", ReconstructionReport, 1, report_reconstructions, _test_images
)
NOISE = ReportKind("noise", NoiseCurve, 1, noise_curve, _few_test_images)
PATHS = ReportKind("paths", PathScores, 1, score_paths, _pairs)
SHAPE = ReportKind("shape", LatentShape, 1, latent_shape, _latents)
REPORT_KINDS = (RECONSTRUCTION, NOISE, PATHS, SHAPE)
