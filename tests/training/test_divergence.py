"""A rate that breaks a model ends its training with a sentence, whatever drew from the NaN."""

import contextlib
import math
from typing import Any

import numpy as np
import pytest
import torch
from small_training import CPU, FAMILIES, on_digits

from vizmodels.data.image_set import ImageSet
from vizmodels.errors import TrainingDiverged
from vizmodels.experiment import Experiment, Training
from vizmodels.models import build_model
from vizmodels.models.codes.vqvae import VQVAE
from vizmodels.models.trainable import Measure, Trainable
from vizmodels.specs import AnySpec, AutoencoderSpec
from vizmodels.training import clock, loop
from vizmodels.training.device import Compute
from vizmodels.training.progress import Progress
from vizmodels.training.step import TrainingStep

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
    ),
]


def experiment(family: str) -> Experiment:
    training = Training(epochs=1, batch_size=32)
    return Experiment(dataset="digits", model=FAMILIES[family], training=training)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("family", [name for name in FAMILIES if "pixelcnn" not in name])
def test_a_weight_that_is_no_number_has_its_sentence_and_the_process_trains_on(
    data: ImageSet, family: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = Compute(torch.device(device), bfloat16=False)

    def spoiled(*arguments: Any) -> Trainable:
        model = build_model(*arguments)
        start = model.start

        def start_and_spoil(*of: Any) -> None:
            start(*of)
            next(model.parameters()).data.fill_(math.nan)

        monkeypatch.setattr(model, "start", start_and_spoil)
        return model

    with monkeypatch.context() as patched:
        patched.setattr(loop, "build_model", spoiled)
        with pytest.raises(TrainingDiverged, match="Lower the learning rate"):
            loop.fit(experiment(family), data, compute)
    fitted = loop.fit(experiment("vae-mlp"), data, compute)
    assert all(torch.isfinite(weight).all() for weight in fitted.model.parameters())


def wide(family: str) -> AnySpec:
    """With more axes than a map shows, where the family has axes."""
    spec = FAMILIES[family]
    return spec.model_copy(update={"latent_dim": 4}) if hasattr(spec, "kl_estimate") else spec


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e30])
@pytest.mark.parametrize("family", [*FAMILIES, "autoencoder of 4 axes"])
def test_a_preview_of_a_model_that_has_just_diverged_leaves_the_sentence_to_the_loss(
    data: ImageSet, vqvae: VQVAE, family: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(clock, "FIRST_REPORT_SECONDS", 0.0)
    monkeypatch.setattr(clock, "PREVIEW_SECONDS", 0.0)
    monkeypatch.setattr(clock, "PREVIEW_SHARE", math.inf)
    take = TrainingStep.__call__

    def spoil(self: TrainingStep, indices: torch.Tensor) -> None:
        take(self, indices)
        with torch.no_grad():
            for weight in self.model.parameters():
                if weight.requires_grad:
                    weight.fill_(value)

    monkeypatch.setattr(TrainingStep, "__call__", spoil)
    spec = AutoencoderSpec(widths=(8,), latent_dim=4) if "4 axes" in family else wide(family)
    reports: list[Progress] = []
    refusal = pytest.raises(TrainingDiverged, match="Lower the learning rate")
    # A sigmoid makes finite errors of weights that are merely huge.
    may_end = contextlib.suppress(TrainingDiverged)
    with may_end if math.isfinite(value) else refusal:
        loop.fit(on_digits(spec), data, CPU, reports.append, vqvae=vqvae)
    previews = [report.preview for report in reports if report.preview is not None]
    assert previews, "one was made of the model as it was"
    assert all(np.isfinite(preview.points).all() for preview in previews)


def test_a_figure_of_the_whole_test_set_that_is_no_number_stops_as_well(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    infinite = (Measure("reconstruction_of_draws", "nats", math.inf),)
    monkeypatch.setattr(loop, "evaluate_draws", lambda *_, **__: infinite)
    with pytest.raises(TrainingDiverged, match="training term test reconstruction_of_draws must"):
        loop.fit(on_digits(), data, CPU)
