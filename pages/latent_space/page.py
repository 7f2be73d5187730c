import streamlit as st

from pages.latent_space.extent import pick_extent
from pages.latent_space.map_3d import show_3d
from pages.latent_space.projection_panel import ready_projection, show_status
from pages.latent_space.selection_caption import show_selection
from pages.latent_space.shape_panel import shape_table, show_shapes
from pages.parts.frame.export import offer_export
from pages.parts.frame.frame import explanation, head
from pages.parts.frame.later import may_come
from pages.parts.frame.notices import bound, drop_notices
from pages.parts.models.data_gate import data_are_here
from pages.parts.models.model_label import lettered
from pages.parts.models.model_picker import pick_up_to_four
from pages.parts.models.run_kinds import KIND_NAMES, first_map_kind, map_kinds
from pages.parts.process.shared import atlas
from pages.parts.results.waiting import encode
from pages.parts.stage.stage import show_stage
from vizmodels.analysis.latents.roundness import roundness_of
from vizmodels.analysis.latents.shape import axis_statistics
from vizmodels.analysis.maps.projection import project

THIRD_HEIGHT = 480  # px, of the third model's map

head("Latent space", "How is the latent space laid out — AE against VAE?")
controls = st.columns([3, 3, 3, 4, 2, 2])
models = pick_up_to_four(("vae", "autoencoder", "vqvae"), controls[:3], n_axes=2)
if models and data_are_here(models[0]):
    a, pair, third = models[0], models[:2], models[2:]
    kinds = map_kinds(pair)
    first_kind = first_map_kind(a) if first_map_kind(a) in kinds else "pca"
    key = f"map_{a.embedding_dim}" if "raw" in kinds else "map_of_codes"
    wanted = bound(key, "The map", lambda: controls[3].segmented_control(
        "Map", kinds, default=first_kind, required=True, format_func=KIND_NAMES.__getitem__,
        key=key, bind="query-params", on_change=drop_notices,
    ), KIND_NAMES.__getitem__)  # fmt: skip
    axes = 2
    if min(model.embedding_dim for model in pair) > axes:
        axes = bound("axes", "The number of axes", lambda: controls[4].segmented_control(
            "Axes", (2, 3), default=2, required=True, key="axes", format_func="{}-D".format,
            bind="query-params", on_change=drop_notices,
        ), "{}-D".format)  # fmt: skip
    extent = pick_extent(pair, controls[5]) if axes == 2 else "some"
    encode(pair, extent)
    shown = ready_projection(pair, wanted, axes, extent)
    if axes == 2:
        stage = show_stage(*pair, kind=shown.kind, extent=extent, key="map_stage")
        show_selection(pair, stage.selected, shown.kind, extent)
    else:
        show_3d(pair, shown.kind)
    show_status(pair, shown, axes)
    # What is slow to encode, as a VQ-VAE's pictures are, comes when the others can be seen.
    for model in third if may_come() else ():
        kind = wanted if wanted in map_kinds([model]) else first_map_kind(model)
        with st.spinner("Encoding the pictures of the third map", show_time=True):
            encode([model])
            on_third = ready_projection([model], kind, axes)
        if axes == 2:
            show_stage(model, kind=on_third.kind, key="third_stage", height=THIRD_HEIGHT)
        else:
            show_3d([model], on_third.kind)
        show_status([model], on_third, axes, first=2)
    shapes = show_shapes(models)
    names = lettered(models)
    offer_export(
        "latent-space",
        None if shapes is None else lambda: shape_table(names, shapes),
        lambda: {name: atlas().latents(m.id) for name, m in zip(names, models, strict=True)},
    )

explanation(
    "Every dot is one picture at the place the encoder gives it. Move the pointer: the decoder "
    "runs in your browser and shows the picture of that very place, also where no dot is. The "
    "rings around the origin of a VAE's map are one and two standard deviations of its prior. "
    "**Neighbours kept** is the share of a picture's nearest ten in latent space that are among "
    "its nearest ten on the map. **Trustworthiness** and **continuity** weigh false and missing "
    "neighbours by how far down the ranks they come from: 1 where all are kept, about 0.5 for a "
    "random map. The line below a map counts the pictures they were measured on; of more than "
    "1,500 it is a regular part. UMAP and t-SNE are given the 50 leading principal components of "
    "wider latents. A picture's place in the space of a "
    "VQ-VAE is the code vectors of its grid, one after the other. **How Gaussian is it?** compares "
    "the latents of the test images, axis by axis, with the prior N(0, 1); of a VAE these are "
    "draws of its aggregate posterior. The distance is Kolmogorov and Smirnov's, from 0 to 1; the "
    "KL is that of a normal distribution with the axis's mean and deviation. The roundness of a "
    "class says how many axes it fills: (PR − 1)/(E − 1) for the participation ratio PR = "
    "(tr Σ)²/tr Σ² of its covariance on E axes, of more than 16 the 16 leading principal "
    "components. It is measured on draws of the posteriors, since the means of axes that carry "
    "nothing all lie near 0 and would flatten every cluster.",
    [
        "Compare the AE with the VAE on raw axes: look at the gaps, the scale and the origin.",
        "Are a VAE's clusters more regular than an AE's? Read the roundness and the distances.",
        "Choose two 16-D models, then PCA against UMAP: which distances survive?",
        "Colour the strokes by slant or thickness: does an axis follow it?",
        "Press G: the whole visible plane is decoded. Where it is pale, no picture was encoded.",
        "Play the epochs under a map: when do the classes part?",
        "Hold Shift and drag around a few points: what do these pictures have in common?",
    ],
    r"q(z|x) = \mathcal N(\mu(x), \operatorname{diag}\sigma^2(x)),\qquad p(z) = \mathcal N(0, I)"
    r",\qquad q(z) = \tfrac1N\textstyle\sum_n q(z|x_n)",
    [project, axis_statistics, roundness_of],
)
