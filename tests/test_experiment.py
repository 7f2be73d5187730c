import hashlib
import json
from collections.abc import Callable
from typing import Any

import pydantic
import pytest

from vizmodels.bounds import check_bounds
from vizmodels.errors import InvalidExperiment
from vizmodels.experiment import Experiment, Move, Training
from vizmodels.runs.titles import title_of
from vizmodels.specs import (
    SPECS,
    AutoencoderSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
)

VQVAE = VQVAESpec(codebook_size=64, grid="half")
EXAMPLES = [
    Experiment(dataset="digits", model=AutoencoderSpec(backbone="linear", latent_dim=3)),
    Experiment(
        dataset="my-faces_2",
        model=VAESpec(backbone="conv", widths=(8, 16, 32), kl_weight=0.5, likelihood="bernoulli"),
        training=Training(epochs=3, batch_size=64, learning_rate=0.01, noise_weight=0.3, seed=7),
    ),
    Experiment(
        dataset="digits",
        model=AutoencoderSpec(backbone="linear"),
        training=Training(solver="closed_form"),
    ),
    Experiment(
        dataset="digits",
        model=DiscreteVAESpec(estimator="straight_through", continuous_dim=2, kl_warm_up=3),
        training=Training(schedule="one_cycle", binarise=True),
    ),
    Experiment(dataset="digits", model=VQVAESpec(assignment="distance_weighted", decay=0.9)),
    Experiment(
        dataset="digits",
        model=PixelCNNSpec(vq_run="0123456789ab", vqvae=VQVAE, class_conditional=True),
    ),
    Experiment(dataset="digits", model=ClassifierSpec(widths=(8,))),
    Experiment(dataset="digits", model=VAESpec(backbone="transformer", free_bits=0.5)),
]


def on_digits(**model: Any) -> Experiment:
    return Experiment(dataset="digits", model=VAESpec(**model))


@pytest.mark.parametrize("experiment", EXAMPLES)
def test_an_experiment_read_from_its_json_is_the_same(experiment: Experiment) -> None:
    again = Experiment.from_json(experiment.to_json())
    assert again == experiment
    assert type(again.model) is type(experiment.model)
    assert again.id == experiment.id


def test_every_family_is_among_the_examples() -> None:
    assert {example.model.family for example in EXAMPLES} == set(SPECS)
    assert all(spec.model_fields["family"].default == family for family, spec in SPECS.items())


def test_the_json_spells_out_every_default() -> None:
    written = json.loads(on_digits().to_json())
    assert written["training"]["batch_size"] == 256
    assert written["model"] == {
        "family": "vae",
        "backbone": "mlp",
        "latent_dim": 2,
        "widths": [512, 256],
        "kl_weight": 0.001,
        "likelihood": "gaussian",
        "kl_warm_up": 0,
        "kl_estimate": "closed_form",
        "free_bits": 0.0,
    }


def test_the_id_is_the_hash_of_the_version_and_of_what_differs_from_the_defaults() -> None:
    canonical = (
        '[1,{"dataset":"digits","model":{"family":"autoencoder","latent_dim":5,"widths":[512,256]},'
        '"training":{"epochs":3}}]'
    )
    experiment = Experiment(
        dataset="digits", model=AutoencoderSpec(latent_dim=5), training=Training(epochs=3)
    )
    assert experiment.id == hashlib.sha256(canonical.encode()).hexdigest()[:12]


def test_the_id_of_a_published_experiment_never_changes() -> None:
    assert on_digits().id == "29a8f9311c90", "runs and links that people keep would be lost"


def test_spelling_out_defaults_does_not_change_the_id() -> None:
    spelled_out = Experiment.from_json(on_digits().to_json())
    assert spelled_out.id == on_digits().id
    assert on_digits(widths=(512, 256), backbone="mlp").id == on_digits().id
    assert on_digits(widths=None).id == on_digits().id


def test_an_integer_where_a_number_is_meant_does_not_change_the_id() -> None:
    assert on_digits(kl_weight=1).id == on_digits(kl_weight=1.0).id


def test_every_knob_changes_the_id() -> None:
    base = on_digits()
    model_knobs = [
        {"backbone": "conv"}, {"latent_dim": 3}, {"widths": (512,)}, {"kl_weight": 0.01},
        {"likelihood": "bernoulli"}, {"backbone": "transformer"}, {"kl_warm_up": 1},
        {"kl_estimate": "monte_carlo"}, {"free_bits": 0.1},
    ]  # fmt: skip
    training_knobs = [
        {"epochs": 11}, {"batch_size": 255}, {"learning_rate": 1e-3}, {"noise_weight": 0.1},
        {"seed": 1}, {"schedule": "one_cycle"}, {"binarise": True},
    ]  # fmt: skip
    others = [on_digits(**knob) for knob in model_knobs]
    others += [base.model_copy(update={"training": Training(**knob)}) for knob in training_knobs]
    others.append(base.model_copy(update={"dataset": "strokes"}))
    others.append(Experiment(dataset="digits", model=AutoencoderSpec()))
    linear = Experiment(dataset="digits", model=AutoencoderSpec(backbone="linear"))
    exact = linear.model_copy(update={"training": Training(solver="closed_form")})
    ids = {experiment.id for experiment in [base, *others, linear, exact]}
    assert len(ids) == len(others) + 3


@pytest.mark.parametrize(
    ("spec", "knobs"),
    [
        (
            DiscreteVAESpec(),
            [{"n_variables": 3}, {"n_classes": 4}, {"continuous_dim": 1}, {"temperature": 2.0},
             {"estimator": "straight_through"}, {"final_temperature": 0.1}],
        ),
        (
            VQVAESpec(),
            [{"codebook_size": 64}, {"code_dim": 8}, {"grid": "half"}, {"channels": 32},
             {"n_residual": 1}, {"assignment": "distance_weighted"}, {"decay": 0.9},
             {"codebook_update": "gradient"}, {"commitment_weight": 1.0},
             {"initialisation": "kmeans"}, {"reset_dead_codes": False}],
        ),
        (
            PixelCNNSpec(vq_run="0123456789ab", vqvae=VQVAE),
            [{"vq_run": "0123456789ac"}, {"vqvae": VQVAESpec()}, {"channels": 32}, {"n_layers": 4},
             {"dropout": 0.2}, {"class_conditional": True}],
        ),
        (ClassifierSpec(), [{"widths": (8,)}, {"n_features": 64}]),
    ],
    ids=lambda value: getattr(value, "family", ""),
)  # fmt: skip
def test_every_knob_of_a_family_changes_the_id(
    spec: pydantic.BaseModel, knobs: list[dict[str, Any]]
) -> None:
    others = [spec.model_copy(update=knob) for knob in knobs]
    ids = {Experiment(dataset="digits", model=model).id for model in [spec, *others]}
    assert len(ids) == len(knobs) + 1
    told = {name for knob in knobs for name in knob}
    inherited = {*VAESpec.model_fields, "family", "backbone"} - told
    assert told | inherited >= set(type(spec).model_fields), "a knob is missing here"


def test_equal_experiments_are_one_key_of_a_dict() -> None:
    assert {on_digits(): 1}[on_digits(latent_dim=2)] == 1


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [(on_digits(), "dataset", "mnist"), (VAESpec(), "latent_dim", 3), (Training(), "seed", 1)],
)
def test_nothing_in_an_experiment_can_be_changed(
    part: pydantic.BaseModel, name: str, value: object
) -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        setattr(part, name, value)


@pytest.mark.parametrize(
    ("backbone", "widths"),
    [("linear", ()), ("mlp", (512, 256)), ("conv", (32, 64)), ("transformer", (64, 64))],
)
def test_each_backbone_has_its_own_default_widths(backbone: str, widths: tuple[int, ...]) -> None:
    assert AutoencoderSpec(backbone=backbone).widths == widths


WIDTHS = "empty for backbone linear and at least one number for any other"
BLOCKS = "one multiple of 16, once for each block of a transformer"
AGAIN = "Change it and try again."
FAMILIES = "autoencoder, classifier, discrete_vae, pixelcnn, vae, vqvae"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: VAESpec(latent_dim=0),
            f"latent_dim must be a whole number from 1 on; got 0. {AGAIN}",
        ),
        (
            lambda: check_bounds(VAESpec(latent_dim=10**6)),
            f"latent_dim must be a whole number from 1 to 512; got 1000000. {AGAIN}",
        ),
        (
            lambda: Training(learning_rate=float("nan")),
            f"learning_rate must be a number above 0 and up to 1; got nan. {AGAIN}",
        ),
        (
            lambda: Training(learning_rate=float("inf")),
            f"learning_rate must be a number above 0 and up to 1; got inf. {AGAIN}",
        ),
        (
            lambda: Training(learning_rate=0),
            f"learning_rate must be a number above 0 and up to 1; got 0. {AGAIN}",
        ),
        (
            lambda: Training(seed=-1),
            f"seed must be a whole number from 0 and below 4294967296; got -1. {AGAIN}",
        ),
        (
            lambda: check_bounds(Training(epochs=201)),
            f"epochs must be a whole number from 1 to 200; got 201. {AGAIN}",
        ),
        (
            lambda: Move(step=-1, knob="kl_weight", value=1),
            f"step must be a whole number from 0 on; got -1. {AGAIN}",
        ),
        (
            lambda: Move(step=0, knob="kl_weight", value="much"),
            f"value must be a number; got much. {AGAIN}",
        ),
        (
            lambda: Training(epochs="many"),
            f"epochs must be a whole number from 1 on; got many. {AGAIN}",
        ),
        (
            lambda: Training(noise_weight=1.5),
            f"noise_weight must be a number from 0 to 1; got 1.5. {AGAIN}",
        ),
        (
            lambda: Training(solver="sgd"),
            f"solver must be 'adam' or 'closed_form'; got sgd. {AGAIN}",
        ),
        (
            lambda: Training(colour="red"),
            "colour must be one of the fields epochs, batch_size, learning_rate, noise_weight, "
            "seed, schedule, binarise, solver, moves; got red. Leave it out.",
        ),
        (
            lambda: AutoencoderSpec(kl_weight=1),
            "kl_weight must be one of the fields backbone, widths, family, latent_dim; got 1. "
            "Leave it out.",
        ),
        (
            lambda: VAESpec(kl_weight=-1),
            f"kl_weight must be a number from 0 to 100; got -1. {AGAIN}",
        ),
        (
            lambda: VAESpec(backbone="linear"),
            f"backbone must be 'mlp', 'conv' or 'transformer'; got linear. {AGAIN}",
        ),
        (
            lambda: VAESpec(backbone=[]),
            f"backbone must be 'mlp', 'conv' or 'transformer'; got []. {AGAIN}",
        ),
        (
            lambda: AutoencoderSpec(backbone="linear", widths=(64,)),
            f"model.widths must be {WIDTHS}; got [64] with backbone linear. "
            "Leave widths out for the default.",
        ),
        (
            lambda: VAESpec(widths=()),
            f"model.widths must be {WIDTHS}; got [] with backbone mlp. "
            "Leave widths out for the default.",
        ),
        (
            lambda: VAESpec(backbone="transformer", widths=(64, 32)),
            f"model.widths must be {BLOCKS}; got [64, 32]. Try 64, 64.",
        ),
        (
            lambda: AutoencoderSpec(backbone="transformer", widths=(40,)),
            f"model.widths must be {BLOCKS}; got [40]. Try 64, 64.",
        ),
        (
            lambda: VAESpec(free_bits=-1),
            f"free_bits must be a number from 0 to 10; got -1. {AGAIN}",
        ),
        (
            lambda: check_bounds(VAESpec(kl_warm_up=201)),
            f"kl_warm_up must be a whole number from 0 to 200; got 201. {AGAIN}",
        ),
        (
            lambda: DiscreteVAESpec(n_classes=1),
            f"n_classes must be a whole number from 2 on; got 1. {AGAIN}",
        ),
        (
            lambda: DiscreteVAESpec(temperature=0),
            f"temperature must be a number above 0 and up to 10; got 0. {AGAIN}",
        ),
        (
            lambda: VQVAESpec(decay=1),
            f"decay must be a number from 0 and below 1; got 1. {AGAIN}",
        ),
        (
            lambda: VQVAESpec(grid="third"),
            f"grid must be 'half', 'quarter' or 'eighth'; got third. {AGAIN}",
        ),
        (
            lambda: PixelCNNSpec(vqvae=VQVAE),
            "vq_run must be given; got nothing. Add it.",
        ),
        (
            lambda: PixelCNNSpec(vq_run="0123", vqvae=VQVAE),
            f"vq_run must be the 12 hexadecimal digits of a run; got 0123. {AGAIN}",
        ),
        (
            lambda: Experiment(
                dataset="digits",
                model=PixelCNNSpec(vq_run="0123456789ab", vqvae=VQVAE),
                training=Training(noise_weight=0.5, binarise=True),
            ),
            "training.noise_weight and training.binarise must be off for a prior over codes; got "
            "0.5 and True. Leave them out.",
        ),
        (
            lambda: Experiment(
                dataset="digits", model=VQVAE, training=Training(solver="closed_form")
            ),
            "training.solver must be adam unless the model is a linear autoencoder; got "
            "closed_form with backbone conv. Choose backbone linear, or solver adam.",
        ),
        (
            lambda: Training(schedule="cosine"),
            f"schedule must be 'constant' or 'one_cycle'; got cosine. {AGAIN}",
        ),
        (
            lambda: check_bounds(VAESpec(widths=(1, 2, 3, 4, 5))),
            f"widths must be at most 4 numbers; got (1, 2, 3, 4, 5). {AGAIN}",
        ),
        (
            lambda: VAESpec(widths=(0,)),
            f"widths.0 must be greater than or equal to 1; got 0. {AGAIN}",
        ),
        (
            lambda: Experiment(dataset="../mnist", model=VAESpec()),
            "dataset must be 1 to 40 lowercase letters, digits, - or _, starting with a letter or "
            f"digit; got ../mnist. {AGAIN}",
        ),
        (
            lambda: Experiment(dataset="digits\n", model=VAESpec()),
            "dataset must be 1 to 40 lowercase letters, digits, - or _, starting with a letter or "
            f"digit; got digits\n. {AGAIN}",
        ),
        (lambda: Experiment(dataset="digits"), "model must be given; got nothing. Add it."),
        (
            lambda: Experiment(dataset="digits", model={"family": "gan"}),
            f"model.family must be one of {FAMILIES}; got gan. Choose a family from the list.",
        ),
        (
            lambda: Experiment(dataset="digits", model={"latent_dim": 2}),
            f"model.family must be one of {FAMILIES}; got None. Choose a family from the list.",
        ),
        (
            lambda: Experiment(dataset="digits", model={"family": "vae", "latent_dim": 0}),
            f"latent_dim must be a whole number from 1 on; got 0. {AGAIN}",
        ),
        (
            lambda: Experiment(
                dataset="digits", model=VAESpec(), training=Training(solver="closed_form")
            ),
            "training.solver must be adam unless the model is a linear autoencoder; got "
            "closed_form with backbone mlp. Choose backbone linear, or solver adam.",
        ),
        (
            lambda: Experiment(dataset="digits", model=VAESpec(), colour="red"),
            "colour must be one of the fields dataset, pictures, model, training; got red. "
            "Leave it out.",
        ),
        (
            lambda: Experiment.from_json("[]"),
            "experiment must be a JSON object; got []. Export the run again.",
        ),
        (
            lambda: Experiment.from_json("{}"),
            "dataset must be given; got nothing. Add it.",
        ),
        (
            lambda: Experiment.from_json(
                '{"dataset": "digits", "model": {"family": "vae"}, "self": 1}'
            ),
            "self must be one of the fields dataset, pictures, model, training; got 1. "
            "Leave it out.",
        ),
    ],
)
def test_each_mistake_is_told_in_one_exact_sentence(
    make: Callable[[], object], sentence: str
) -> None:
    with pytest.raises(InvalidExperiment) as error:
        make()
    assert str(error.value) == sentence


@pytest.mark.parametrize("text", ["{", "", b"\xff", "[" * 100_000])
def test_text_that_is_not_json_is_refused_in_one_sentence(text: str | bytes) -> None:
    with pytest.raises(
        InvalidExperiment, match=r"^experiment must be JSON; got .+\. Export the run again\.$"
    ):
        Experiment.from_json(text)


@pytest.mark.parametrize(
    ("batch_size", "n_images", "n_steps"), [(100, 400, 8), (64, 400, 14), (4096, 3, 2), (1, 1, 2)]
)
def test_steps_are_counted_so_that_a_pass_shows_every_image(
    batch_size: int, n_images: int, n_steps: int
) -> None:
    assert Training(epochs=2, batch_size=batch_size).n_steps(n_images) == n_steps


def test_a_stream_of_random_numbers_has_a_seed_of_63_bits_of_its_own() -> None:
    expected = int(hashlib.sha256(b"7 order 3").hexdigest()[:16], 16) // 2
    assert Training(seed=7).stream_seed("order", 3) == expected < 2**63
    seeds = [
        Training(seed=seed).stream_seed(stream, epoch)
        for seed in (*range(100), 2**32 - 1)
        for stream in ("weights", "codes", "order", "noise")
        for epoch in range(20)
    ]
    assert len(set(seeds)) == len(seeds)


PCA = AutoencoderSpec(backbone="linear")
IDLE = {
    "closed form": (
        Experiment(dataset="digits", model=PCA, training=Training(solver="closed_form")),
        Experiment(
            dataset="digits",
            model=PCA,
            training=Training(
                solver="closed_form", epochs=7, batch_size=32, learning_rate=0.1,
                noise_weight=0.5, schedule="one_cycle", binarise=True,
            ),
        ),
    ),
    "temperature of other estimators than Gumbel's": (
        Experiment(dataset="digits", model=DiscreteVAESpec(estimator="enumeration")),
        Experiment(
            dataset="digits", model=DiscreteVAESpec(estimator="enumeration", temperature=0.7)
        ),
    ),
    "decay of a codebook that is learned by its gradient": (
        Experiment(dataset="digits", model=VQVAESpec(codebook_update="gradient")),
        Experiment(dataset="digits", model=VQVAESpec(codebook_update="gradient", decay=0.5)),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("plain", "idle"), IDLE.values(), ids=IDLE)
def test_what_does_nothing_enters_neither_id_nor_title(plain: Experiment, idle: Experiment) -> None:
    assert plain.id == idle.id
    assert title_of(plain) == title_of(idle)
    assert plain.former_id != idle.former_id


def test_what_does_something_goes_on_entering_the_id() -> None:
    closed = [
        Experiment(dataset="digits", model=PCA, training=Training(solver="closed_form", seed=seed))
        for seed in (0, 1)
    ]
    gumbel = [Experiment(dataset="digits", model=DiscreteVAESpec(temperature=t)) for t in (1, 0.7)]
    ema = [Experiment(dataset="digits", model=VQVAESpec(decay=decay)) for decay in (0.99, 0.5)]
    for first, second in (closed, gumbel, ema):
        assert first.id != second.id


def test_the_id_of_pca_is_that_of_the_shipped_runs() -> None:
    training = Training(epochs=1, solver="closed_form")
    shipped = Experiment(dataset="strokes", model=PCA, training=training)
    assert shipped.id == shipped.former_id
