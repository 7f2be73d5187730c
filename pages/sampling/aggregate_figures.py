"""Where a model's images lie and where its prior draws, as figures of a run.

In each `key` only tells versions of the run apart.
"""

import numpy as np
import plotly.graph_objects as go

from pages.sampling.samplers_panel import aggregate, sampler
from vizmodels.analysis.pictures.samplers import LatentSampler, SamplerName
from vizmodels.figures.sampling import axis_spread_figure, latents_and_prior_figure, shares_figure

N_DRAWN = 1_000  # latents shown beside those of the images


def n_latent_axes(run_id: str, key: str) -> int:
    """Continuous axes of a run."""
    return aggregate(run_id, key).latents.shape[1]


def usage_of_values(run_id: str, key: str, colour: str) -> go.Figure:
    """How often each discrete value is used."""
    return shares_figure(aggregate(run_id, key).shares, colour)


def latents_and_draws(
    run_id: str,
    key: str,
    prior_id: str,
    prior_key: str,
    name: SamplerName,
    colour: str,
    temperature: float,
) -> go.Figure:
    """Latents of images beside draws, on the two axes on which they lie farthest apart."""
    seen, prior = aggregate(run_id, key), sampler(prior_id, prior_key, name)
    first, second = seen.widest if seen.latents.shape[1] > 1 else (0, 0)
    plane = np.array([first, second])
    if isinstance(prior, LatentSampler):
        points = prior.density.sample(N_DRAWN, 0, temperature)
    else:
        rng = np.random.default_rng(0)
        points = temperature * rng.standard_normal((N_DRAWN, seen.latents.shape[1]))
    names = [f"z{axis + 1}" for axis in plane]
    return latents_and_prior_figure(
        seen.latents[:, plane], points[:, plane], colour, names, has_prior=True
    )


def spread_of_axes(run_id: str, key: str, colour: str) -> go.Figure:
    """Mean and standard deviation of the latents on each axis."""
    latents = aggregate(run_id, key).latents
    return axis_spread_figure(latents.mean(axis=0), latents.std(axis=0), colour)
