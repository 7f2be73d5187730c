"""One optimisation step on images that already sit on the device."""

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from vizmodels.models.autoencoder import Autoencoder
from vizmodels.models.loss import Loss
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
    images : uint8 tensor (N, C, H, W) on the same device
    batch_size : at most N
    learning_rate : of Adam
    noise_weight : w of clip(x + w·ε, 0, 1) on the encoder's input
    generator : source of the noise and of the latent samples, on the same device
    """

    def __init__(
        self,
        model: Autoencoder,
        images: UInt8[Tensor, "N C H W"],
        batch_size: int,
        learning_rate: float,
        noise_weight: float,
        generator: torch.Generator,
        compute: Compute,
    ) -> None:
        self.model, self.images, self.compute = model, images, compute
        self.generator, self.noise_weight = generator, noise_weight
        on_cuda = compute.device.type == "cuda"
        # Channels last is what both oneDNN's and cuDNN's convolutions compute in.
        self.channels_last = any(isinstance(m, torch.nn.Conv2d) for m in model.modules())
        if self.channels_last:
            model.to(memory_format=torch.channels_last)
        rate = torch.tensor(learning_rate, device=compute.device) if on_cuda else learning_rate
        self.optimizer = torch.optim.Adam(
            model.parameters(), lr=rate, fused=True, capturable=on_cuda
        )
        self.batch = torch.zeros(batch_size, dtype=torch.int64, device=compute.device)
        with torch.no_grad():
            loss = self._loss()
        self.names, self.units = loss.names, loss.units
        self._sums = torch.zeros(len(self.names), device=compute.device)
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
        x = self.images.index_select(0, self.batch).to(torch.float32).mul_(1 / 255)
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        x_in = add_noise(x, self.noise_weight, self.generator) if self.noise_weight else x
        with self.compute.autocast():
            return self.model.losses(x, x_in, self.generator)

    def _step(self) -> None:
        loss = self._loss()
        self.optimizer.zero_grad(set_to_none=True)
        loss.per_image.mean().backward()
        self.optimizer.step()
        self._sums.add_(loss.means())

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


def add_noise(x: Tensor, noise_weight: float, generator: torch.Generator | None) -> Tensor:
    """clip(x + w·ε, 0, 1) with ε ~ N(0, I): the corruption a denoising autoencoder undoes."""
    noise = torch.randn(x.shape, generator=generator, device=x.device)
    return torch.add(x, noise, alpha=noise_weight).clamp_(0, 1)
