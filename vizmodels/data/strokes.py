"""The image set `strokes`: digits that look written by hand, and whose causes are known."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vizmodels import places
from vizmodels.data.image_set import ImageSet, ImageSplit
from vizmodels.data.stroke_glyphs import ALLOGRAPHS
from vizmodels.data.stroke_pen import (
    IMAGE_SIZE,
    POINTS_PER_DIGIT,
    Floats,
    PenLines,
    bend_lines,
    draw_lines,
    ink_lines,
    place_lines,
)
from vizmodels.data.tensor_cache import read_tensors, write_tensors

VERSION = 1  # raise it with any change that moves a pixel, so that caches are drawn again
N_TRAIN, N_TEST = 20_000, 4_000
N_CLASSES = 10
FACTOR_NAMES = ("slant", "thickness", "scale", "x", "y", "style")

# Mean and standard deviation of each factor; chosen by eye and by ink statistics beside MNIST
SLANT = (0.16, 0.23)  # rad; most hands lean to the right
LOG_THICKNESS = (0.88, 0.23)  # of px: 2.4 px, 1.4 to 4.3
SCALE = (1.0, 0.06)
SHIFT = (0.0, 0.6)  # px
FARTHEST = 2.5  # standard deviations; beyond, a digit could lie down or leave the sheet

STYLE_LEAN = 2.0  # at style 1, an allograph of lean 1 is e^2 = 7.4 times as likely as at style 0


def strokes_edition(seed: int = 0, n_train: int = N_TRAIN, n_test: int = N_TEST) -> str:
    """Names the pictures of `strokes`, whose last bits differ from processor to processor."""
    return f"v{VERSION}.{seed}.{n_train}.{n_test}"


def strokes(seed: int = 0, n_train: int = N_TRAIN, n_test: int = N_TEST) -> ImageSet:
    """Image set of the digits 0 to 9, drawn from vector strokes with known factors.

    Ten balanced classes of light ink on black, 28 x 28. Every class is written in several ways
    (allographs). The factors are the values the pictures were drawn from, all independent of the
    class and of each other:

    - slant, rad: angle by which the upright digit is sheared, positive to the right
    - thickness, px: mean width of the line
    - scale, ratio: longest side of the line's bounding box over 16.8 px
    - x, y, px: centre of the line, weighted by its width, from the centre of the picture; to the
      right, down
    - style, -1 to 1: from angular and economical to round, ample and looped

    What else differs between two pictures (allograph, jitter, warp, width, pressure, softness) is
    not told.

    Parameters
    ----------
    seed : at least 0
    n_train, n_test : number of pictures in each split

    Returns
    -------
    ImageSet with images (N, 1, 28, 28), labels (N,) and factors (N, 6), in random order

    Notes
    -----
    Random, seeded by `seed`; the same bytes every time on one machine. About 3 s on two cores for
    the default numbers, then kept in `places.cache_folder()`; where that cannot be written, drawn
    again each time.
    """
    path = places.cache_folder() / f"strokes-v{VERSION}-{seed}-{n_train}-{n_test}.safetensors"
    tensors = read_tensors(path)
    if tensors is None:
        # One stream per split: the pictures of one do not depend on how many the other has
        streams = np.random.SeedSequence(seed).spawn(2)
        train = _draw_split(n_train, np.random.default_rng(streams[0]))
        test = _draw_split(n_test, np.random.default_rng(streams[1]))
        tensors = {f"train.{key}": value for key, value in train.items()}
        tensors |= {f"test.{key}": value for key, value in test.items()}
        write_tensors(path, tensors)
    splits = [
        ImageSplit(*(tensors[f"{split}.{key}"] for key in ("images", "labels", "factors")))
        for split in ("train", "test")
    ]
    return ImageSet(
        name="strokes",
        image_shape=(1, IMAGE_SIZE, IMAGE_SIZE),
        class_names=tuple(str(digit) for digit in range(N_CLASSES)),
        factor_names=FACTOR_NAMES,
        train=splits[0],
        test=splits[1],
        edition=strokes_edition(seed, n_train, n_test),
    )


def _draw_split(n: int, rng: np.random.Generator) -> dict[str, Tensor]:
    """Images, labels and factors of n new pictures."""
    labels = rng.permutation(np.arange(n) % N_CLASSES)
    factors = _draw_factors(n, rng)
    slant, thickness, scale, _, _, style = factors.T
    chosen = _choose_allographs(labels, style, rng)
    points = np.empty((n, POINTS_PER_DIGIT, 2), dtype=np.float32)
    pressure = np.empty((n, POINTS_PER_DIGIT), dtype=np.float32)
    landings = np.empty((n, POINTS_PER_DIGIT), dtype=np.float32)
    for index, allograph in enumerate(ALLOGRAPHS):
        rows = np.flatnonzero(chosen == index)
        drawn = draw_lines(allograph, style[rows], rng)
        points[rows], pressure[rows], landings[rows] = drawn.points, drawn.pressure, drawn.landings
    bent = bend_lines(PenLines(points, pressure, landings), slant, rng)
    placed = place_lines(bent, thickness, scale, factors[:, 3:5], rng)
    return {
        "images": ink_lines(placed, rng),
        "labels": torch.as_tensor(labels),
        "factors": torch.as_tensor(factors),
    }


def _draw_factors(n: int, rng: np.random.Generator) -> Floats:
    """Factors (n, F), in the order of `FACTOR_NAMES`."""
    columns = (
        _draw_bell(n, *SLANT, rng),
        np.exp(_draw_bell(n, *LOG_THICKNESS, rng)),
        _draw_bell(n, *SCALE, rng),
        _draw_bell(n, *SHIFT, rng),
        _draw_bell(n, *SHIFT, rng),
        rng.uniform(-1, 1, n),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def _draw_bell(n: int, mean: float, spread: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Normal draws, those beyond `FARTHEST` standard deviations drawn again."""
    z = rng.standard_normal(n)
    while (too_far := np.abs(z) > FARTHEST).any():
        z[too_far] = rng.standard_normal(too_far.sum())
    return mean + spread * z


def _choose_allographs(
    labels: NDArray[np.int64], style: Floats, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Index into `ALLOGRAPHS` of each picture, at random by share and by style."""
    digits = np.asarray([allograph.digit for allograph in ALLOGRAPHS])
    shares = np.asarray([allograph.share for allograph in ALLOGRAPHS])
    leans = np.asarray([allograph.lean for allograph in ALLOGRAPHS])
    odds = shares * np.exp(STYLE_LEAN * leans * style[:, None]) * (digits == labels[:, None])
    reached = np.cumsum(odds, axis=1)
    drawn = rng.random((len(labels), 1)) * reached[:, -1:]
    return (reached <= drawn).sum(axis=1)
