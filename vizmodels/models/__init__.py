"""Builds the model that a spec describes."""

import math

import torch

from vizmodels.errors import InvalidExperiment
from vizmodels.models.autoencoder import PlainAutoencoder
from vizmodels.models.backbones import ImageShape, decoder_layers, encoder_layers, initialise
from vizmodels.models.classifier import Classifier
from vizmodels.models.codes.pixelcnn import PixelCNN
from vizmodels.models.codes.quantizer import Quantizer
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE, vq_networks
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.trainable import Trainable
from vizmodels.models.vae import VAE
from vizmodels.specs import (
    HALVINGS,
    AnySpec,
    AutoencoderSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
    code_grid,
)


def build_model(
    spec: AnySpec, image_shape: ImageShape, generator: torch.Generator, n_classes: int = 0
) -> Trainable:
    """A new model on the CPU, its weights drawn from the generator.

    Parameters
    ----------
    spec : what to build
    image_shape : (C, H, W) of the pictures
    generator : source of the first weights
    n_classes : of the image set; 0 where it has no labels

    Raises
    ------
    InvalidExperiment : the spec does not fit pictures of this shape, or needs labels
    """
    model = _build(spec, image_shape, n_classes)
    initialise(model, generator)
    if isinstance(model, VQVAE):
        model.keep_scale()
    return model


def count_parameters(spec: AnySpec, image_shape: ImageShape, n_classes: int = 0) -> int:
    """Number of trained weights, without allocating any. Raises InvalidExperiment as building."""
    with torch.device("meta"):
        model = _build(spec, image_shape, n_classes)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _build(spec: AnySpec, image_shape: ImageShape, n_classes: int) -> Trainable:
    match spec:
        case VQVAESpec():
            return _vqvae(spec, image_shape)
        case PixelCNNSpec():
            vqvae = _vqvae(spec.vqvae, image_shape)
            told = _needed_classes(n_classes, spec) if spec.class_conditional else 0
            prior = PixelCNN(
                spec.vqvae.codebook_size,
                vqvae.grid,
                spec.channels,
                spec.n_layers,
                told,
                spec.dropout,
            )
            model = VQPrior(vqvae, prior)
            model.image_shape, model.latent_dim = image_shape, vqvae.latent_dim
            return model
        case ClassifierSpec():
            needed = _needed_classes(n_classes, spec)
            model = Classifier(image_shape, spec.widths, spec.n_features, needed)
            model.image_shape = image_shape
            return model
        case _:
            return _mirrored(spec, image_shape)


def _mirrored(
    spec: AutoencoderSpec | VAESpec | DiscreteVAESpec, image_shape: ImageShape
) -> PlainAutoencoder | VAE | DiscreteVAE:
    """A model made of an encoder and its mirror image."""
    _check_fits(spec, image_shape)
    match spec:
        case AutoencoderSpec():
            n_outputs = spec.latent_dim
        case VAESpec():
            n_outputs = 2 * spec.latent_dim
        case DiscreteVAESpec():
            n_outputs = spec.latent_dim + spec.continuous_dim
    encoder = encoder_layers(spec.backbone, image_shape, n_outputs, spec.widths)
    decoder = decoder_layers(spec.backbone, image_shape, spec.latent_dim, spec.widths)
    match spec:
        case AutoencoderSpec():
            output = "clamp" if spec.backbone == "linear" else "sigmoid"
            model = PlainAutoencoder(encoder, decoder, output)
        case VAESpec():
            model = VAE(
                encoder,
                decoder,
                spec.kl_weight,
                spec.likelihood,
                spec.kl_warm_up,
                spec.kl_estimate,
                spec.free_bits,
            )
        case DiscreteVAESpec():
            model = DiscreteVAE(
                encoder,
                decoder,
                spec.n_variables,
                spec.n_classes,
                spec.estimator,
                spec.kl_weight,
                spec.likelihood,
                spec.kl_warm_up,
                (spec.temperature, spec.final_temperature),
            )
    model.image_shape, model.latent_dim = image_shape, spec.latent_dim
    return model


def _vqvae(spec: VQVAESpec, image_shape: ImageShape) -> VQVAE:
    n_halvings = HALVINGS[spec.grid]
    grid = code_grid(image_shape, n_halvings)
    if min(grid) < 1:
        raise InvalidExperiment(
            "model.grid",
            f"so that {image_shape[1]}×{image_shape[2]} pixels leave a code",
            spec.grid,
            "Choose a finer grid.",
        )
    encoder, decoder = vq_networks(
        image_shape, spec.channels, spec.code_dim, spec.n_residual, n_halvings
    )
    quantizer = Quantizer(
        spec.codebook_size,
        spec.code_dim,
        spec.assignment,
        spec.codebook_update,
        spec.decay,
        spec.reset_dead_codes,
    )
    model = VQVAE(encoder, decoder, quantizer, grid, spec.commitment_weight, spec.initialisation)
    model.image_shape, model.latent_dim = image_shape, grid[0] * grid[1]
    return model


def _needed_classes(n_classes: int, spec: AnySpec) -> int:
    if n_classes < 1:
        raise InvalidExperiment(
            "The image set",
            f"labelled for a {spec.family} that is told the class",
            "one without labels",
            "Choose another image set, or a prior that is not told the class.",
        )
    return n_classes


def _check_fits(spec: AutoencoderSpec | VAESpec | DiscreteVAESpec, image_shape: ImageShape) -> None:
    pixels = math.prod(image_shape)
    is_gaussian = isinstance(spec, AutoencoderSpec | VAESpec)
    if is_gaussian and spec.latent_dim > pixels:
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
