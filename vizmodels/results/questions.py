"""Every question there is: which function measures it, and what it reads.

A constant of a measuring function is either a setting here, and then part of the name, or covered
by the version: raise that when the constant changes.
"""

from vizmodels.analysis.evaluated import Evaluation, evaluate_training
from vizmodels.analysis.latents.interpolation import N_PAIRS, PathScores, score_paths
from vizmodels.analysis.latents.shape import LatentShape, latent_shape
from vizmodels.analysis.maps.kinds import Extent, ProjectionKind
from vizmodels.analysis.maps.projection import Projection, project
from vizmodels.analysis.pictures.denoising import (
    CURVE_IMAGES,
    CURVE_SEED,
    CURVE_WEIGHTS,
    NoiseCurve,
    noise_curve,
)
from vizmodels.analysis.pictures.information import (
    InformationKept,
    information_in_originals,
    information_kept,
)
from vizmodels.analysis.pictures.reconstruction_report import (
    ReconstructionReport,
    report_reconstructions,
)
from vizmodels.analysis.pictures.sample_quality import SampleQuality, sample_quality
from vizmodels.analysis.pictures.samplers import SamplerName
from vizmodels.analysis.training_time import StepTime, time_steps
from vizmodels.experiment import Experiment, Training
from vizmodels.results.question import Question
from vizmodels.results.reads import (
    Dataset,
    Images,
    Judge,
    Labels,
    Latents,
    Model,
    Pairs,
    Recipe,
    Setting,
)
from vizmodels.runs.library import RunRecord
from vizmodels.runs.titles import title_of


def reconstruction(run: RunRecord) -> Question[ReconstructionReport]:
    """How well a run reconstructs each test picture. The version covers what fine detail is."""
    reads = (Model(run.id), Images(run.experiment.dataset))
    return Question(report_reconstructions, 2, reads, f"reconstructions by {run.title}")


def noise(run: RunRecord) -> Question[NoiseCurve]:
    """What a run makes of noisy pictures, at each noise weight."""
    reads = (
        Model(run.id),
        Images(run.experiment.dataset, CURVE_IMAGES),
        Setting(CURVE_WEIGHTS),
        Setting(CURVE_SEED),
    )
    version = 2 if run.experiment.model.family == "discrete_vae" else 1  # as of `information`
    return Question(noise_curve, version, reads, f"noise through {run.title}")


def paths(run: RunRecord, judge: RunRecord | None) -> Question[PathScores]:
    """Paths between pairs of pictures, seen by a classifier if there is one of these images.

    The version covers the frames of a path and the seed of the pairs.
    """
    reads = (
        Model(run.id),
        Pairs(run.experiment.dataset, N_PAIRS),
        Judge(None if judge is None else judge.id),
    )
    return Question(score_paths, 1, reads, f"paths of {run.title}")


def shape(run: RunRecord) -> Question[LatentShape]:
    """How Gaussian a run's latents are. The version covers bins, draws and their seed."""
    dataset = run.experiment.dataset
    reads = (Model(run.id), Latents(run.id, test_only=True), Images(dataset), Labels(dataset))
    return Question(latent_shape, 2, reads, f"shape of the latents of {run.title}")


def information(run: RunRecord) -> Question[InformationKept]:
    """What a run keeps of the class. The version covers the judges, their seeds and images."""
    reads = (Model(run.id), Dataset(run.experiment.dataset))
    # Version 3 reads a discrete VAE's likeliest classes where 2 read their probabilities; of other
    # families both measure the same.
    version = 3 if run.experiment.model.family == "discrete_vae" else 2
    return Question(information_kept, version, reads, f"what {run.title} keeps")


def originals(dataset: str) -> Question[InformationKept]:
    """What there is of the class in the pictures themselves; covered as `information` is."""
    reads = (Dataset(dataset),)
    return Question(information_in_originals, 2, reads, f"what there is in {dataset}")


def samples(
    run: RunRecord, sampler: SamplerName, judge: RunRecord, temperature: float = 1.0
) -> Question[SampleQuality]:
    """How good a sampler's pictures are. The version covers how many are drawn, and their seed."""
    assert judge.experiment.image_set == run.experiment.image_set, (judge.title, run.title)
    reads = (
        Model(run.id),
        Setting(sampler),
        Judge(judge.id),
        Dataset(run.experiment.dataset),
        Setting(round(temperature, 2)),
    )
    # Version 2 fits a discrete VAE's Gaussian axes to draws where 1 fitted them to means; of other
    # families both measure the same.
    version = 2 if run.experiment.model.family == "discrete_vae" else 1
    return Question(sample_quality, version, reads, f"samples of {run.title}: {sampler}")


def slow_map(
    run_id: str, kind: ProjectionKind, n_axes: int = 2, extent: Extent = "some", title: str = ""
) -> Question[Projection]:
    """A map by UMAP or t-SNE. The version covers the settings of both and their seed."""
    reads = (Latents(run_id, extent), Setting(kind), Setting(n_axes))
    return Question(project, 3, reads, f"{kind} map of {title or run_id}")


def step_time(
    experiment: Experiment,
    n_images: int,
    image_shape: tuple[int, int, int],
    n_classes: int,
    processor: str,
) -> Question[StepTime]:
    """What a step of an experiment takes on a processor. Of its training only the batch and what is
    done to the input enter: nothing else costs time."""
    given = experiment.training
    training = Training(
        batch_size=min(given.batch_size, n_images),
        noise_weight=0.5 if given.noise_weight else 0.0,
        binarise=given.binarise,
    )
    recipe = experiment.model_copy(update={"training": training})
    reads = (Recipe(recipe), Setting(image_shape), Setting(n_classes), Setting(processor))
    return Question(time_steps, 1, reads, f"speed of {title_of(recipe)}")


def training(experiment: Experiment) -> Question[Evaluation]:
    """What an experiment reaches on the test set. The version covers the training loop."""
    reads = (Recipe(experiment), Dataset(experiment.dataset))
    return Question(evaluate_training, 3, reads, f"training of {title_of(experiment)}")
