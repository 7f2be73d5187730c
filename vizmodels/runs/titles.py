"""One line that tells a run from its neighbours."""

from vizmodels.experiment import Experiment
from vizmodels.specs import (
    AutoencoderSpec,
    ClassifierSpec,
    DiscreteVAESpec,
    PixelCNNSpec,
    VAESpec,
    VQVAESpec,
)


def title_of(experiment: Experiment) -> str:
    """Family, backbone, latent size and what else tells this run from its neighbours."""
    model, training = experiment.model, experiment.training
    match model:
        case AutoencoderSpec():
            is_pca = training.solver == "closed_form"
            name = "PCA" if is_pca else f"AE {model.backbone}"
            size, extra = f"{model.latent_dim}-D", ""
        case VAESpec():
            name, size = f"VAE {model.backbone}", f"{model.latent_dim}-D"
            extra = f" · KL weight {experiment.last_value_of('kl_weight'):g}"
        case DiscreteVAESpec():
            name, size = f"Discrete VAE {model.backbone}", _discrete_size(model)
            extra = f" · KL weight {experiment.last_value_of('kl_weight'):g}"
            if model.estimator != "gumbel":
                extra += f" · {model.estimator.replace('_', ' ')}"
        case VQVAESpec():
            name, size = "VQ-VAE", f"{model.codebook_size} codes of {model.code_dim}-D"
            extra = _vq_extra(model)
        case PixelCNNSpec():
            name = "PixelCNN by class" if model.class_conditional else "PixelCNN"
            size, extra = f"on {model.vqvae.codebook_size} codes", f" · of {model.vq_run[:4]}"
        case ClassifierSpec():
            name, size = "Classifier", f"{model.n_features} features"
            extra = ""
    has_steps = training.solver != "closed_form"
    if has_steps and (noise_weight := experiment.last_value_of("noise_weight")):
        extra += f" · noise {noise_weight:g}"
    if training.binarise and has_steps:
        extra += " · binarised"
    if experiment.pictures:
        extra += f" · pictures {experiment.pictures[:4]}"
    if training.moves:
        extra += " · steered"
    return f"{name} · {size} · {experiment.dataset}{extra}"


def _discrete_size(model: DiscreteVAESpec) -> str:
    size = f"{model.n_variables}×{model.n_classes} classes"
    return f"{size} + {model.continuous_dim}-D" if model.continuous_dim else size


def _vq_extra(model: VQVAESpec) -> str:
    extra = "" if model.grid == "quarter" else f" · grid {model.grid}"
    if model.assignment != "nearest":
        extra += " · random codes"
    if model.codebook_update == "gradient":
        extra += " · codebook loss"
    return extra
