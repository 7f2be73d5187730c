"""The weights of a layer program: one buffer of half or single precision."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vizmodels.errors import NotExportable

LARGEST_WEIGHT = float(np.finfo(np.float16).max)

Bits = Literal[16, 32]
"""Of one weight: float16, exact to 1 part in 2048, or float32."""


@dataclass
class WeightBuffer:
    """The buffer as it grows."""

    parts: list[NDArray[np.float32]] = field(default_factory=list[NDArray[np.float32]])
    n_values: int = 0

    def add(self, values: Tensor) -> list[int]:
        """Append one tensor, row-major; returns its [offset, count].

        Raises
        ------
        NotExportable : a value that float16 cannot hold
        """
        flat = values.detach().cpu().double().numpy().ravel()
        largest = float(np.abs(flat).max(initial=0.0))
        if not largest <= LARGEST_WEIGHT:  # `not <=` also catches NaN
            raise NotExportable(
                "A weight for the browser",
                f"finite and at most {LARGEST_WEIGHT:.0f} in size",
                f"{largest:g}",
                "Train the model again with a lower learning rate.",
            )
        place = [self.n_values, flat.size]
        self.parts.append(flat.astype(np.float32))
        self.n_values += flat.size
        return place

    @property
    def is_half(self) -> bool:
        """Whether float16 holds every weight exactly, as those of shipped runs."""
        return all(np.array_equal(part, part.astype(np.float16)) for part in self.parts)

    def to_bytes(self, bits: Bits) -> bytes:
        """Everything appended so far, little-endian."""
        return b"".join(part.astype(f"<f{bits // 8}").tobytes() for part in self.parts)
