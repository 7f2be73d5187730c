"""Two small trainings that show how a codebook dies, and what keeps it alive."""

from vizmodels.experiment import Experiment, Training
from vizmodels.specs import VQVAESpec

CODEBOOK_SIZE = 128
EPOCHS = 3


def collapse_and_cure(dataset: str, pictures: str = "") -> dict[str, Experiment]:
    """Caption -> experiment: the same small VQ-VAE without remedies, and with both of them.

    First codes that are small and random lie in one corner of what the encoder gives: a few are
    nearest to everything, and the others, which stand for nothing, are never moved. Codes that
    start at encoded vectors lie where those are from the beginning, and codes that are revived
    when they die move to where they are needed.

    References
    ----------
    van den Oord et al. 2017 start at random; Dhariwal et al. 2020 (Jukebox) revive dead codes.
    """
    training = Training(epochs=EPOCHS, batch_size=128)

    def trained(**options: object) -> Experiment:
        model = VQVAESpec(codebook_size=CODEBOOK_SIZE, channels=16, n_residual=0, **options)  # pyright: ignore[reportArgumentType]  # checked by the spec
        return Experiment(dataset=dataset, pictures=pictures, model=model, training=training)

    return {
        "random start": trained(initialisation="random", reset_dead_codes=False),
        "start at encoded vectors, dead codes revived": trained(),
    }
