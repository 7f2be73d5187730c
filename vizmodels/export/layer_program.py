"""A model as the browser reads it: a list of layers and one buffer of weights.

Nothing but these layers is ever run there, so what a visitor's browser executes is the app's own
code, and a model is data. `assets/stage/network/steps.js` has one maker for each `op` written here.
"""

import json
from dataclasses import dataclass
from typing import Any

from torch import nn

from vizmodels.errors import NotExportable
from vizmodels.export.formats import PROGRAM_FORMAT
from vizmodels.export.layer_ops import Layer, export_layers
from vizmodels.export.weight_buffer import WeightBuffer
from vizmodels.models.autoencoder import PlainAutoencoder
from vizmodels.models.codes.quantizer import Quantizer
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.layers import Attention
from vizmodels.models.trainable import Trainable
from vizmodels.models.vae import VAE


@dataclass(frozen=True)
class LayerProgram:
    """A model's encoder and decoder, ready to be sent.

    Attributes
    ----------
    header : JSON-able; `decoder` and `encoder` list layers, each with its `op` and its sizes, and
        its weights as [offset, count] counted in values. `latent_dim` counts the axes of the
        space the decoder reads, E. A VQ-VAE's `codes` say how grids of indices become its latents
    weights : every weight once, little-endian floats of `bits` bits
    """

    header: dict[str, Any]
    weights: bytes

    def to_json(self) -> str:
        """The header, without needless spaces."""
        return json.dumps(self.header, separators=(",", ":"))


def layer_program(model: Trainable) -> LayerProgram:
    """The layer program of a trained model.

    A decoder ends with its output function, so that it gives pixels in [0, 1]. An encoder gives
    the model's latent; a VAE's gives 2·D values, mu before log_var, and its header says
    `posterior: true`. A VQ-VAE is exported on its code vectors: its encoder ends with the nearest
    codes and its decoder begins with them. A prior over codes is exported as its VQ-VAE.

    Parameters
    ----------
    model : with `encoder` and `decoder` that are plain layer sequences, taken as in evaluation mode

    Raises
    ------
    NotExportable : a model that does not encode and decode, a layer the browser does not know, or
        a weight float16 cannot hold

    Notes
    -----
    Weights are sent as float16, which moves one by at most 1 part in 2048; the tests hold decoded
    pixels within 2e-3 of the model's own. Two kinds need float32, unless float16 holds their
    weights exactly: attention multiplies such differences, and which code of a VQ-VAE is nearest
    hangs on them.
    """
    weights = WeightBuffer()
    match model:
        case VQPrior():
            return layer_program(model.vqvae)
        case VQVAE():
            decoder, encoder = _around_codes(model, weights)
        case PlainAutoencoder() | VAE() | DiscreteVAE():
            decoder = export_layers(model.decoder, (model.latent_dim,), weights)
            encoder = _encoder(model, weights)
        case _:
            raise NotExportable(
                "A model for the browser",
                "one that encodes pictures and decodes latents",
                type(model).__name__,
                "Choose another run.",
            )
    output = model.output if isinstance(model, PlainAutoencoder) else "sigmoid"
    bits = 32 if _is_delicate(model) and not weights.is_half else 16
    header: dict[str, Any] = {
        "format": PROGRAM_FORMAT,
        "bits": bits,
        "image_shape": list(model.image_shape),
        "latent_dim": model.embedding_dim,
        "posterior": isinstance(model, VAE),
        "decoder": [*decoder, {"op": output}],
        "encoder": encoder,
    }
    if isinstance(model, VQVAE):
        header["codes"] = {"cells": model.latent_dim, **encoder[-1]}
    return LayerProgram(header, weights.to_bytes(bits))


def _is_delicate(model: Trainable) -> bool:
    return any(isinstance(module, Attention | Quantizer) for module in model.modules())


def _encoder(model: PlainAutoencoder | VAE | DiscreteVAE, weights: WeightBuffer) -> list[Layer]:
    if not isinstance(model, DiscreteVAE):
        return export_layers(model.encoder, model.image_shape, weights)
    layers = export_layers(_without_log_var(model), model.image_shape, weights)
    softmax = {"op": "softmax", "groups": model.n_variables, "classes": model.n_classes}
    return [*layers, softmax]


def _without_log_var(model: DiscreteVAE) -> nn.Sequential:
    """The encoder up to logits and mu, which are the first D rows of its last layer."""
    *body, last = model.encoder
    assert isinstance(last, nn.Linear)
    head = nn.Linear(last.in_features, model.latent_dim, device="meta")
    head.weight = nn.Parameter(last.weight.detach()[: model.latent_dim])
    head.bias = nn.Parameter(last.bias.detach()[: model.latent_dim])
    return nn.Sequential(*body, head)


def _around_codes(model: VQVAE, weights: WeightBuffer) -> tuple[list[Layer], list[Layer]]:
    """Decoder and encoder of a VQ-VAE, on code vectors."""
    codebook = _codebook(model.quantizer, weights)
    vectors = [model.latent_dim, model.quantizer.code_dim]
    snapped = [{"op": "reshape", "shape": vectors}, codebook]
    decoder = export_layers(model.decoder, (model.embedding_dim,), weights)
    encoder = export_layers(model.encoder, model.image_shape, weights)
    return [*snapped, *decoder], [*encoder, codebook]


def _codebook(quantizer: Quantizer, weights: WeightBuffer) -> Layer:
    sizes = {"n_codes": quantizer.codebook_size, "code_dim": quantizer.code_dim}
    return {"op": "codebook", **sizes, "weight": weights.add(quantizer.codebook)}
