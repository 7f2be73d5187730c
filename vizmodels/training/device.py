"""Where to compute, and in which precision."""

from dataclasses import dataclass
from typing import Literal

import torch

from vizmodels.errors import InvalidExperiment

Device = Literal["auto", "cpu", "cuda", "mps"]


@dataclass(frozen=True)
class Compute:
    """A device and whether matrix products run in bfloat16 on it.

    The choice rests on what the processor can do, never on a stopwatch: a timing that falls the
    other way would change the weights that a seed gives.
    """

    device: torch.device
    bfloat16: bool

    @property
    def precision(self) -> str:
        """The word that a run's record keeps."""
        return "bfloat16 autocast" if self.bfloat16 else "float32"

    def autocast(self) -> torch.autocast:
        """A context in which matrix products and convolutions run in the chosen precision."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)


def choose_compute(device: Device | str = "auto") -> Compute:
    """The device asked for, or the fastest that is here: cuda, else mps, else cpu.

    Raises
    ------
    InvalidExperiment : no such device on this machine
    """
    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": _mps_is_available()}
    kind = device.split(":")[0]
    if device == "auto":
        device = kind = next(name for name in ("cuda", "mps", "cpu") if present[name])
    if not present.get(kind, False):
        here = ", ".join(name for name, there in present.items() if there)
        raise InvalidExperiment(
            "device", f"auto or one of {here} on this machine", device, "Choose auto."
        )
    return Compute(torch.device(device), _bfloat16_is_faster(kind))


def _mps_is_available() -> bool:
    return torch.backends.mps.is_available()


def _bfloat16_is_faster(kind: str) -> bool:
    """Only with matrix units for it; emulated bfloat16 is several times slower than float32."""
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if kind == "cpu":
        capability = torch.cpu.get_capabilities()
        return bool(capability.get("amx_bf16") or capability.get("avx512_bf16"))
    return False
