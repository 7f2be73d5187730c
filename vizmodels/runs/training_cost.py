"""What a model costs to train, before it is trained."""

import threading
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from vizmodels.models import build_model
from vizmodels.models.backbones import ImageShape
from vizmodels.models.codes.vq_prior import VQPrior
from vizmodels.models.trainable import Batch
from vizmodels.specs import AnySpec

FLOAT_BYTES = 4
COPIES_OF_WEIGHTS = 4  # the weights, their gradients and Adam's two moments
BACKWARD_SHARE = 2  # the backward pass multiplies about twice as much as the forward pass
KEPT_TWICE = 2  # each output is kept for the backward pass, beside its gradient


MAX_KNOWN = 256  # costs that are kept, since a form asks for the same one again and again
_lock = threading.Lock()
_known: dict[tuple[str, ImageShape, int], "Cost"] = {}


@dataclass(frozen=True)
class Cost:
    """Of one model.

    Attributes
    ----------
    n_weights : that are trained
    flops_per_image : floating-point operations of one training step, for each image of its batch
    outputs_per_image : numbers that all layers together put out for one image
    """

    n_weights: int
    flops_per_image: int
    outputs_per_image: int

    def memory_bytes(self, batch_size: int, data_bytes: int) -> int:
        """About what training takes of the device's memory, the images included."""
        weights = COPIES_OF_WEIGHTS * FLOAT_BYTES * self.n_weights
        outputs = KEPT_TWICE * FLOAT_BYTES * self.outputs_per_image * batch_size
        return weights + outputs + data_bytes


def cost_of(spec: AnySpec, image_shape: ImageShape, n_classes: int = 0) -> Cost:
    """Count what one image costs by sending a black one through the untrained model.

    Parameters
    ----------
    spec : of the model
    image_shape : (C, H, W)
    n_classes : of the image set

    Raises
    ------
    InvalidExperiment : the model does not fit the pictures

    Notes
    -----
    Matrix products and convolutions are counted, nothing else; a few ms to a second for the
    largest models.
    """
    asked = (spec.model_dump_json(), image_shape, n_classes)
    with _lock:
        if asked not in _known:
            if len(_known) >= MAX_KNOWN:
                _known.clear()
            _known[asked] = _count(spec, image_shape, n_classes)
        return _known[asked]


def _count(spec: AnySpec, image_shape: ImageShape, n_classes: int) -> Cost:
    model = build_model(spec, image_shape, torch.Generator().manual_seed(0), n_classes)
    outputs = 0

    def count(_module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal outputs
        outputs += output.numel() if isinstance(output, Tensor) else 0

    leaves = [module for module in model.modules() if not list(module.children())]
    handles = [module.register_forward_hook(count) for module in leaves]
    images = torch.zeros((1, *image_shape), dtype=torch.uint8)
    with torch.no_grad():
        rows = model.resident(images) if isinstance(model, VQPrior) else images / 255
        outputs = 0
        with FlopCounterMode(display=False) as counter:
            model.losses(Batch.of(rows, torch.zeros(1, dtype=torch.int64)), None)
    for handle in handles:
        handle.remove()
    n_weights = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return Cost(n_weights, (1 + BACKWARD_SHARE) * counter.get_total_flops(), outputs)
