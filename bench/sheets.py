"""Sheets of samples and reconstructions in `assets/figures/`, from the shipped runs.

`make figures` calls it; `python -m bench.sheets` does so without a browser.
"""

import numpy as np
import torch
from PIL import Image

from bench.pictures import FOLDER
from vizmodels.data import is_available, load_dataset
from vizmodels.figures.images import enlarge, tile_sheet
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary
from vizmodels.shipped.runs import prior_on, vqvae_on
from vizmodels.training.evaluation import as_float

N_SAMPLES, COLUMNS, ENLARGED, SEED = 64, 16, 2, 0
DATASETS = ("strokes", "mnist", "cifar10")
NAMES = [f"{kind}-{dataset}" for kind in ("samples", "codes") for dataset in DATASETS]


@torch.inference_mode()
def sampled(library: RunLibrary, dataset: str) -> np.ndarray:
    """64 pictures drawn from the shipped prior over that data set's codes."""
    model = library.load(prior_on(dataset).id).autoencoder
    return model.sample(N_SAMPLES, torch.Generator().manual_seed(SEED)).numpy()


@torch.inference_mode()
def reconstructed(library: RunLibrary, dataset: str) -> np.ndarray:
    """32 test pictures, each row above its reconstructions by the shipped VQ-VAE."""
    model = library.load(vqvae_on(dataset).id).autoencoder
    x = as_float(load_dataset(dataset, download=False).test.images[: 2 * COLUMNS], model)
    x_hat = model.decode(model.encode(x))
    rows = [
        part for pair in zip(x.split(COLUMNS), x_hat.split(COLUMNS), strict=True) for part in pair
    ]
    return torch.cat(rows).numpy()


def take_sheets() -> None:
    """Write both kinds of sheet for every data set that is here."""
    library = RunLibrary("/nonexistent", shipped=ASSETS / "runs")
    for dataset in DATASETS:
        sheets: dict[str, np.ndarray] = {}
        if prior_on(dataset).id in {record.id for record in library.list()}:
            sheets[f"samples-{dataset}"] = sampled(library, dataset)
        if is_available(dataset):
            sheets[f"codes-{dataset}"] = reconstructed(library, dataset)
        for name, pictures in sheets.items():
            sheet = enlarge(tile_sheet(pictures, COLUMNS), ENLARGED)
            Image.fromarray(sheet).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    take_sheets()
