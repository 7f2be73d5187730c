"""Weights in a file, with the system's errors as the system's errors."""

import os
import re
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

OS_ERROR = re.compile(r"\(os error (\d+)\)")


def save_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    """Write tensors by their names.

    Raises
    ------
    OSError : the file cannot be written, as on a full disk; safetensors has an error of its own for
        that, which names the system's only in its text
    """
    try:
        save_file(tensors, path)
    except SafetensorError as error:
        code = OS_ERROR.search(str(error))
        if code is None:
            raise OSError(str(error)) from error
        raise OSError(int(code[1]), os.strerror(int(code[1]))) from error
