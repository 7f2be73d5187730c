import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vizmodels.bounds import check_bounds
from vizmodels.errors import InvalidExperiment
from vizmodels.models import build_model
from vizmodels.models.autoencoder import squared_error
from vizmodels.models.categorical import kl_to_uniform
from vizmodels.models.discrete_vae import DiscreteVAE
from vizmodels.models.gaussian import kl_to_standard_normal, reparameterise
from vizmodels.models.trainable import Batch
from vizmodels.specs import DiscreteVAESpec
from vizmodels.training.evaluation import evaluate_draws

SHAPE = (1, 2, 3)
N, K = 2, 3  # variables and classes, small enough to sum over all 9 combinations
LIKELIHOODS = pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
ESTIMATORS = [
    "gumbel",
    "straight_through",
    "score_function",
    "score_function_baseline",
    "enumeration",
]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def new(estimator: str = "gumbel", continuous_dim: int = 0, **knobs: object) -> DiscreteVAE:
    """The same weights whatever the estimator, large enough that classes matter."""
    spec = DiscreteVAESpec(
        n_variables=N,
        n_classes=K,
        continuous_dim=continuous_dim,
        estimator=estimator,
        widths=(8,),
        kl_weight=0.05,
        **knobs,
    )
    model = build_model(spec, SHAPE, seeded(3))
    assert isinstance(model, DiscreteVAE)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2)
    return model


def images(n: int = 5) -> Tensor:
    return torch.rand(n, *SHAPE, generator=seeded(1))


def brute_force_reconstruction(model: DiscreteVAE, x: Tensor, z: Tensor) -> list[float]:
    """Σ over all combinations, one picture and one combination at a time."""
    q = model.posterior(x)[0].exp()
    expected = []
    for i in range(len(x)):
        total = 0.0
        for classes in itertools.product(range(K), repeat=N):
            chance = math.prod(q[i, at, c].item() for at, c in enumerate(classes))
            one_hot = F.one_hot(torch.tensor(classes), K).flatten().float()
            picture = model.decode(torch.cat([one_hot, z[i]])[None])
            if model.likelihood == "gaussian":
                cost = squared_error(x[i : i + 1], picture)
            else:
                cost = F.binary_cross_entropy(picture, x[i : i + 1])
            total += chance * cost.item()
        expected.append(total)
    return expected


@LIKELIHOODS
@pytest.mark.parametrize("continuous_dim", [0, 2])
def test_enumeration_is_the_sum_over_all_combinations(likelihood: str, continuous_dim: int) -> None:
    model = new("enumeration", continuous_dim, likelihood=likelihood).requires_grad_(False)
    x = images()
    _, mu, log_var = model.posterior(x)
    term = model.losses(Batch.of(x), seeded(9)).terms[0]
    z = reparameterise(mu, log_var, seeded(9))
    assert term.values.tolist() == pytest.approx(brute_force_reconstruction(model, x, z), rel=1e-5)


def gradient_by_image(model: DiscreteVAE, logits: Tensor, x: Tensor) -> Tensor:
    """Gradient of each image's own loss in its own logits, (N, n·k)."""
    leaf = logits.expand(len(x), N, K).clone().requires_grad_()
    none = torch.zeros(len(x), 0)
    model.posterior = lambda _: (F.log_softmax(leaf, dim=2), none, none)
    model.losses(Batch.of(x), seeded(5)).per_image.sum().backward()
    assert leaf.grad is not None
    return leaf.grad.flatten(1)


@LIKELIHOODS
@pytest.mark.parametrize("estimator", ["score_function", "score_function_baseline"])
def test_the_score_function_is_the_exact_gradient_on_average(
    likelihood: str, estimator: str
) -> None:
    n_draws = 20_000
    logits, x = torch.randn(1, N, K, generator=seeded(2)), images(1)
    exact = gradient_by_image(new("enumeration", likelihood=likelihood), logits, x)[0]
    draws = gradient_by_image(
        new(estimator, likelihood=likelihood), logits, x.expand(n_draws, *SHAPE)
    )
    standard_error = draws.std(dim=0) / math.sqrt(n_draws)
    assert ((draws.mean(dim=0) - exact).abs() < 3 * standard_error).all()
    assert (exact.abs() > 4 * standard_error).any(), "no gradient at all would pass"


@LIKELIHOODS
def test_the_baseline_lowers_the_variance_of_the_gradient(likelihood: str) -> None:
    logits, x = torch.randn(1, N, K, generator=seeded(2)), images(1).expand(2000, *SHAPE)
    without, with_baseline = (
        gradient_by_image(new(estimator, likelihood=likelihood), logits, x).var(dim=0).sum()
        for estimator in ("score_function", "score_function_baseline")
    )
    assert with_baseline < 0.5 * without


@pytest.mark.parametrize("continuous_dim", [0, 2])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_estimator_gives_every_weight_a_finite_gradient(
    estimator: str, continuous_dim: int
) -> None:
    model = new(estimator, continuous_dim)
    model.losses(Batch.of(images()), seeded()).per_image.mean().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all() and weight.grad.any(), name


@pytest.mark.parametrize("estimator", ["straight_through", "score_function"])
def test_the_decoder_is_given_one_hot_vectors_while_training(estimator: str) -> None:
    model = new(estimator)
    seen: list[Tensor] = []
    model.decoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    model.losses(Batch.of(images(50)), seeded())
    classes = seen[0].unflatten(1, (N, K))
    assert set(classes.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(classes.sum(dim=2), torch.ones(50, N))


def test_the_decoder_is_given_nearly_one_hot_vectors_at_a_tiny_temperature() -> None:
    model = new(temperature=1e-5, final_temperature=1e-5)
    seen: list[Tensor] = []
    model.decoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    loss = model.losses(Batch.of(images(50)), seeded())
    assert loss.per_image.isfinite().all()
    assert seen[0].unflatten(1, (N, K)).max(dim=2).values.min() > 0.99


def test_the_temperature_falls_geometrically_from_the_first_to_the_final() -> None:
    model = new(temperature=4.0, final_temperature=0.25)
    temperatures = []
    for epoch in (0.0, 5.0, 10.0):
        model.set_epoch(epoch, 10)
        temperatures.append(model.temperature.item())
    assert temperatures == pytest.approx([4.0, 1.0, 0.25])


def test_the_temperature_is_that_of_the_relaxed_draw() -> None:
    model = new(temperature=1.0, final_temperature=0.1)
    before = model.losses(Batch.of(images()), seeded()).per_image
    model.set_epoch(3.0, 3)
    after = model.losses(Batch.of(images()), seeded()).per_image
    colder = new(temperature=0.1, final_temperature=0.1)
    expected = colder.losses(Batch.of(images()), seeded()).per_image
    torch.testing.assert_close(after, expected)
    assert not torch.allclose(before, after)


def test_a_discrete_vae_encodes_to_class_probabilities_then_posterior_means() -> None:
    model = new(continuous_dim=2)
    log_q, mu, log_var = model.posterior(images())
    z = model.encode(images())
    assert z.shape == (5, model.latent_dim) == (5, N * K + 2)
    assert mu.shape == log_var.shape == (5, 2)
    torch.testing.assert_close(z[:, : N * K].unflatten(1, (N, K)), log_q.exp())
    torch.testing.assert_close(log_q.exp().sum(dim=2), torch.ones(5, N))
    assert torch.equal(z[:, N * K :], mu)


def test_the_kl_of_the_classes_and_of_the_axes_are_terms_of_their_own() -> None:
    model = new(continuous_dim=2)
    log_q, mu, log_var = model.posterior(images())
    loss = model.losses(Batch.of(images()), None)
    assert loss.names == ("reconstruction", "kl_classes", "kl_axes", "loss")
    assert [term.unit for term in loss.terms[1:]] == ["nats", "nats"]
    torch.testing.assert_close(loss.terms[1].values, kl_to_uniform(log_q).sum(dim=1))
    torch.testing.assert_close(loss.terms[2].values, kl_to_standard_normal(mu, log_var).sum(dim=1))
    total = loss.terms[0].values + 0.05 * (loss.terms[1].values + loss.terms[2].values)
    torch.testing.assert_close(loss.per_image, total)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_evaluation_decodes_the_likeliest_classes_whatever_the_estimator(estimator: str) -> None:
    model = new(estimator, continuous_dim=2)
    x = images()
    values = model.losses(Batch.of(x), None).terms[0].values
    for i, latent in enumerate(model.encode(x)):
        code = latent.clone()
        for first in range(0, N * K, K):
            code[first : first + K] = 0
            code[first + max(range(K), key=lambda c, at=first: latent[at + c].item())] = 1
        expected = squared_error(x[i : i + 1], model.decode(code[None]))
        assert values[i].item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_code_has_one_class_a_variable_and_the_axes_as_they_are() -> None:
    model = new(continuous_dim=2)
    latents = model.encode(images())
    code = model.to_code(latents)
    assert torch.equal(code[:, N * K :], latents[:, N * K :])
    classes = code[:, : N * K].unflatten(1, (N, K))
    assert torch.equal(classes.sum(dim=2), torch.ones(5, N))
    assert torch.equal(classes.argmax(dim=2), latents[:, : N * K].unflatten(1, (N, K)).argmax(2))
    assert torch.equal(model.reconstruct(images()), model.decode(code))


def test_the_error_of_draws_is_the_sum_over_all_combinations_on_average() -> None:
    model = new().requires_grad_(False).eval()
    image = (255 * images(1)).round().to(torch.uint8)
    n = 4000
    (told,) = evaluate_draws(model, image.expand(n, *SHAPE))
    x = image.float() / 255
    (exact,) = brute_force_reconstruction(model, x, torch.zeros(1, 0))
    drawn = model.decode(model.draw(x.expand(n, *SHAPE), seeded(5)))
    spread = squared_error(x.expand(n, *SHAPE), drawn).std().item()
    assert told.value == pytest.approx(exact, abs=4 * spread / math.sqrt(n))
    of_code = squared_error(x, model.reconstruct(x)).item()
    assert abs(of_code - exact) > 8 * spread / math.sqrt(n), "they would not be told apart"
    assert (told.name, told.unit) == ("reconstruction_of_draws", "squared error per pixel")


def test_draws_have_the_posteriors_chances_and_widths() -> None:
    model, n = new(continuous_dim=2), 20_000
    x = images(1)
    log_q, mu, log_var = model.posterior(x)
    z = model.draw(x.expand(n, *SHAPE), seeded(4))
    shares = z[:, : N * K].mean(dim=0)
    torch.testing.assert_close(shares, log_q.exp().flatten(), atol=4 * 0.5 / math.sqrt(n), rtol=0)
    axes = z[:, N * K :]
    torch.testing.assert_close(axes.mean(dim=0), mu[0], atol=0.05, rtol=0)
    torch.testing.assert_close(axes.var(dim=0), log_var[0].exp(), atol=0, rtol=0.05)


def test_sampling_decodes_one_hot_classes_beside_normal_axes() -> None:
    model = new(continuous_dim=1)
    seen: list[Tensor] = []
    model.decoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    n = 3000
    assert model.sample(n, seeded()).shape == (n, *SHAPE)
    classes, z = seen[0][:, : N * K].unflatten(1, (N, K)), seen[0][:, N * K :]
    assert torch.equal(classes.sum(dim=2), torch.ones(n, N))
    standard_error = math.sqrt(1 / K * (1 - 1 / K) / n)
    assert ((classes.mean(dim=0) - 1 / K).abs() < 4 * standard_error).all()
    assert abs(z.mean()) < 4 / math.sqrt(n)
    assert z.std().item() == pytest.approx(1, rel=4 / math.sqrt(2 * n))


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        (
            {"n_variables": 6, "n_classes": 10, "estimator": "enumeration"},
            "The number of combinations to enumerate must be at most 100,000; got 10^6. "
            "Choose fewer variables, fewer classes, or estimator gumbel.",
        ),
        (
            {"n_variables": 2, "n_classes": 11, "continuous_dim": 1, "estimator": "enumeration"},
            "The number of combinations to enumerate must be at most 100 beside Gaussian axes; "
            "got 11^2. Choose fewer variables, fewer classes, or estimator gumbel.",
        ),
        (
            {"n_variables": 64, "n_classes": 8, "continuous_dim": 1},
            "model.n_variables · n_classes + continuous_dim must be at most 512; got 513. "
            "Choose fewer variables or fewer classes.",
        ),
    ],
)
def test_more_combinations_or_axes_than_can_be_had_are_refused_in_one_sentence(
    knobs: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidExperiment) as error:
        check_bounds(DiscreteVAESpec(**knobs))
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    "knobs",
    [
        {"n_variables": 5, "n_classes": 10, "estimator": "enumeration"},
        {"n_variables": 2, "n_classes": 10, "continuous_dim": 1, "estimator": "enumeration"},
        {"n_variables": 64, "n_classes": 8},
        {"n_variables": 6, "n_classes": 10, "estimator": "gumbel"},
    ],
)
def test_as_many_combinations_or_axes_as_the_limits_say_are_allowed(
    knobs: dict[str, object],
) -> None:
    check_bounds(DiscreteVAESpec(**knobs))
