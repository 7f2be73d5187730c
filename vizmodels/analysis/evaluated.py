"""What a training reaches on the test set, without the run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vizmodels.data import load_dataset
from vizmodels.experiment import Experiment
from vizmodels.runs.run import train


@dataclass(frozen=True)
class Evaluation:
    """Figures of a run over its whole test set.

    Attributes
    ----------
    names : of the figures
    values : float64, one a name
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        assert self.values.shape == (len(self.names),) and np.isfinite(self.values).all()

    def terms(self) -> dict[str, float]:
        """Name of each figure -> its value, as `Run.evaluation`."""
        return dict(zip(self.names, self.values.tolist(), strict=True))


def evaluate_training(experiment: Experiment, dataset: str) -> Evaluation:
    """Train an experiment and keep nothing but what it reaches on the test set.

    Parameters
    ----------
    experiment : of any family but a prior over codes, which needs the run of its VQ-VAE
    dataset : that the experiment names

    Notes
    -----
    Takes as long as the training. Deterministic from the experiment's seed on a CPU.
    """
    assert experiment.dataset == dataset
    run = train(experiment, data=load_dataset(dataset))
    return Evaluation(tuple(run.evaluation), np.array(list(run.evaluation.values())))
