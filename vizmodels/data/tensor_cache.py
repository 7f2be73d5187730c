"""Tensors that take seconds to make, kept in a file: whole and unchanged, or made again."""

import logging
import zlib
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from vizmodels.files import whole_file

log = logging.getLogger(__name__)


def read_tensors(path: Path) -> dict[str, Tensor] | None:
    """Tensors written by `write_tensors`, or None where the file is absent or damaged."""
    try:
        tensors = safetensors.torch.load(path.read_bytes())
    except OSError:
        return None  # as a rule because nothing has been made yet
    except SafetensorError as error:
        log.warning("%s is damaged and is made again: %s", path, error)
        return None
    checksum = tensors.pop("checksum", None)
    if checksum is None or not torch.equal(checksum, _checksum(tensors)):
        log.warning("%s is damaged and is made again", path)
        return None
    return tensors


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Keeps the tensors; a folder that cannot be written costs the next start some seconds."""
    try:
        with whole_file(path) as unfinished:
            content = safetensors.torch.save(tensors | {"checksum": _checksum(tensors)})
            unfinished.write_bytes(content)
    except OSError as error:
        log.warning("%s is not kept in %s: %s", path.name, path.parent, error)


def _checksum(tensors: dict[str, Tensor]) -> Tensor:
    """CRC-32 of all values: safetensors notices a cut file, but not a changed byte."""
    crc = 0
    for name in sorted(tensors):
        crc = zlib.crc32(np.ascontiguousarray(tensors[name].numpy()).data, crc)
    return torch.tensor([crc], dtype=torch.int64)
