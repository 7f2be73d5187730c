"""What the models reach, beside what is published: `python -m bench.models [--quick]`.

Every figure comes from a model trained here and now, on real data: MNIST, and CIFAR-10's pictures.
With `--library` trained runs are kept in a folder and taken from there the next time, with the
training time of their record. `--only` names the parts to run; all take about an hour on two cores.
`--quick` trains next to nothing and shows the parts that need no long training.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from bench.report import Figure, at_least, at_most, report
from vizmodels.analysis.evidence.assignment import match_classes
from vizmodels.analysis.evidence.bounds import elbo, importance_weighted_bound
from vizmodels.analysis.evidence.gradients import class_gradient_draws, gaussian_gradient_draws
from vizmodels.analysis.evidence.subspaces import largest_principal_angle
from vizmodels.analysis.latents.posterior import report_axes
from vizmodels.data import load_dataset
from vizmodels.experiment import Experiment, Training
from vizmodels.models import build_model
from vizmodels.models.autoencoder import PlainAutoencoder
from vizmodels.models.codes.code_prior import NATS_PER_BIT
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.vae import VAE
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run, train
from vizmodels.shipped.runs import EPOCHS, digit_and_style, prior_on, vqvae_on
from vizmodels.specs import AutoencoderSpec, DiscreteVAESpec, VAESpec, VQVAESpec
from vizmodels.training.evaluation import as_float
from vizmodels.training.step import binarised

MNIST_PIXELS = 784
ELBO_WEIGHT = 1 / MNIST_PIXELS  # of the KL beside a cross-entropy per pixel: the loss is −ELBO/784
BOUND_IMAGES, BOUND_SAMPLES = 1000, 5000
SEED = 0


@dataclass(frozen=True)
class Bench:
    """Where to train, and the runs that are there already."""

    device: str
    library: RunLibrary
    quick: bool

    @property
    def where(self) -> str:
        """cpu or cuda, for the figures' names."""
        return self.device.split(":")[0]

    def run(self, experiment: Experiment, vq_run: Run | None = None) -> Run:
        """The experiment's run, trained if it is not in the library."""
        found = self.library.find(experiment)
        if found is None:
            found = train(experiment, device=self.device, vq_run=vq_run)
            self.library.save(found)
        return found

    def epochs(self, cpu: int, cuda: int) -> int:
        """Passes that a training is worth on this device; one for a quick look."""
        return 1 if self.quick else cuda if self.where == "cuda" else cpu

    def training(self, epochs: int, cuda: int | None = None, **settings: object) -> Training:
        """Settings of a training, which may be longer where a pass takes a tenth of a second."""
        return Training(epochs=self.epochs(epochs, cuda or epochs), seed=SEED, **settings)


def report_seconds(run: Run, name: str, limit: float | None = None) -> None:
    """Training time as its record has it."""
    seconds = float(run.environment["training_seconds"])
    figure = Figure(f"training time, {name}", seconds, "s")
    report(figure if limit is None else at_most(f"training time, {name}", seconds, "s", limit))


def linear_is_pca(bench: Bench) -> None:
    """A linear autoencoder by gradient descent against PCA in closed form."""
    for latent_dim in (2, 6):
        spec = AutoencoderSpec(backbone="linear", latent_dim=latent_dim)
        settings = bench.training(120, schedule="one_cycle", learning_rate=5e-3, batch_size=256)
        by_descent = bench.run(Experiment(dataset="mnist", model=spec, training=settings))
        closed = Training(epochs=1, solver="closed_form")
        exact = bench.run(Experiment(dataset="mnist", model=spec, training=closed))
        models = [run.model for run in (by_descent, exact)]
        bases = [m.decoder[0].weight for m in models if isinstance(m, PlainAutoencoder)]
        name = f"linear autoencoder, {latent_dim} axes, MNIST, {bench.where}"
        angle = largest_principal_angle(*(base.detach().numpy() for base in bases))
        report(at_most(f"largest principal angle to PCA, {name}", angle, "degrees", 1.0))
        ours, theirs = (run.evaluation["reconstruction"] for run in (by_descent, exact))
        excess = 100 * (ours / theirs - 1)
        report(at_most(f"test error above PCA's, {name}", excess, "%", 0.5, peer=None))
        report_seconds(by_descent, name)


def vae_experiment(bench: Bench) -> Experiment:
    """784-200-200-50, as Burda et al. 2016 have it but for its rectified units and its schedule."""
    spec = VAESpec(latent_dim=50, widths=(200, 200), kl_weight=ELBO_WEIGHT, likelihood="bernoulli")
    settings = bench.training(
        120, cuda=1000, batch_size=128, learning_rate=3e-3, schedule="one_cycle", binarise=True
    )
    return Experiment(dataset="mnist", model=spec, training=settings)


def vae_bound(bench: Bench) -> None:
    """The importance-weighted bound of a VAE on dynamically binarised MNIST."""
    run = bench.run(vae_experiment(bench))
    assert isinstance(run.model, VAE)
    model, x = run.model.to(bench.device), binary_test_images(bench.device)
    generator = torch.Generator(bench.device).manual_seed(SEED)
    n_samples = 100 if bench.quick else BOUND_SAMPLES
    bound = importance_weighted_bound(model, x[:BOUND_IMAGES], n_samples, generator)
    name = f"VAE 784-200-200-50, binarised MNIST, {bench.where}"
    limit = 86.8 if bench.where == "cuda" else 90.0
    nats = -bound.mean().item()
    figure = f"−log p(x) bound, k = {n_samples}, {len(bound)} test images, {name}"
    report(at_most(figure, nats, "nats", limit, peer=86.76))
    report(Figure(f"standard error of it, {name}", bound.std().item() / len(bound) ** 0.5, "nats"))
    negative_elbo = -elbo(model, x, 10, generator).mean().item()
    report(Figure(f"−ELBO, 10,000 test images, {name}", negative_elbo, "nats"))
    axes = report_axes(model, load_dataset("mnist").test.images)
    report(Figure(f"active units of 50, {name}", float(axes.n_active), "axes"))
    report_seconds(run, name, 900)


def discrete_elbo(bench: Bench) -> None:
    """−ELBO of 20 variables of 10 classes, by the Gumbel-softmax."""
    spec = DiscreteVAESpec(
        n_variables=20, n_classes=10, kl_weight=ELBO_WEIGHT, likelihood="bernoulli"
    )
    settings = bench.training(
        100, cuda=400, batch_size=128, learning_rate=2e-3, schedule="one_cycle", binarise=True
    )
    run = bench.run(Experiment(dataset="mnist", model=spec, training=settings))
    assert isinstance(run.model, DiscreteVAE)
    generator = torch.Generator(bench.device).manual_seed(SEED)
    x = binary_test_images(bench.device)
    nats = -elbo(run.model.to(bench.device), x, 10, generator).mean().item()
    name = f"discrete VAE 20×10, Gumbel-softmax, binarised MNIST, {bench.where}"
    report(at_most(f"−ELBO with drawn classes, {name}", nats, "nats", 97.0, peer=101.5))
    report_seconds(run, name, 600)


def digit_variable(bench: Bench) -> None:
    """One variable of ten classes beside Gaussian axes: does it find the digit by itself?"""
    for dataset in ("strokes", "mnist"):
        data = load_dataset(dataset)
        accuracies: list[float] = []
        for seed in range(1 if bench.quick else 3):
            run = bench.run(digit_experiment(dataset, bench, seed))
            assert isinstance(run.model, DiscreteVAE) and data.test.labels is not None
            log_q, _, _ = run.model.posterior(as_float(data.test.images, run.model))
            values = log_q[:, 0].argmax(dim=1).numpy()
            matching = match_classes(values, data.test.labels.numpy(), 10, 10)
            accuracies.append(100 * matching.accuracy)
        name = f"digit variable beside {run.experiment.model.continuous_dim} axes, {dataset}"
        mean = sum(accuracies) / len(accuracies)
        report(Figure(f"accuracy after best assignment, mean of seeds, {name}", mean, "%"))
        report(Figure(f"least of the seeds, {name}", min(accuracies), "%"))
        report(Figure(f"most of the seeds, {name}", max(accuracies), "%"))
        report_seconds(run, name)


def digit_experiment(dataset: str, bench: Bench, seed: int = 0) -> Experiment:
    """The mixed model: the exact sum over ten classes, and Gaussian axes for the style."""
    training = Training(epochs=1 if bench.quick else EPOCHS[dataset], seed=seed)
    return Experiment(dataset=dataset, model=digit_and_style(), training=training)


def vq_experiment(dataset: str, bench: Bench) -> Experiment:
    """The VQ-VAE that ships; on CUDA with twice the channels, for 100 passes."""
    shipped = vqvae_on(dataset)
    wider = {"channels": 128} if bench.where == "cuda" else {}
    epochs = bench.epochs(shipped.training.epochs, 100)
    training = shipped.training.model_copy(update={"epochs": epochs})
    model = shipped.model.model_copy(update=wider)
    return shipped.model_copy(update={"model": model, "training": training})


def prior_experiment(dataset: str, bench: Bench) -> Experiment:
    """The prior that ships, over the codes of `vq_experiment`; on CUDA a larger one for longer."""
    shipped, vqvae = prior_on(dataset), vq_experiment(dataset, bench)
    larger = {"channels": 128, "n_layers": 10} if bench.where == "cuda" else {}
    of = {"vq_run": vqvae.id, "vqvae": vqvae.model}
    model = shipped.model.model_copy(update=of | larger)
    epochs = bench.epochs(shipped.training.epochs, 50)
    training = shipped.training.model_copy(update={"epochs": epochs})
    return shipped.model_copy(update={"model": model, "training": training})


def vq_error(bench: Bench) -> None:
    """Normalised error, usage and perplexity of VQ-VAEs over their whole test sets."""
    for dataset in ("cifar10", "mnist"):
        experiment = vq_experiment(dataset, bench)
        run = bench.run(experiment)
        spec = experiment.model
        assert isinstance(spec, VQVAESpec)
        pixels = load_dataset(dataset).train.images.double() / 255
        error = run.evaluation["reconstruction"] / float(pixels.var(correction=0))
        side = run.model.image_shape[1] // 4
        name = f"VQ-VAE {side}×{side}×{spec.codebook_size}, {dataset}, {bench.where}"
        perplexity, usage = run.evaluation["perplexity"], 100 * run.evaluation["usage"]
        figure = f"normalised test error, {name}"
        if dataset == "cifar10":
            limit = 0.045 if bench.where == "cuda" else 0.056
            report(at_most(figure, error, "of the variance", limit, peer=0.056))
            report(at_least(f"perplexity, {name}", perplexity, "codes", 400, peer=326))
            report(Figure(f"codes used, {name}", usage, "%"))
            report_seconds(run, name, 600)
        else:
            report(Figure(figure, error, "of the variance"))
            report(Figure(f"perplexity, {name}", perplexity, "codes"))
            report(at_least(f"codes used, {name}", usage, "%", 90))
            report_seconds(run, name)


def prior_bits(bench: Bench) -> None:
    """Bits per code of PixelCNNs, beside the entropy of the codes' marginal distribution.

    That of MNIST is told the class, which is worth at most log2(10) / 49 = 0.07 bits a code.
    """
    for dataset in ("mnist", "cifar10"):
        vq_run = bench.run(vq_experiment(dataset, bench))
        run = bench.run(prior_experiment(dataset, bench), vq_run)
        bits = run.evaluation["code_nll"] / NATS_PER_BIT
        marginal = run.evaluation["marginal_entropy"] / NATS_PER_BIT
        name = f"PixelCNN over the codes of {dataset}, {bench.where}"
        report(Figure(f"bits per code, {name}", bits, "bits", marginal, bits / marginal))
        saved = 100 * (1 - bits / marginal)
        report(at_least(f"bits saved against the marginal, {name}", saved, "%", 25.0))
        report_seconds(run, name)


def estimators(bench: Bench) -> None:
    """Score function, straight-through and Gumbel-softmax against the exact gradient."""
    generator = torch.Generator().manual_seed(SEED)
    spec = DiscreteVAESpec(
        n_variables=2, n_classes=4, estimator="enumeration", widths=(64,),
        likelihood="bernoulli", kl_weight=ELBO_WEIGHT,
    )  # fmt: skip
    settings = Training(epochs=1, batch_size=128, seed=SEED)
    run = bench.run(Experiment(dataset="mnist", model=spec, training=settings))
    model = run.model
    assert isinstance(model, DiscreteVAE)
    x = _least_certain(model, as_float(load_dataset("mnist").test.images[:BOUND_IMAGES], model))
    exact = class_gradient_draws(model, x, "enumeration", 1, generator).mean
    name = "2×4 classes, one image of MNIST, 20,000 draws"
    variances: dict[str, float] = {}
    for estimator in ("score_function", "score_function_baseline", "straight_through", "gumbel"):
        drawn = class_gradient_draws(model, x, estimator, 20_000, generator)
        variances[estimator] = drawn.variance
        off = ((drawn.mean - exact).abs() / drawn.standard_error.clamp_min(1e-12)).max().item()
        figure = f"largest distance of the mean from the exact gradient, {estimator}, {name}"
        unbiased = estimator.startswith("score_function")
        report(at_most(figure, off, "s.e.", 3) if unbiased else Figure(figure, off, "s.e."))
        bias = ((drawn.mean - exact).norm() / exact.norm()).item()
        report(Figure(f"that distance relative to the gradient, {estimator}, {name}", bias, ""))
    ratio = variances["score_function"] / variances["score_function_baseline"]
    report(Figure(f"variance without a baseline against with one, {name}", ratio, "x"))
    vae_run = bench.run(
        Experiment(dataset="mnist", model=VAESpec(latent_dim=16, widths=(256, 128)),
                   training=Training(epochs=1, seed=SEED))
    )  # fmt: skip
    vae = vae_run.model
    assert isinstance(vae, VAE)
    score, with_baseline, pathwise = (
        gaussian_gradient_draws(vae, x, 20_000, generator, pathwise=p, baseline=b)
        for p, b in ((False, False), (False, True), (True, False))
    )
    name = "gradient in mu, VAE 16-D, one image of MNIST, 20,000 draws"
    for label, drawn in (
        ("the score function", score),
        ("the same with a baseline", with_baseline),
    ):
        ratio = drawn.variance / pathwise.variance
        report(Figure(f"variance of {label} against pathwise, {name}", ratio, "x"))


def _least_certain(model: DiscreteVAE, x: torch.Tensor) -> torch.Tensor:
    """The image whose least certain variable is the least so: where one class is all but sure,
    20,000 draws never meet the others, and a standard error says nothing."""
    log_q, _, _ = model.posterior(x)
    entropy = torch.special.entr(log_q.exp()).sum(dim=2).min(dim=1).values
    return x[entropy.argmax()][None]


def binary_test_images(device: str) -> torch.Tensor:
    """MNIST's test images, each pixel drawn black or white once, the same on every machine."""
    model = build_model(AutoencoderSpec(backbone="linear"), (1, 28, 28), torch.Generator())
    grey = as_float(load_dataset("mnist").test.images, model)
    return binarised(grey, torch.Generator().manual_seed(SEED)).to(device)


PARTS: dict[str, Callable[[Bench], None]] = {
    "linear": linear_is_pca,
    "estimators": estimators,
    "vae": vae_bound,
    "discrete": discrete_elbo,
    "digit": digit_variable,
    "vq": vq_error,
    "prior": prior_bits,
}
QUICK_PARTS = ("estimators", "linear", "vae")


def main() -> None:
    """Command line of the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quick", action="store_true", help="short trainings, under 50 s")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="parts to run; all by default")
    parser.add_argument("--library", type=Path, help="folder of runs to take from and to keep in")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        library = RunLibrary(arguments.library or Path(scratch))
        bench = Bench(arguments.device, library, arguments.quick)
        for part in arguments.only or (QUICK_PARTS if arguments.quick else PARTS):
            PARTS[part](bench)


if __name__ == "__main__":
    main()
