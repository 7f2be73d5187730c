"""PCA in closed form: the best linear autoencoder without a step of gradient descent."""

import torch
from jaxtyping import UInt8
from torch import Tensor, nn

from vizmodels.models.autoencoder import PlainAutoencoder

LARGEST_COVARIANCE = 4096
"""Pixels per image up to which the covariance is decomposed exactly (128 MB, a few seconds)."""

CHUNK = 4096  # images turned to float at a time; bounds the memory, not the result


def fit_pca(model: PlainAutoencoder, images: UInt8[Tensor, "N C H W"], seed: int) -> None:
    """Set a linear autoencoder's weights to the principal axes of its training images.

    z = U (x − mean), x_hat = Uᵀ z + mean, rows of U the `latent_dim` leading eigenvectors of
    the covariance, each with its largest entry positive so that the map has one orientation.

    Parameters
    ----------
    model : PlainAutoencoder with backbone linear; changed in place
    images : uint8 tensor (N, C, H, W)
    seed : used only above `LARGEST_COVARIANCE` pixels, where the SVD is randomised

    References
    ----------
    Baldi & Hornik 1989, Neural networks and principal component analysis; Halko et al. 2011
    for the randomised SVD.
    """
    encoder, decoder = model.encoder[-1], model.decoder[0]
    assert isinstance(encoder, nn.Linear) and isinstance(decoder, nn.Linear)
    flat = images.flatten(1).cpu()
    if flat.shape[1] <= LARGEST_COVARIANCE:
        mean, axes = _exact_axes(flat, encoder.out_features)
    else:
        mean, axes = _randomised_axes(flat, encoder.out_features, seed)
    largest = axes.abs().argmax(dim=1, keepdim=True)
    axes = axes * axes.gather(1, largest).sign()
    with torch.no_grad():
        encoder.weight.copy_(axes)
        encoder.bias.copy_(-(axes @ mean))
        decoder.weight.copy_(axes.T)
        decoder.bias.copy_(mean)


def _exact_axes(flat: Tensor, latent_dim: int) -> tuple[Tensor, Tensor]:
    n, pixels = flat.shape
    total = torch.zeros(pixels, dtype=torch.float64)
    product = torch.zeros(pixels, pixels, dtype=torch.float64)
    for chunk in flat.split(CHUNK):
        x = chunk.double() / 255
        total += x.sum(dim=0)
        product += x.T @ x
    mean = total / n
    covariance = product / n - torch.outer(mean, mean)
    axes = torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, :latent_dim].T
    return mean, axes


def _randomised_axes(flat: Tensor, latent_dim: int, seed: int) -> tuple[Tensor, Tensor]:
    from sklearn.utils.extmath import randomized_svd  # here, since it takes a second to import

    x = flat.float().div_(255)
    mean = x.mean(dim=0)
    _, _, axes = randomized_svd((x - mean).numpy(), latent_dim, random_state=seed)
    return mean.double(), torch.from_numpy(axes).double()
