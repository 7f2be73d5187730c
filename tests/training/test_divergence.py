"""A rate that breaks a model ends its training with a sentence, whatever drew from the NaN."""

import math
from typing import Any

import pytest
import torch
from small_training import FAMILIES

from vizmodels.data.image_set import ImageSet
from vizmodels.errors import TrainingDiverged
from vizmodels.experiment import Experiment, Training
from vizmodels.models import build_model
from vizmodels.models.trainable import Trainable
from vizmodels.training import loop
from vizmodels.training.device import Compute

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
