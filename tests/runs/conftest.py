import dataclasses

import numpy as np
import pytest
import torch

from vizmodels.experiment import Experiment, Training
from vizmodels.models import build_model
from vizmodels.runs.run import Run
from vizmodels.specs import VAESpec
from vizmodels.training.progress import History


@pytest.fixture(scope="session")
def run() -> Run:
    """A run as training leaves it, made without training."""
    experiment = Experiment(
        dataset="digits", model=VAESpec(latent_dim=2, widths=(8,)), training=Training(epochs=2)
    )
    model = build_model(experiment.model, (1, 8, 8), torch.Generator().manual_seed(5))
    model.eval().requires_grad_(False)
    history = History(
        ("reconstruction", "kl", "loss"),
        ("squared error per pixel", "nats", "squared error per pixel"),
        [3, 6],
        [[0.5, 1.25, 0.501], [1 / 3, 2.5, 0.336]],
        [1, 2],
        [[0.4, 1.5, 0.402], [0.3, 2.5, 0.303]],
    )
    evaluation = {"reconstruction": 0.1 + 0.2, "kl": 2.5, "loss": 0.3025}
    environment = {"trained_at": "2025-01-01T00:00:00+00:00", "training_seconds": 1.5}
    preview = np.random.default_rng(0).integers(0, 256, (2, 3, 1, 8, 8), np.uint8)
    return Run(experiment, model, history, evaluation, environment, preview)


@pytest.fixture(scope="session")
def other_run(run: Run) -> Run:
    """The same with another seed, trained a day later."""
    training = run.experiment.training.model_copy(update={"seed": 1})
    experiment = run.experiment.model_copy(update={"training": training})
    environment = {**run.environment, "trained_at": "2025-01-02T00:00:00+00:00"}
    return dataclasses.replace(run, experiment=experiment, environment=environment)
