"""Which samplers the models on a page have, what they draw, and how good it is."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pages.parts.models.code_picker import priors_of
from pages.parts.process.cache import CACHE
from pages.parts.process.shared import atlas
from vizmodels.analysis.latents.aggregate import Aggregate, aggregate_of
from vizmodels.analysis.pictures.sample_quality import SampleQuality
from vizmodels.analysis.pictures.samplers import Sampler, SamplerName, make_sampler, sampler_names
from vizmodels.figures.images import tile_sheet
from vizmodels.results.question import Question
from vizmodels.results.questions import samples
from vizmodels.runs.library import RunRecord

SAMPLER_NAMES: dict[SamplerName, str] = {
    "prior": "N(0, I)",
    "gaussian": "fitted Gaussian",
    "mixture": "fitted mixture of 10",
    "uniform": "uniform codes",
    "marginal": "marginal codes",
    "pixelcnn": "PixelCNN",
}
OF_CLASSES: dict[SamplerName, str] = {"prior": "uniform classes", "marginal": "marginal classes"}
"""What a discrete VAE's samplers draw instead."""


class Drawn(NamedTuple):
    """One sampler of one model."""

    model: RunRecord
    run: RunRecord  # whose model draws: of a VQ-VAE's PixelCNN, the prior's own run
    name: SamplerName

    @property
    def key(self) -> str:
        """Tells it from all others on the page."""
        return f"{self.model.id}-{self.name}"

    @property
    def caption(self) -> str:
        """What it is called on the page."""
        if self.model.experiment.model.family == "discrete_vae":
            return OF_CLASSES[self.name]
        return SAMPLER_NAMES[self.name]


def samplers_of(model: RunRecord) -> list[Drawn]:
    """The prior first; a VQ-VAE's PixelCNN last, if there is one in the library."""
    names = sampler_names(atlas().run(model.id).autoencoder)
    drawn = [Drawn(model, model, name) for name in names]
    priors = priors_of(model.id)
    return [*drawn, Drawn(model, priors[0], "pixelcnn")] if priors else drawn


def quality_of(drawn: Drawn, judge: RunRecord, temperature: float) -> Question[SampleQuality]:
    """How good a sampler's pictures are, to be found or measured."""
    return samples(drawn.run, drawn.name, judge, temperature)


def pictures_of(drawn: Drawn, n: int, seed: int, temperature: float) -> NDArray[np.float32]:
    """Pictures (n, C, H, W) that the sampler draws."""
    return pictures(*pictures_key(drawn, n, seed, temperature))


def pictures_key(
    drawn: Drawn, n: int, seed: int, temperature: float
) -> tuple[str, str, SamplerName, int, int, float]:
    """What tells pictures apart: the arguments of `pictures`."""
    return drawn.run.id, atlas().run_key(drawn.run.id), drawn.name, n, seed, temperature


@CACHE.cached
def pictures(
    run_id: str, key: str, name: SamplerName, n: int, seed: int, temperature: float
) -> NDArray[np.float32]:
    """Pictures (n, C, H, W) that a run's sampler draws; `key` only tells versions apart."""
    return sampler(run_id, key, name).draw(n, seed, temperature)


@CACHE.cached
def sheet_of(
    run_id: str, key: str, name: SamplerName, n: int, seed: int, temperature: float, columns: int
) -> NDArray[np.uint8]:
    """The same as a sheet."""
    return tile_sheet(pictures(run_id, key, name, n, seed, temperature), columns)


@CACHE.cached
def sampler(run_id: str, key: str, name: SamplerName) -> Sampler:
    """The sampler, fitted; `key` only tells versions apart."""
    assert key.startswith(run_id)
    run = atlas().run(run_id)
    return make_sampler(run.autoencoder, name, atlas().data(run).train.images)


@CACHE.cached
def aggregate(run_id: str, key: str) -> Aggregate:
    """Where the run's training images lie; `key` only tells versions apart."""
    assert key.startswith(run_id)
    run = atlas().run(run_id)
    return aggregate_of(run.autoencoder, atlas().data(run).train.images)
