"""Which processors train, as runs name them in their records."""

from vizmodels.errors import LatentariumError
from vizmodels.jobs import board
from vizmodels.runs.run import processor_name


def worker_devices() -> tuple[str, ...]:
    """Names of the workers' GPUs, or of this machine's processor."""
    try:
        devices = board().health().devices
    except LatentariumError:
        devices = ()
    gpus = tuple(name for name in devices if not name.startswith("CPU"))
    return gpus or (processor_name(),)
