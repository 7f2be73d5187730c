"""Categorical latents: draws, their KL from the uniform prior, and gradients that pass a draw."""

import itertools
import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def kl_to_uniform(log_q: Float[Tensor, "N n k"]) -> Float[Tensor, "N n"]:
    """KL(q ‖ uniform) of each image and variable, in nats: Σ q log q + log k.

    Parameters
    ----------
    log_q : log-probabilities of the k classes, each row normalised
    """
    return (log_q.exp() * log_q).sum(dim=2) + math.log(log_q.shape[2])


def gumbel(shape: torch.Size, generator: torch.Generator, device: torch.device) -> Tensor:
    """Draws of the standard Gumbel distribution: −log of an exponential one."""
    return -torch.empty(shape, device=device).exponential_(generator=generator).log()


def gumbel_softmax(
    log_q: Float[Tensor, "N n k"], temperature: Tensor | float, generator: torch.Generator
) -> Float[Tensor, "N n k"]:
    """A relaxed draw: softmax((log q + g) / τ), which nears a one-hot vector as τ falls.

    References
    ----------
    Jang, Gu & Poole 2017, Categorical Reparameterization with Gumbel-Softmax, eq. 2.
    """
    return F.softmax((log_q + gumbel(log_q.shape, generator, log_q.device)) / temperature, dim=2)


def draw_one_hot(
    log_q: Float[Tensor, "N n k"], generator: torch.Generator
) -> Float[Tensor, "N n k"]:
    """An exact draw as one-hot vectors, without gradient: the Gumbel-max trick."""
    perturbed = log_q.detach() + gumbel(log_q.shape, generator, log_q.device)
    return F.one_hot(perturbed.argmax(dim=2), log_q.shape[2]).to(log_q.dtype)


def straight_through(
    one_hot: Float[Tensor, "N n k"], log_q: Float[Tensor, "N n k"]
) -> Float[Tensor, "N n k"]:
    """The draw going forward; going back, the gradient of the probabilities q. Biased.

    References
    ----------
    Bengio, Léonard & Courville 2013, Estimating or Propagating Gradients Through Stochastic
    Neurons for Conditional Computation.
    """
    q = log_q.exp()
    return one_hot + (q - q.detach())


def score_surrogate(
    cost: Float[Tensor, " N"], log_prob: Float[Tensor, " N"], *, baseline: bool
) -> Float[Tensor, " N"]:
    """The cost, with the score-function gradient (cost − b) ∇ log q(z|x) added to its own.

    The value is that of `cost`; only the gradient differs. It is unbiased: b is 0, or the mean
    cost of the other draws of the batch, which does not depend on this one.

    Parameters
    ----------
    cost : of each draw
    log_prob : log q(z|x) of each draw, through which the gradient goes
    baseline : whether to subtract b

    References
    ----------
    Williams 1992, REINFORCE; Mnih & Gregor 2014, Neural Variational Inference, eqs. 5 to 7.
    """
    signal = cost.detach()
    if baseline and len(signal) > 1:
        signal = signal - (signal.sum() - signal) / (len(signal) - 1)
    return cost + signal * (log_prob - log_prob.detach())


def all_combinations(n_variables: int, n_classes: int) -> Float[Tensor, "M n k"]:
    """Every value the variables can take together, one-hot; M = k^n rows."""
    rows = list(itertools.product(range(n_classes), repeat=n_variables))
    return F.one_hot(torch.tensor(rows), n_classes).float()
