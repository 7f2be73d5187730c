"""One optimisation step on images that already sit on the device."""

import torch
from jaxtyping import Int64
from torch import Tensor

from vizmodels.models.loss import Loss
from vizmodels.models.trainable import Batch, Trainable
from vizmodels.training.device import Compute

GRAPH_WARM_UP_STEPS = 3  # eager steps before capture: cuBLAS picks its kernels, Adam its buffers


class TrainingStep:
    """Gathers a batch, adds noise, and takes one Adam step; nothing waits for the device.

    The loss terms are summed on the device and read only when somebody looks. On CUDA
    the whole step, noise and optimiser included, is captured once as a graph and replayed, since
    launching a small model's kernels one by one takes longer than running them. Everything the
    graph touches therefore stays at one address: the batch of indices, the noise and KL
    weight, the learning rate and the sums are tensors that are written in place.

    Parameters
    ----------
    model : trained in place; must be on the device of `compute`
    rows : what `model.resident` made of the images, on the same device
    labels : int64 (N,) on the same device, or None
    batch_size : at most N
    learning_rate : of Adam
    noise_weight : w of clip(x + w·ε, 0, 1) on the encoder's input, until it is moved
    binarise : whether pixels are drawn black or white anew at each step
    generator : source of the noise and of the latent samples, on the same device
    """

    def __init__(
        self,
        model: Trainable,
        rows: Tensor,
        batch_size: int,
        learning_rate: float,
        noise_weight: float,
        generator: torch.Generator,
        compute: Compute,
        *,
        labels: Int64[Tensor, " N"] | None = None,
        binarise: bool = False,
    ) -> None:
        self.model, self.rows, self.labels, self.compute = model, rows, labels, compute
        self.generator, self.noise_weight, self.binarise = generator, noise_weight, binarise
        on_cuda = compute.device.type == "cuda"
        # Channels last is what both oneDNN's and cuDNN's convolutions compute in.
        self.channels_last = any(isinstance(m, torch.nn.Conv2d) for m in model.modules())
        if self.channels_last:
            model.to(memory_format=torch.channels_last)
        rate = torch.tensor(learning_rate, device=compute.device) if on_cuda else learning_rate
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=rate, fused=True, capturable=on_cuda)
        self.batch = torch.zeros(batch_size, dtype=torch.int64, device=compute.device)
        with torch.no_grad():
            loss = self._loss()
        self.names, self.units = loss.names, loss.units
        self._sums = torch.zeros(len(self.names), device=compute.device)
        self._latest = torch.zeros_like(self._sums)
        self._n_summed = 0
        self._rows: list[Tensor] = []
        self._graph: torch.cuda.CUDAGraph | None = None
        self._eager_steps_left = GRAPH_WARM_UP_STEPS if on_cuda else -1

    def __call__(self, indices: Int64[Tensor, " B"]) -> None:
        """Take one step on the images at these indices."""
        self.batch.copy_(indices)
        if self._graph is not None:
            self._graph.replay()
        elif self._eager_steps_left == 0:
            self._capture()
        else:
            self._eager_steps_left -= 1
            self._step()
        self._n_summed += 1

    def set_learning_rate(self, rate: float) -> None:
        """Take the next steps at this rate, in a captured graph too."""
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def set_noise_weight(self, noise_weight: float) -> None:
        """Take the next steps with this much noise; a captured graph is captured anew."""
        self.noise_weight = noise_weight
        if self._graph is not None:
            self._graph, self._eager_steps_left = None, 0

    def latest_terms(self) -> list[float]:
        """The terms' means over the last batch alone; waits for the device."""
        return self._latest.tolist()

    def unfinished_row(self) -> tuple[Tensor, Tensor]:
        """Sums of the terms since the last row, and of how many steps they are."""
        return self._sums.clone(), torch.tensor(self._n_summed)

    def restore_row(self, sums: Tensor, n_summed: Tensor) -> None:
        """Go on with the row that `unfinished_row` read."""
        self._sums.copy_(sums)
        self._n_summed = int(n_summed)

    def close_row(self) -> None:
        """Keep the terms' means over the steps since the last row, still on the device."""
        self._rows.append(self._sums / self._n_summed)
        self._sums.zero_()
        self._n_summed = 0

    def take_rows(self) -> list[list[float]]:
        """The rows closed since the last call; waits for the device."""
        rows = torch.stack(self._rows).tolist() if self._rows else []
        self._rows.clear()
        return rows

    def _loss(self) -> Loss:
        x = as_input(self.rows.index_select(0, self.batch))
        if self.binarise:
            x = binarised(x, self.generator)
        if self.channels_last and x.ndim == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        x_in = add_noise(x, self.noise_weight, self.generator) if self.noise_weight else x
        labels = None if self.labels is None else self.labels.index_select(0, self.batch)
        with self.compute.autocast():
            return self.model.losses(Batch(x, x_in, labels), self.generator)

    def _step(self) -> None:
        loss = self._loss()
        self.optimizer.zero_grad(set_to_none=True)
        loss.per_image.mean().backward()
        self.optimizer.step()
        self.model.after_step(self.generator)
        self._latest.copy_(loss.means())
        self._sums.add_(self._latest)

    def _capture(self) -> None:
        """Record the step and replay it once, so that capturing is itself a step."""
        graph = torch.cuda.CUDAGraph()
        graph.register_generator_state(self.generator)
        self.optimizer.zero_grad(set_to_none=True)
        torch.cuda.synchronize(self.compute.device)
        with torch.cuda.graph(graph):
            self._step()
        graph.replay()
        self._graph = graph


def as_input(rows: Tensor) -> Tensor:
    """Images as float32 in [0, 1]; codes as they are."""
    return rows.to(torch.float32).mul_(1 / 255) if rows.dtype == torch.uint8 else rows


def binarised(x: Tensor, generator: torch.Generator) -> Tensor:
    """Every pixel drawn as 0 or 1, with its grey value as the chance of 1.

    References
    ----------
    Salakhutdinov & Murray 2008, On the quantitative analysis of deep belief networks; drawn anew
    at each step it is what Burda et al. 2016 call dynamic binarisation.
    """
    return (torch.rand(x.shape, generator=generator, device=x.device) < x).to(x.dtype)


def add_noise(x: Tensor, noise_weight: float, generator: torch.Generator | None) -> Tensor:
    """clip(x + w·ε, 0, 1) with ε ~ N(0, I): the corruption a denoising autoencoder undoes.

    References
    ----------
    Vincent et al. 2008, Extracting and Composing Robust Features with Denoising Autoencoders.
    """
    noise = torch.randn(x.shape, generator=generator, device=x.device)
    return torch.add(x, noise, alpha=noise_weight).clamp_(0, 1)
