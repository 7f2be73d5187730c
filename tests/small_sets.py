"""Own image sets too small or too plain for some figures, and runs of each family on them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from vizmodels.data.own_images import add_own_images
from vizmodels.experiment import Experiment, Training
from vizmodels.runs.run import Run, train
from vizmodels.specs import (
    AnySpec,
    AutoencoderSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    VAESpec,
    VQVAESpec,
)

SIDE = 8


@dataclass(frozen=True)
class SmallSet:
    """So many pictures in all, over so many classes; 0 for none that are named."""

    n_train: int
    n_test: int
    n_classes: int
    is_constant: bool = False


SETS = {
    "two-pictures": SmallSet(1, 1, 1),
    "one-test": SmallSet(30, 1, 2),
    "one-class": SmallSet(40, 10, 1),
    "four-train": SmallSet(4, 2, 2),
    "nine-train": SmallSet(9, 3, 3),
    "constant": SmallSet(30, 10, 2, is_constant=True),
    "no-labels": SmallSet(9, 2, 0),
}
SPECS: dict[str, AnySpec] = {
    "autoencoder": AutoencoderSpec(widths=(8,), latent_dim=3),
    "pca": AutoencoderSpec(backbone="linear", latent_dim=2),
    "vae": VAESpec(widths=(8,)),
    "discrete_vae": DiscreteVAESpec(widths=(8,), n_variables=2, n_classes=3, continuous_dim=1),
    "vqvae": VQVAESpec(codebook_size=8, code_dim=3, channels=4, n_residual=0, grid="half"),
    "classifier": ClassifierSpec(widths=(4,), n_features=8),
}


def add_small_set(name: str, folder: Path) -> None:
    """Add a set of `SETS` to one's own images; its PNG files are written into the folder."""
    made, rng = SETS[name], np.random.default_rng(0)
    for split, n in (("train", made.n_train), ("test", made.n_test)):
        for at in range(n):
            of_class = f"class{at % made.n_classes}" if made.n_classes else "."
            file = folder / split / of_class / f"{at}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 256, (SIDE, SIDE), np.uint8)
            Image.fromarray(pixels * 0 + 99 if made.is_constant else pixels).save(file)
    add_own_images(folder, name, image_size=SIDE)


def train_on(name: str, family: str) -> Run:
    """A run of a family; PCA in closed form."""
    solver = "closed_form" if family == "pca" else "adam"
    training = Training(epochs=1, batch_size=8, solver=solver)
    return train(Experiment(dataset=name, model=SPECS[family], training=training), device="cpu")
