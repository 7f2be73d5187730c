"""Image sets and experiments that train in a fraction of a second."""

import torch

from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.experiment import Experiment, Training
from vizmodels.specs import AutoencoderSpec, VAESpec
from vizmodels.training.device import Compute

CPU = Compute(torch.device("cpu"), bfloat16=False)
"""Float32 whatever the processor, so that values can be compared."""

FAMILIES = {
    "linear": AutoencoderSpec(backbone="linear", latent_dim=2),
    "autoencoder-mlp": AutoencoderSpec(widths=(32,)),
    "autoencoder-conv": AutoencoderSpec(backbone="conv", widths=(8,)),
    "vae-mlp": VAESpec(widths=(32,)),
    "vae-conv": VAESpec(backbone="conv", widths=(8,)),
    "vae-bernoulli": VAESpec(widths=(32,), likelihood="bernoulli"),
}


def on_digits(model: AutoencoderSpec | VAESpec | None = None, **training: object) -> Experiment:
    settings = {"epochs": 2, "batch_size": 100, **training}
    return Experiment(
        dataset="digits", model=model or VAESpec(widths=(32,)), training=Training(**settings)
    )


def first_of(data: ImageSet, n_train: int, n_test: int) -> ImageSet:
    """The same set with fewer pictures."""

    def cut(split: ImageSplit, n: int) -> ImageSplit:
        assert split.labels is not None
        return ImageSplit(split.images[:n], split.labels[:n])

    train, test = cut(data.train, n_train), cut(data.test, n_test)
    return ImageSet(data.name, data.image_shape, data.class_names, (), train, test)
