import streamlit as st

from pages.parts.data_gate import data_are_here
from pages.parts.extent import pick_extent
from pages.parts.frame import explanation, head
from pages.parts.model_picker import pick_models
from pages.parts.projection_panel import ready_projection, show_faithfulness
from pages.parts.run_kinds import KIND_NAMES, first_map_kind, map_kinds
from pages.parts.selection_caption import show_selection
from pages.parts.shared import atlas
from pages.parts.stage import axis_names, show_stage
from pages.parts.waiting import encode
from vizmodels.analysis.projection import project
from vizmodels.figures.latents import map_3d_figure

head("Latent space", "How is the latent space laid out — AE against VAE?")
controls = st.columns([4, 4, 4, 2, 2])
a, b = pick_models(controls[:2])
if a is not None and data_are_here(a):
    models = [model for model in (a, b) if model is not None]
    kinds = map_kinds(models)
    wanted = controls[2].segmented_control(
        "Map",
        kinds,
        default=first_map_kind(a) if first_map_kind(a) in kinds else "pca",
        required=True,
        format_func=KIND_NAMES.__getitem__,
        key=f"map_{a.embedding_dim}" if "raw" in kinds else "map_of_codes",
        bind="query-params",
    )
    axes = 2
    if min(model.embedding_dim for model in models) > axes:
        axes = controls[3].segmented_control(
            "Axes", (2, 3), default=2, required=True, key="axes", format_func="{}-D".format,
            bind="query-params",
        )  # fmt: skip
    extent = pick_extent(models, controls[4]) if axes == 2 else "some"
    encode(models, extent)
    kind = ready_projection(models, wanted, axes, extent)
    if axes == 2:
        shown = show_stage(a, b, kind=kind, extent=extent, key="map_stage")
        show_selection(models, shown.selected, kind, extent)
    else:
        points = atlas().points(a.experiment.dataset)
        names = atlas().data(atlas().run(a.id)).class_names
        for model, column in zip(models, st.columns(len(models)), strict=True):
            shown = atlas().projection(model.id, kind, 3)
            with column:
                st.markdown(f"**{model.title}**")
                st.plotly_chart(
                    map_3d_figure(
                        shown.coordinates,
                        points.labels(),
                        names,
                        axis_names(kind, shown.explained, 3),
                    ),
                    key=f"map3d_{model.id}",
                    alt=f"The {KIND_NAMES[kind]} map of {model.title} in three axes",
                )
    show_faithfulness(models, kind, axes, extent)

explanation(
    "Every dot is one picture at the place the encoder gives it. Move the pointer: the decoder "
    "runs in your browser and shows the picture of that very place, also where no dot is. The "
    "rings around the origin of a VAE's map are one and two standard deviations of its prior. "
    "Trustworthiness and continuity say how far a map with fewer axes than the latent space can "
    "be believed; at 1 all ten nearest neighbours are kept. A picture's place in the space of a "
    "VQ-VAE is the code vectors of its grid, one after the other.",
    [
        "Compare the AE with the VAE on raw axes: look at the gaps, the scale and the origin.",
        "Choose two 16-D models, then PCA against UMAP: which distances survive?",
        "Colour the strokes by slant or thickness: does an axis follow it?",
        "Press G: the whole visible plane is decoded. Where it is pale, no picture was encoded.",
        "Play the epochs under a map: when do the classes part?",
        "Hold Shift and drag around a few points: what do these pictures have in common?",
    ],
    r"q(z|x) = \mathcal N(\mu(x), \operatorname{diag}\sigma^2(x)),\qquad p(z) = \mathcal N(0, I)",
    [project],
)
