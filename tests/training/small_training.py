"""Image sets and experiments that train in a fraction of a second."""

import torch
from torch import Tensor

from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.experiment import Experiment, Training
from vizmodels.models import build_model
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.trainable import Trainable
from vizmodels.specs import (
    AnySpec,
    AutoencoderSpec,
    AutoencodingSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
)
from vizmodels.training.device import Compute

FEW = "few-digits"
CPU = Compute(torch.device("cpu"), bfloat16=False)
"""Float32 whatever the processor, so that values can be compared."""


def on_digits(model: AnySpec | None = None, **training: object) -> Experiment:
    settings = {"epochs": 2, "batch_size": 100, **training}
    return Experiment(
        dataset=FEW, model=model or VAESpec(widths=(32,)), training=Training(**settings)
    )


def small_discrete(estimator: str = "gumbel", continuous_dim: int = 0) -> DiscreteVAESpec:
    return DiscreteVAESpec(
        n_variables=6,
        n_classes=2,
        continuous_dim=continuous_dim,
        estimator=estimator,
        widths=(32,),
    )


def small_vqvae(**knobs: object) -> VQVAESpec:
    settings = {"codebook_size": 16, "code_dim": 4, "channels": 8, "n_residual": 1, "grid": "half"}
    return VQVAESpec(**{**settings, **knobs})


VQ_EXPERIMENT = on_digits(small_vqvae(), learning_rate=0.01)
"""Of the VQ-VAE whose codes the small priors learn; the fixture `vq_run` trains it."""


def small_prior(**knobs: object) -> PixelCNNSpec:
    settings = {"channels": 8, "n_layers": 2, "vqvae": small_vqvae(), "vq_run": VQ_EXPERIMENT.id}
    return PixelCNNSpec(**{**settings, **knobs})


AUTOENCODERS: dict[str, AutoencodingSpec | PixelCNNSpec] = {
    "linear": AutoencoderSpec(backbone="linear", latent_dim=2),
    "autoencoder-mlp": AutoencoderSpec(widths=(32,)),
    "autoencoder-conv": AutoencoderSpec(backbone="conv", widths=(8,)),
    "autoencoder-transformer": AutoencoderSpec(backbone="transformer", widths=(16,)),
    "vae-mlp": VAESpec(widths=(32,)),
    "vae-conv": VAESpec(backbone="conv", widths=(4, 8)),
    "vae-transformer": VAESpec(backbone="transformer", widths=(16,)),
    "vae-bernoulli": VAESpec(widths=(32,), likelihood="bernoulli"),
    "vae-with-every-option": VAESpec(
        widths=(32,), kl_warm_up=1, kl_estimate="monte_carlo", free_bits=0.1
    ),
    "discrete-gumbel": small_discrete("gumbel"),
    "discrete-straight-through": small_discrete("straight_through"),
    "discrete-score-function": small_discrete("score_function"),
    "discrete-baseline": small_discrete("score_function_baseline"),
    "discrete-enumeration": small_discrete("enumeration"),
    "discrete-beside-axes": small_discrete("enumeration", continuous_dim=2),
    "vqvae-ema": small_vqvae(),
    "vqvae-gradient": small_vqvae(codebook_update="gradient"),
    "vqvae-distance-weighted": small_vqvae(assignment="distance_weighted"),
    "vqvae-kmeans": small_vqvae(initialisation="kmeans"),
    "pixelcnn": small_prior(),
    "pixelcnn-by-class": small_prior(class_conditional=True),
}
"""All that encode pictures and decode latents."""

FAMILIES: dict[str, AnySpec] = {
    **AUTOENCODERS,
    "classifier": ClassifierSpec(widths=(8,), n_features=16),
}


def with_noise(spec: AnySpec) -> dict[str, float]:
    """Settings that draw noise at each step, where there are pixels to add it to."""
    return {} if isinstance(spec, PixelCNNSpec) else {"noise_weight": 0.2}


def new_model(spec: AnySpec, data: ImageSet, vqvae: VQVAE) -> Trainable:
    """A model as it stands before its first step."""
    generator = torch.Generator().manual_seed(0)
    model = build_model(spec, data.image_shape, generator, len(data.class_names))
    if isinstance(model, VQPrior):
        model.adopt(vqvae)
    model.start(data.train.images, generator)
    return model


def whole_state(model: Trainable) -> dict[str, Tensor]:
    """Copies of all weights and buffers, those too that a stored run does without."""
    tensors = dict(model.named_parameters()) | dict(model.named_buffers())
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def same_state(a: Trainable, b: Trainable) -> bool:
    first, second = whole_state(a), whole_state(b)
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def first_of(data: ImageSet, n_train: int, n_test: int) -> ImageSet:
    """Some pictures of a set, under the name of `FEW`."""

    def cut(split: ImageSplit, n: int) -> ImageSplit:
        assert split.labels is not None
        return ImageSplit(split.images[:n], split.labels[:n])

    train, test = cut(data.train, n_train), cut(data.test, n_test)
    return ImageSet(FEW, data.image_shape, data.class_names, (), train, test)
