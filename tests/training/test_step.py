import math

import pytest
import torch
from small_training import CPU, FAMILIES
from torch import Tensor

from vizmodels.data.image_set import ImageSet
from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.trainable import Batch
from vizmodels.training import step as steps
from vizmodels.training.device import Compute
from vizmodels.training.step import TrainingStep, add_noise


def seeded(seed: int = 0, device: str = "cpu") -> torch.Generator:
    return torch.Generator(device).manual_seed(seed)


def test_noise_is_added_and_the_sum_cut_to_pixels() -> None:
    x = torch.rand(4, 1, 8, 8, generator=seeded(1))
    noise = torch.randn(4, 1, 8, 8, generator=seeded(2))
    noisy = add_noise(x.clone(), 0.5, seeded(2))
    torch.testing.assert_close(noisy, (x + 0.5 * noise).clamp(0, 1))
    assert noisy.min() == 0 and noisy.max() == 1, "the cut would change nothing"


def test_noise_on_grey_has_the_deviation_that_its_weight_says() -> None:
    grey = torch.full((100, 1, 10, 10), 0.5)
    noisy = add_noise(grey, 0.1, seeded())  # five deviations from either cut
    assert noisy.std().item() == pytest.approx(0.1, rel=5 / math.sqrt(2 * 10_000))
    assert noisy.mean().item() == pytest.approx(0.5, abs=5 * 0.1 / 100)


def test_noise_leaves_its_input_alone() -> None:
    x = torch.full((2, 1, 4, 4), 0.5)
    add_noise(x, 0.5, seeded())
    assert torch.equal(x, torch.full((2, 1, 4, 4), 0.5))


def test_the_target_stays_clean_while_the_encoder_sees_noise(
    data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build_model(FAMILIES["autoencoder-mlp"], (1, 8, 8), seeded())
    seen: list[tuple[Tensor, Tensor]] = []
    losses = model.losses

    def watch(batch: Batch, generator: torch.Generator | None):
        seen.append((batch.x.clone(), batch.x_in.clone()))
        return losses(batch, generator)

    monkeypatch.setattr(model, "losses", watch)
    step = TrainingStep(model, data.train.images, 10, 1e-3, 0.5, seeded(), CPU)
    step(torch.arange(10))
    x, x_in = seen[-1]
    clean = data.train.images[:10].float() / 255
    torch.testing.assert_close(x, clean)
    assert (x_in - clean).abs().mean() > 0.1
    assert x_in.min() >= 0 and x_in.max() <= 1


def test_a_step_is_one_of_adam_on_the_mean_loss(data: ImageSet) -> None:
    model = build_model(FAMILIES["autoencoder-mlp"], (1, 8, 8), seeded())
    twin = build_model(FAMILIES["autoencoder-mlp"], (1, 8, 8), seeded())
    step = TrainingStep(model, data.train.images, 10, 0.01, 0.0, seeded(), CPU)
    adam = torch.optim.Adam(twin.parameters(), lr=0.01)
    for first in (0, 10, 20):
        step(torch.arange(first, first + 10))
        x = data.train.images[first : first + 10].float() / 255
        adam.zero_grad()
        (twin.decode(twin.encode(x)) - x).square().mean().backward()
        adam.step()
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_a_row_holds_the_means_since_the_one_before(data: ImageSet) -> None:
    def train(rows_at: set[int]) -> list[list[float]]:
        model = build_model(FAMILIES["vae-mlp"], (1, 8, 8), seeded())
        step = TrainingStep(model, data.train.images, 10, 1e-3, 0.0, seeded(), CPU)
        for at in range(4):
            step(torch.arange(at * 10, at * 10 + 10))
            if at in rows_at:
                step.close_row()
        return step.take_rows()

    each, at_the_end = train({0, 1, 2, 3}), train({3})
    assert len(each) == 4 and len(at_the_end) == 1
    means = torch.tensor(each).mean(dim=0).tolist()
    assert at_the_end[0] == pytest.approx(means, rel=1e-5)


def test_rows_are_taken_once(data: ImageSet) -> None:
    model = build_model(FAMILIES["vae-mlp"], (1, 8, 8), seeded())
    step = TrainingStep(model, data.train.images, 10, 1e-3, 0.0, seeded(), CPU)
    step(torch.arange(10))
    step.close_row()
    assert len(step.take_rows()) == 1
    assert step.take_rows() == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason="a CUDA graph needs a CUDA device")
@pytest.mark.parametrize("name", ["vae-mlp", "vae-conv"])
def test_the_captured_step_trains_as_the_eager_one(
    data: ImageSet, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = Compute(torch.device("cuda"), bfloat16=False)

    def losses(warm_up: int) -> list[float]:
        monkeypatch.setattr(steps, "GRAPH_WARM_UP_STEPS", warm_up)
        model: Autoencoder = build_model(FAMILIES[name], (1, 8, 8), seeded()).cuda()
        step = TrainingStep(
            model, data.train.images.cuda(), 100, 1e-3, 0.0, seeded(1, "cuda"), compute
        )
        for at in range(20):
            step(torch.arange(at % 4 * 100, at % 4 * 100 + 100, device="cuda"))
            step.close_row()
        return [row[0] for row in step.take_rows()]

    # Samples come from other parts of the same random stream once captured, hence not closer.
    assert losses(3) == pytest.approx(losses(100), rel=0.05)
