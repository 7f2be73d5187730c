"""PCA: fitted without a step of gradient descent."""

import time
from collections.abc import Callable

import torch

from vizmodels.data.image_set import ImageSet
from vizmodels.experiment import Experiment
from vizmodels.models import build_model
from vizmodels.models.autoencoder import PlainAutoencoder
from vizmodels.models.linear import fit_pca
from vizmodels.models.trainable import Batch
from vizmodels.training.evaluation import evaluate
from vizmodels.training.fitted import Fitted, freeze
from vizmodels.training.preview import PreviewMaker
from vizmodels.training.progress import History, Progress


def fit_closed_form(
    experiment: Experiment, data: ImageSet, on_progress: Callable[[Progress], None] | None
) -> Fitted:
    """The principal axes of the training images, reported once."""
    began = time.perf_counter()
    generator = torch.Generator().manual_seed(experiment.training.seed)
    model = build_model(experiment.model, data.image_shape, generator)
    assert isinstance(model, PlainAutoencoder)
    fit_pca(model, data.train.images, experiment.training.seed)
    seconds = time.perf_counter() - began
    test_terms, train_terms = (evaluate(model, s.images) for s in (data.test, data.train))
    names = tuple(test_terms)
    one = data.test.images[:1].float()
    units = model.losses(Batch.of(one), None).units
    history = History(
        names, units, [1], [list(train_terms.values())], [1], [list(test_terms.values())]
    )
    if on_progress is not None:
        rate = len(data.train) / seconds
        preview = PreviewMaker(data).make(model)
        of = dict(zip(names, units, strict=True))
        on_progress(Progress(1, 1, 1, 1, train_terms, test_terms, rate, 0.0, preview, of))
    return Fitted(freeze(model), history, test_terms, seconds, len(data.train))
