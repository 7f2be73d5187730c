import pytest

from vizmodels import AutoencoderSpec, Experiment, Training, VAESpec, VQVAESpec
from vizmodels.bounds import check_bounds
from vizmodels.errors import InvalidExperiment
from vizmodels.sweep import Sweep

BASE = Experiment(dataset="digits", model=VAESpec(widths=(16,)), training=Training(epochs=3))


def test_a_sweep_is_every_combination_with_every_seed() -> None:
    sweep = Sweep(base=BASE, latent_dim=(2, 4), kl_weight=(0.1, 0.01, 0.001), seeds=(0, 5))
    experiments = sweep.experiments()
    assert sweep.n_runs == len(experiments) == len({one.id for one in experiments}) == 12
    assert sweep.axes == ("latent_dim", "kl_weight")
    assert len(sweep.cells()) == 6
    seen = {(one.model.latent_dim, one.model.kl_weight, one.training.seed) for one in experiments}
    assert (4, 0.001, 5) in seen and (2, 0.1, 0) in seen
    assert all(one.training.epochs == 3 and one.model.widths == (16,) for one in experiments)


def test_every_setting_is_trained_once_before_any_is_trained_twice() -> None:
    sweep = Sweep(base=BASE, latent_dim=(2, 4, 8), seeds=(0, 1))
    assert [one.training.seed for one in sweep.experiments()] == [0, 0, 0, 1, 1, 1]


def test_an_experiment_of_a_sweep_is_the_one_that_is_asked_for_alone() -> None:
    (first, *_) = Sweep(base=BASE, latent_dim=(7,), noise_weight=(0.5,)).experiments()
    alone = Experiment(
        dataset="digits",
        model=VAESpec(widths=(16,), latent_dim=7),
        training=Training(epochs=3, noise_weight=0.5),
    )
    assert first == alone and first.id == alone.id


def test_a_sweep_survives_json_and_its_id_says_what_it_sweeps() -> None:
    sweep = Sweep(base=BASE, epochs=(1, 2), seeds=(0, 1))
    assert Sweep.from_json(sweep.model_dump_json()) == sweep
    others = [
        Sweep(base=BASE, epochs=(1, 2)),
        Sweep(base=BASE, epochs=(1, 3), seeds=(0, 1)),
        Sweep(base=BASE, latent_dim=(1, 2), seeds=(0, 1)),
    ]
    assert len({sweep.id, *(other.id for other in others)}) == 4


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"latent_dim": (2, 2)}, "latent_dim must be of values that differ"),
        ({"kl_weight": (0.1, -1.0)}, "kl_weight must be a number from 0"),
        ({"seeds": tuple(range(101))}, "A sweep must be at most 100 runs; got 101"),
        ({"epochs": (5, 201)}, "epochs must be a whole number from 1 to 200; got 201"),
        ({"latent_dim": (513,)}, "latent_dim must be a whole number from 1 to 512; got 513"),
        ({"base": Experiment(dataset="digits", model=AutoencoderSpec()), "kl_weight": (0.1,)},
         "kl_weight must be empty for family autoencoder"),
        ({"base": Experiment(dataset="digits", model=VQVAESpec()), "latent_dim": (2,)},
         "latent_dim must be empty for family vqvae"),
    ],
)  # fmt: skip
def test_a_sweep_that_cannot_be_is_refused_with_a_sentence(
    wrong: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidExperiment, match=sentence):
        check_bounds(Sweep(**{"base": BASE, **wrong}))
