import numpy as np

from pages.interpolation.pair_picker import pick_pair
from pages.interpolation.path_panel import paths_between, show_along, show_scores, show_strips
from pages.interpolation.traversal_panel import show_traversals
from pages.parts.frame.export import offer_export
from pages.parts.frame.frame import explanation, head
from pages.parts.models.data_gate import data_are_here
from pages.parts.models.model_picker import pick_up_to_four
from pages.parts.results.waiting import encode
from vizmodels.analysis.latents.interpolation import (
    confidence,
    evenness,
    spherical_path,
    steps,
    straight_path,
)
from vizmodels.analysis.latents.traversal import r_squared, r_squared_of_all, traverse
from vizmodels.figures.images import stacked, tile_sheet

head("Interpolation", "What lies between two images?")
models = pick_up_to_four(("vae", "autoencoder", "vqvae"))
if models and data_are_here(models[0]):
    pair = pick_pair(models[0])
    paths = paths_between(models, pair)
    show_strips(models, paths)
    show_along(paths, models[0])
    show_scores(models)
    encode(models)
    show_traversals(models, pair[0])
    n = len(paths[0].frames)
    offer_export(
        "interpolation",
        lambda: {"place": np.linspace(0, 1, n)[1:]} | {p.name: steps(p.frames) for p in paths},
        lambda: {path.name: path.frames for path in paths},
        [("Paths", lambda: stacked([tile_sheet(path.frames, n) for path in paths]))],
    )

explanation(
    "Each strip runs from one image to another. A model's ends are its reconstructions, of a "
    "discrete VAE those of its class probabilities, between which alone there is a path. The "
    "**straight** path goes through latent space on a line, the **spherical** one on a great "
    "circle; the **pixel blend** fades one picture into the other. A step is the distance of "
    "two neighbouring frames: an even pace has steps of one size, a jump is one long step. The "
    "classifier was trained on the same images; where none of its classes is likely, the frame "
    "looks like none of them. High confidence is no proof of a good picture. A VQ-VAE's path runs "
    "through its code vectors, each frame taking the nearest codes. Below, each row walks along "
    "one axis, 2.5 standard deviations to either side of the mean, the other axes staying at the "
    "first image; of a discrete VAE each row is a variable and each column one of its classes. "
    "R² is the share of a cause's variance that a straight line in an axis explains; of all axes "
    "together it is that of pictures held out of the fit, five times a fifth of those on the map.",
    [
        "Compare the middle of the pixel blend with the middle of the VAE's path.",
        "Choose two images of one class: what changes, and what stays?",
        "Do straight and spherical paths differ more with 2 or with 16 axes?",
        "On strokes: is there an axis that knows the slant, and none of the others?",
    ],
    r"z(t) = (1-t)\,z_0 + t\,z_1 \qquad\text{or}\qquad \frac{z(t)}{\lVert z(t)\rVert} = "
    r"\frac{\sin((1-t)\theta)\,u_0 + \sin(t\theta)\,u_1}{\sin\theta}",
    [
        straight_path,
        spherical_path,
        steps,
        evenness,
        confidence,
        traverse,
        r_squared,
        r_squared_of_all,
    ],
)
