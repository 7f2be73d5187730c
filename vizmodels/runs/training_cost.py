"""What a model costs to train, before it is trained."""

import threading
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from vizmodels.models import build_model
from vizmodels.models.backbones import ImageShape
from vizmodels.models.trainable import Batch, Trainable
from vizmodels.specs import AnySpec, DiscreteVAESpec
from vizmodels.training.step import as_input

FLOAT_BYTES = 4
COPIES_OF_WEIGHTS = 4  # the weights, their gradients and Adam's two moments
KEPT_TWICE = 2  # each output is kept for the backward pass, beside its gradient


MAX_KNOWN = 256  # costs that are kept, since a form asks for the same one again and again
_lock = threading.Lock()
_known: dict[tuple[str, ImageShape, int], "Cost"] = {}


@dataclass(frozen=True)
class Work:
    """Floating-point operations, and numbers that all layers together put out."""

    flops: int
    outputs: int


@dataclass(frozen=True)
class Cost:
    """Of one model's training steps, forward, backward and what follows a step.

    Attributes
    ----------
    n_weights : that are trained
    per_image : of each image of a batch
    per_step : however many images the batch has, such as the decoding of every combination of
        classes whose mean is exact
    """

    n_weights: int
    per_image: Work
    per_step: Work

    def flops(self, batch_size: int) -> int:
        """Of one step."""
        return self.per_step.flops + batch_size * self.per_image.flops

    def memory_bytes(self, batch_size: int, data_bytes: int) -> int:
        """About what training takes of the device's memory, the images included."""
        weights = COPIES_OF_WEIGHTS * FLOAT_BYTES * self.n_weights
        outputs = self.per_step.outputs + self.per_image.outputs * batch_size
        return weights + KEPT_TWICE * FLOAT_BYTES * outputs + data_bytes


def cost_of(spec: AnySpec, image_shape: ImageShape, n_classes: int = 0) -> Cost:
    """Count what a step costs by taking one on one black image, and one on two.

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
    # 100,000 combinations take seconds and gigabytes; tensors without memory take neither. They
    # know no draw from a generator by which other models draw their classes and codes.
    is_large = isinstance(spec, DiscreteVAESpec) and spec.estimator == "enumeration"
    one, two = (_work(model, n, without_memory=is_large) for n in (1, 2))
    per_image = Work(two.flops - one.flops, two.outputs - one.outputs)
    per_step = Work(one.flops - per_image.flops, one.outputs - per_image.outputs)
    n_weights = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return Cost(n_weights, per_image, per_step)


def _work(model: Trainable, n_images: int, *, without_memory: bool) -> Work:
    """Of one step on so many black images."""
    outputs = 0

    def count(_module: nn.Module, _inputs: object, output: object) -> None:
        nonlocal outputs
        outputs += output.numel() if isinstance(output, Tensor) else 0

    rows = model.resident(torch.zeros((n_images, *model.image_shape), dtype=torch.uint8))
    labels = torch.zeros(n_images, dtype=torch.int64)
    generator = torch.Generator().manual_seed(0)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    leaves = [module for module in model.modules() if not list(module.children())]
    handles = [module.register_forward_hook(count) for module in leaves]
    kind = FakeTensorMode(allow_non_fake_inputs=True) if without_memory else nullcontext()
    with kind, FlopCounterMode(display=False) as counter:
        loss = model.losses(Batch.of(as_input(rows), labels), generator)
        torch.autograd.grad(loss.per_image.mean(), weights, allow_unused=True)
        model.after_step(generator)
    for handle in handles:
        handle.remove()
    return Work(counter.get_total_flops(), outputs)
