import streamlit as st

from pages.parts.data_gate import data_are_here
from pages.parts.frame import explanation, head
from pages.parts.model_picker import pick_models
from pages.parts.projection_panel import ready_projection, show_faithfulness
from pages.parts.shared import atlas
from pages.parts.stage import axis_names, show_stage
from vizmodels.analysis.projection import PROJECTION_KINDS, project
from vizmodels.figures.latents import map_3d_figure

KIND_NAMES = {"raw": "Raw axes", "pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}

head("Latent space", "How is the latent space laid out — AE against VAE?")
controls = st.columns([4, 4, 4, 2])
a, b = pick_models(controls[:2])
if a is not None and data_are_here(a):
    models = [model for model in (a, b) if model is not None]
    wanted = controls[2].segmented_control(
        "Map",
        PROJECTION_KINDS,
        default="raw" if a.experiment.model.latent_dim <= 2 else "pca",
        required=True,
        format_func=KIND_NAMES.__getitem__,
        key=f"map_{a.experiment.model.latent_dim}",
        bind="query-params",
    )
    axes = controls[3].segmented_control(
        "Axes", (2, 3), default=2, required=True, key="axes", format_func="{}-D".format,
        bind="query-params",
    )  # fmt: skip
    kind = ready_projection(models, wanted, axes)
    if axes == 2:
        show_stage(a, b, kind=kind, key="map_stage")
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
    show_faithfulness(models, kind, axes)

explanation(
    "Every dot is one picture at the place the encoder gives it. Move the pointer: the decoder "
    "runs in your browser and shows the picture of that very place, also where no dot is. The "
    "rings around the origin of a VAE's map are one and two standard deviations of its prior. "
    "Trustworthiness and continuity say how far a map with fewer axes than the latent space can "
    "be believed; at 1 all ten nearest neighbours are kept.",
    [
        "Compare the AE with the VAE on raw axes: look at the gaps, the scale and the origin.",
        "Choose two 16-D models, then PCA against UMAP: which distances survive?",
        "Colour the strokes by slant or thickness: does an axis follow it?",
    ],
    r"q(z|x) = \mathcal N(\mu(x), \operatorname{diag}\sigma^2(x)),\qquad p(z) = \mathcal N(0, I)",
    [project],
)
