"""The discrete VAE: categorical latents, alone or beside Gaussian ones."""

from typing import Literal, final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vizmodels.borders import generator_for
from vizmodels.models.autoencoder import CROSS_ENTROPY, SQUARED_ERROR
from vizmodels.models.categorical import (
    all_combinations,
    draw_one_hot,
    gumbel_softmax,
    kl_to_uniform,
    score_surrogate,
    straight_through,
)
from vizmodels.models.gaussian import kl_to_standard_normal, reparameterise
from vizmodels.models.loss import Loss, LossTerm
from vizmodels.models.probabilistic import Likelihood, ProbabilisticAutoencoder
from vizmodels.models.trainable import Batch

Estimator = Literal[
    "gumbel", "straight_through", "score_function", "score_function_baseline", "enumeration"
]


@final
class DiscreteVAE(ProbabilisticAutoencoder):
    """q(c, z|x) = Π Cat(c_i; q_i(x)) · N(z; mu, diag(sigma²)), a uniform and a normal prior.

    A latent is the n·k probabilities of the variables, then the Gaussian means. The decoder is
    given one-hot vectors while training, but for the Gumbel-softmax's relaxed ones, and takes
    any probabilities afterwards. Probabilities are numbers, and hold more than n·log2 k bits:
    what has these bits is `to_code`'s likeliest classes.

    References
    ----------
    Jang, Gu & Poole 2017 (Gumbel-softmax); Mnih & Gregor 2014 (score function).
    """

    temperature: Tensor
    combinations: Tensor

    def __init__(
        self,
        encoder: nn.Sequential,
        decoder: nn.Sequential,
        n_variables: int,
        n_classes: int,
        estimator: Estimator,
        kl_weight: float,
        likelihood: Likelihood,
        kl_warm_up: int = 0,
        temperatures: tuple[float, float] = (1.0, 0.5),
    ) -> None:
        super().__init__(kl_weight, likelihood, kl_warm_up)
        self.encoder, self.decoder = encoder, decoder
        self.n_variables, self.n_classes = n_variables, n_classes
        self.estimator: Estimator = estimator
        self.temperatures = temperatures
        self.register_buffer("temperature", torch.tensor(temperatures[0]), persistent=False)
        if estimator == "enumeration":
            every = all_combinations(n_variables, n_classes)
            self.register_buffer("combinations", every, persistent=False)

    def posterior(
        self, images: Float[Tensor, "N C H W"]
    ) -> tuple[Float[Tensor, "N n k"], Float[Tensor, "N c"], Float[Tensor, "N c"]]:
        """(log q of every class, mu, log_var) for each image."""
        outputs = self.encoder(images).float()
        n_discrete = self.n_variables * self.n_classes
        logits = outputs[:, :n_discrete].unflatten(1, (self.n_variables, self.n_classes))
        mu, log_var = outputs[:, n_discrete:].chunk(2, dim=1)
        return F.log_softmax(logits, dim=2), mu, log_var

    def encode(self, images: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D"]:
        """The posterior mean: the class probabilities, then mu."""
        log_q, mu, _ = self.posterior(images)
        return torch.cat([log_q.exp().flatten(1), mu], dim=1)

    def to_code(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N D"]:
        """The likeliest class of each variable as a one-hot vector, then the axes as they are."""
        n_discrete = self.n_variables * self.n_classes
        of_classes = latents[:, :n_discrete].unflatten(1, (self.n_variables, self.n_classes))
        likeliest = F.one_hot(of_classes.argmax(dim=2), self.n_classes).to(latents.dtype)
        return torch.cat([likeliest.flatten(1), latents[:, n_discrete:]], dim=1)

    def draw(
        self, images: Float[Tensor, "N C H W"], generator: torch.Generator
    ) -> Float[Tensor, "N D"]:
        """One class of each variable as a one-hot vector, then z = mu + sigma·ε."""
        log_q, mu, log_var = self.posterior(images)
        classes = draw_one_hot(log_q, generator)
        return torch.cat([classes.flatten(1), reparameterise(mu, log_var, generator)], dim=1)

    def decode(self, latents: Float[Tensor, "N D"]) -> Float[Tensor, "N C H W"]:
        """The mean of p(x|c, z)."""
        return torch.sigmoid(self.decoder(latents))

    def sample(self, n: int, generator: torch.Generator | None = None) -> Float[Tensor, "N C H W"]:
        """Pictures of n draws from the prior: uniform classes, and normal axes beside them."""
        device = next(self.parameters()).device
        generator = generator or generator_for(self)
        shape = (n, self.n_variables, self.n_classes)
        classes = draw_one_hot(torch.zeros(shape, device=generator.device), generator)
        n_axes = self.latent_dim - self.n_variables * self.n_classes
        z = torch.randn(n, n_axes, generator=generator, device=generator.device)
        return self.decode(torch.cat([classes.flatten(1), z], dim=1).to(device))

    def set_epoch(self, epoch: float, n_epochs: int) -> None:
        """Lower the temperature geometrically from the first to the last step."""
        super().set_epoch(epoch, n_epochs)
        first, last = self.temperatures
        if first != last:
            self.temperature.fill_(first * (last / first) ** min(1.0, epoch / n_epochs))

    def losses(self, batch: Batch, generator: torch.Generator | None) -> Loss:
        """Reconstruction per pixel, and the KL of the classes and of the axes, in nats."""
        log_q, mu, log_var = self.posterior(batch.x_in)
        z = reparameterise(mu, log_var, generator)
        reconstruction = self.expected_reconstruction(batch.x, log_q, z, generator)
        weight, share = self.kl_weight, self.charged_share(generator)
        kl = LossTerm("kl_classes", "nats", kl_to_uniform(log_q).sum(dim=1), weight, share)
        if mu.shape[1] == 0:
            return Loss((reconstruction, kl))
        kl_axes = kl_to_standard_normal(mu, log_var).sum(dim=1)
        return Loss((reconstruction, kl, LossTerm("kl_axes", "nats", kl_axes, weight, share)))

    def expected_reconstruction(
        self, x: Tensor, log_q: Tensor, z: Tensor, generator: torch.Generator | None
    ) -> LossTerm:
        """The reconstruction at a draw of the classes, or its exact mean over them; without a
        generator at the likeliest ones, whatever the estimator."""
        if generator is None:
            likeliest = F.one_hot(log_q.argmax(dim=2), self.n_classes).to(log_q.dtype)
            return self.reconstruction(x, self._logits(likeliest, z))
        match self.estimator:
            case "enumeration":
                return self._exact_reconstruction(x, log_q, z)
            case "gumbel":
                classes = gumbel_softmax(log_q, self.temperature, generator)
            case "straight_through":
                classes = straight_through(draw_one_hot(log_q, generator), log_q)
            case "score_function" | "score_function_baseline":
                classes = draw_one_hot(log_q, generator)
        term = self.reconstruction(x, self._logits(classes, z))
        if not self.estimator.startswith("score_function"):
            return term
        baseline = self.estimator == "score_function_baseline"
        log_prob = (classes * log_q).sum(dim=(1, 2))
        cost = score_surrogate(term.values, log_prob, baseline=baseline)
        return LossTerm(term.name, term.unit, cost, term.weight)

    def _logits(self, classes: Tensor, z: Tensor) -> Tensor:
        return self.decoder(torch.cat([classes.flatten(1), z], dim=1)).float()

    def _exact_reconstruction(self, x: Tensor, log_q: Tensor, z: Tensor) -> LossTerm:
        """Σ_c q(c|x) · reconstruction(x, c) over all M combinations of classes."""
        every = self.combinations
        with torch.autocast(x.device.type, enabled=False):  # small differences of large sums
            probabilities = (log_q.flatten(1) @ every.flatten(1).T).exp()
        n, m = len(x), len(every)
        if z.shape[1]:  # each image decodes every combination beside its own axes
            pairs = self._logits(every.repeat(n, 1, 1), z.repeat_interleave(m, dim=0))
            term = self.reconstruction(x.repeat_interleave(m, dim=0), pairs)
            mean = (probabilities * term.values.unflatten(0, (n, m))).sum(dim=1)
            return LossTerm(term.name, term.unit, mean)
        logits, flat = self._logits(every, z.new_zeros(m, 0)).flatten(1), x.flatten(1)
        with torch.autocast(x.device.type, enabled=False):
            if self.likelihood == "gaussian":
                unit, x_hat = SQUARED_ERROR, torch.sigmoid(logits)
                cost = flat.square().sum(1)[:, None] - 2 * flat @ x_hat.T + x_hat.square().sum(1)
            else:
                unit, cost = CROSS_ENTROPY, F.softplus(logits).sum(1) - flat @ logits.T
            mean = (probabilities * cost / flat.shape[1]).sum(dim=1)
        return LossTerm("reconstruction", unit, mean)
