"""Training throughput beside the usual PyTorch loop: `python -m bench.training [--quick]`; and with
`--estimates` the times that the Train page tells beforehand, beside what then happens.

Both loops train the same model from the same weights on MNIST with batches of 256 for the same
number of epochs, in turns within one process; the medians of the rounds are compared, and the
mean test losses have to agree within 1 %. The usual loop is what most tutorials do: `DataLoader`
over `ToTensor`, float32, Adam as it comes, `.item()` after every step. Its number of loader
processes is the faster of 0 and 2.
"""

import argparse
import copy
import math
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

from bench.report import Figure, at_most, median_seconds, report, times_better
from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.analysis.training_time import time_steps
from vizmodels.data import load_dataset
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.experiment import Experiment, Training
from vizmodels.models import build_model
from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.trainable import Batch
from vizmodels.places import data_folder
from vizmodels.results.questions import step_time
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import processor_name
from vizmodels.specs import (
    AnySpec,
    AutoencoderSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
)
from vizmodels.training.device import Compute, choose_compute
from vizmodels.training.evaluation import evaluate
from vizmodels.training.loop import fit

BATCH = 256
LEARNING_RATE = 1e-3
KL_WEIGHT = 1 / 784
AGREEMENT = 0.01  # of the two test losses, relative
TWO_AXES_ERROR, TWO_AXES_SECONDS = 0.039, 30
WITHIN = 1.5  # of what a training takes, the time that is told before it
ESTIMATED_SECONDS, N_TEST = 6.0, 1000
VQ_RUN = "ec3c9a779d83"  # shipped, on strokes
SHIPPED = Path(__file__).parents[1] / "assets" / "runs"
ESTIMATED: dict[str, AnySpec] = {
    "linear autoencoder": AutoencoderSpec(backbone="linear"),
    "autoencoder mlp": AutoencoderSpec(),
    "vae mlp": VAESpec(),
    "vae conv": VAESpec(backbone="conv"),
    "vae transformer": VAESpec(backbone="transformer"),
    "discrete vae, Gumbel": DiscreteVAESpec(),
    "discrete vae, score function": DiscreteVAESpec(estimator="score_function_baseline"),
    "discrete vae, 10,000 combinations": DiscreteVAESpec(n_variables=4, estimator="enumeration"),
    "discrete vae, 10 combinations beside axes": DiscreteVAESpec(
        n_variables=1, continuous_dim=2, estimator="enumeration"
    ),
    "vq-vae": VQVAESpec(),
    "vq-vae, distance weighted": VQVAESpec(assignment="distance_weighted"),
    "classifier": ClassifierSpec(),
}
BACKWARD = 3  # a training step costs about three forward passes


@dataclass(frozen=True)
class Case:
    """One model to train, for how long, and how much faster than the usual loop it should be."""

    name: str
    spec: VAESpec
    epochs: int
    images: int
    needed: dict[str, float]


def cases(quick: bool) -> list[Case]:
    """The models of the comparison; quick ones see fewer images."""
    mlp = VAESpec(backbone="mlp", latent_dim=20, widths=(400,), kl_weight=KL_WEIGHT)
    conv = VAESpec(backbone="conv", latent_dim=20, widths=(32, 64), kl_weight=KL_WEIGHT)
    everything = 60_000
    return [
        Case("mlp vae 784-400-20", mlp, 2 if quick else 5, everything, {"cpu": 3, "cuda": 30}),
        Case(
            "conv vae 32-64",
            conv,
            1 if quick else 3,
            15_360 if quick else everything,
            {"cpu": 2, "cuda": 10},
        ),
    ]


def usual_loop(
    case: Case, model: Autoencoder, device: torch.device, n_workers: int
) -> tuple[float, float]:
    """Train in the usual way; returns (seconds, images per second)."""
    to_tensor = transforms.ToTensor()
    mnist = datasets.MNIST(data_folder(), train=True, transform=to_tensor)
    loader = DataLoader(
        Subset(mnist, range(case.images)),
        batch_size=BATCH,
        shuffle=True,
        num_workers=n_workers,
        pin_memory=device.type == "cuda",
    )
    model.to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    generator = torch.Generator(device).manual_seed(0)
    losses: list[float] = []
    n_seen = 0
    began = time.perf_counter()
    for _ in range(case.epochs):
        for images, _labels in loader:
            x = images.to(device)
            loss = model.losses(Batch.of(x), generator).per_image.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            n_seen += len(x)
    seconds = time.perf_counter() - began
    return seconds, n_seen / seconds


def our_loop(
    case: Case, data: ImageSet, compute: Compute, seed: int = 0
) -> tuple[Autoencoder, float, float]:
    """Train with `fit`; returns the model, images per second, and seconds to the first report."""
    training = Training(
        epochs=case.epochs, batch_size=BATCH, learning_rate=LEARNING_RATE, seed=seed
    )
    experiment = Experiment(dataset="mnist", model=case.spec, training=training)
    first: list[float] = []
    began = time.perf_counter()
    fitted = fit(experiment, data, compute, lambda _: first.append(time.perf_counter() - began))
    return fitted.model, fitted.images_seen / fitted.seconds, first[0]


def run_case(case: Case, compute: Compute, rounds: int) -> None:
    """Measure both loops in turns and report."""
    data = load_dataset("mnist")
    split = data.train
    assert split.labels is not None
    part = ImageSplit(split.images[: case.images], split.labels[: case.images])
    data = ImageSet("mnist", data.image_shape, data.class_names, (), part, data.test)
    fresh = build_model(case.spec, data.image_shape, torch.Generator().manual_seed(0))
    ours: list[float] = []
    usual: dict[int, list[float]] = {0: [], 2: []}
    first_report = math.nan
    _warm_up(case, data, compute)
    losses_ours: list[float] = []
    losses_usual: list[float] = []
    for seed in range(rounds):
        for n_workers, rates in usual.items():
            peer_model = copy.deepcopy(fresh)
            rates.append(usual_loop(case, peer_model, compute.device, n_workers)[1])
            losses_usual.append(evaluate(peer_model.cpu().eval(), data.test.images)["loss"])
        model, rate, first_report = our_loop(case, data, compute, seed)
        losses_ours.append(evaluate(model, data.test.images)["loss"])
        ours.append(rate)
    peer = max(statistics.median(rates) for rates in usual.values())
    rate = statistics.median(ours)
    # One run's last step moves the test loss by a per cent, so means over the rounds are compared.
    loss_ours, loss_usual = statistics.mean(losses_ours), statistics.mean(losses_usual)
    gap = abs(loss_ours - loss_usual) / loss_usual
    where = compute.device.type
    name = f"training throughput, {case.name}, {where}"
    report(times_better(name, rate, "images/s", peer, case.needed.get(where)))
    agree = f"<= {AGREEMENT:g} relative gap"
    test_loss = f"test loss, {case.name}, {case.epochs} epochs, {where}"
    report(Figure(test_loss, loss_ours, "loss", loss_usual, gap, agree, gap <= AGREEMENT))
    report(Figure(f"time to first report, {case.name}, {where}", first_report, "s"))
    if compute.bfloat16:
        achieved = rate * BACKWARD * 2 * _multiplications(fresh, data.image_shape) / 1e9
        peak = _bfloat16_peak(compute)
        share = f"share of the bfloat16 peak, {case.name}, {where}"
        report(Figure(share, achieved / peak, "of a 1024³ product", peak))


def _warm_up(case: Case, data: ImageSet, compute: Compute) -> None:
    """One epoch that nobody times: kernels are chosen, caches filled."""
    began = time.perf_counter()
    few = ImageSplit(data.train.images[: BATCH * 8], None)
    some = ImageSet("mnist", data.image_shape, (), (), few, few)
    our_loop(Case(case.name, case.spec, 1, BATCH * 8, {}), some, compute)
    seconds = time.perf_counter() - began
    report(Figure(f"warm-up, {case.name}, {compute.device.type}", seconds, "s"))


def _multiplications(model: Autoencoder, image_shape: tuple[int, int, int]) -> int:
    """Multiplications of one forward pass of one image, counted layer by layer."""
    total = 0

    def count(layer: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Linear):
            total += layer.weight.numel()
        elif isinstance(layer, nn.Conv2d):
            total += layer.weight.numel() * output.shape[-1] * output.shape[-2]
        elif isinstance(layer, nn.ConvTranspose2d):
            total += layer.weight.numel() * inputs[0].shape[-1] * inputs[0].shape[-2]

    hooks = [layer.register_forward_hook(count) for layer in model.modules()]
    with torch.no_grad():
        x = torch.zeros(1, *image_shape)
        model.losses(Batch.of(x), None)
    for hook in hooks:
        hook.remove()
    return total


def _bfloat16_peak(compute: Compute) -> float:
    """Gflop/s of a square product in bfloat16: what the matrix units give at best here."""
    n, repeats = 1024, 20
    a, b = (torch.randn(n, n, device=compute.device, dtype=torch.bfloat16) for _ in range(2))

    def products() -> None:
        for _ in range(repeats):
            a @ b
        if compute.device.type == "cuda":
            torch.cuda.synchronize(compute.device)

    products()
    return repeats * 2 * n**3 / median_seconds(products, 3) / 1e9


def run_two_axes(compute: Compute) -> None:
    """What a lecture waits for: a VAE with two axes on MNIST for ten epochs, twice."""
    spec = VAESpec(backbone="mlp", latent_dim=2, kl_weight=1e-4)
    experiment = Experiment(dataset="mnist", model=spec, training=Training(epochs=10))
    data = load_dataset("mnist")
    first, second = (fit(experiment, data, compute) for _ in range(2))
    where = f"vae mlp 2-D, KL weight 1e-4, 10 epochs, {compute.device.type}"
    error = first.test_terms["reconstruction"]
    report(at_most(f"test reconstruction, {where}", error, "per pixel", TWO_AXES_ERROR))
    report(at_most(f"training time, {where}", first.seconds, "s", TWO_AXES_SECONDS))
    pairs = zip(first.model.parameters(), second.model.parameters(), strict=True)
    differing = sum(int((a != b).sum()) for a, b in pairs)
    report(at_most(f"weights that differ between two runs, {where}", differing, "weights", 0))


def run_estimates(compute: Compute) -> None:
    """Time steps of a model of each kind, then train it as long as that says is a few seconds."""
    data, processor = load_dataset("strokes"), processor_name()
    atlas = Atlas(RunLibrary(SHIPPED))
    vq_run = atlas.run(VQ_RUN)
    prior = PixelCNNSpec(vq_run=vq_run.id, vqvae=vq_run.experiment.model)
    for name, spec in {**ESTIMATED, "pixelcnn": prior}.items():
        once = Experiment(dataset="strokes", model=spec, training=Training(epochs=1))
        question = step_time(once, len(data.train), data.image_shape, 10, processor)
        timed = time_steps(*question.values(atlas))
        n_steps = max(4, round((ESTIMATED_SECONDS - timed.once) / timed.step))
        n_images = min(BATCH * n_steps, len(data.train))
        epochs = max(1, round(BATCH * n_steps / n_images))
        experiment = Experiment(dataset="strokes", model=spec, training=Training(epochs=epochs))
        part = ImageSplit(data.train.images[:n_images], data.train.labels[:n_images])
        test = ImageSplit(data.test.images[:N_TEST], data.test.labels[:N_TEST])
        images = ImageSet("strokes", data.image_shape, data.class_names, (), part, test)
        told = timed.of_training(experiment, n_images, N_TEST)
        vqvae = vq_run.model if name == "pixelcnn" else None
        began = time.perf_counter()
        fit(experiment, images, compute, lambda _: None, vqvae=vqvae)
        seconds = time.perf_counter() - began
        ratio = max(told, seconds) / min(told, seconds)
        reach, ok = f"<= {WITHIN:g} x", ratio <= WITHIN
        report(Figure(f"told before training, {name}", told, "s", seconds, ratio, reach, ok))


def main() -> None:
    """Command line of the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quick", action="store_true", help="one short round, under 50 s")
    parser.add_argument("--estimates", action="store_true", help="times told beforehand, alone")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    compute = choose_compute(arguments.device)
    if arguments.estimates:
        return run_estimates(compute)
    for case in cases(arguments.quick):
        run_case(case, compute, 1 if arguments.quick else arguments.rounds)
    if not arguments.quick:
        run_two_axes(compute)


if __name__ == "__main__":
    main()
