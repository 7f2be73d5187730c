"""Builds the model that a spec describes."""

import math

import torch

from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import AutoencoderSpec, VAESpec
from vizmodels.models.autoencoder import Autoencoder, PlainAutoencoder
from vizmodels.models.backbones import ImageShape, decoder_layers, encoder_layers, initialise
from vizmodels.models.vae import VAE


def build_model(
    spec: AutoencoderSpec | VAESpec, image_shape: ImageShape, generator: torch.Generator
) -> Autoencoder:
    """A new model on the CPU, its weights drawn from the generator.

    Raises
    ------
    InvalidExperiment : the spec does not fit pictures of this shape
    """
    _check_fits(spec, image_shape)
    n_outputs = spec.latent_dim * (2 if isinstance(spec, VAESpec) else 1)
    encoder = encoder_layers(spec.backbone, image_shape, n_outputs, spec.widths)
    decoder = decoder_layers(spec.backbone, image_shape, spec.latent_dim, spec.widths)
    match spec:
        case AutoencoderSpec():
            output = "clamp" if spec.backbone == "linear" else "sigmoid"
            model = PlainAutoencoder(encoder, decoder, output)
        case VAESpec():
            model = VAE(encoder, decoder, spec.kl_weight, spec.likelihood)
    model.image_shape, model.latent_dim = image_shape, spec.latent_dim
    initialise(model, generator)
    return model


def count_parameters(spec: AutoencoderSpec | VAESpec, image_shape: ImageShape) -> int:
    """Number of trained weights, without allocating any. Raises InvalidExperiment as building."""
    _check_fits(spec, image_shape)
    with torch.device("meta"):
        n_outputs = spec.latent_dim * (2 if isinstance(spec, VAESpec) else 1)
        encoder = encoder_layers(spec.backbone, image_shape, n_outputs, spec.widths)
        decoder = decoder_layers(spec.backbone, image_shape, spec.latent_dim, spec.widths)
    return sum(p.numel() for side in (encoder, decoder) for p in side.parameters())


def _check_fits(spec: AutoencoderSpec | VAESpec, image_shape: ImageShape) -> None:
    pixels = math.prod(image_shape)
    if spec.latent_dim > pixels:
        raise InvalidExperiment(
            "model.latent_dim",
            f"at most {pixels}, the number of values in one picture",
            spec.latent_dim,
            "Choose fewer latent axes.",
        )
    smallest = min(image_shape[1:]) >> len(spec.widths)
    if spec.backbone == "conv" and smallest < 1:
        raise InvalidExperiment(
            "model.widths",
            f"short enough that {image_shape[1]}×{image_shape[2]} pixels can be halved that often",
            f"{len(spec.widths)} stages",
            "Choose fewer stages.",
        )
