"""The cluster that does the work: processes on this machine, or the one that
DASK_SCHEDULER_ADDRESS names."""

import logging
import os
from dataclasses import dataclass
from typing import Any

import dask.config
import torch
from dask.system import CPU_COUNT
from distributed import Client, Nanny, Scheduler, Security, SpecCluster

from vizmodels.places import cache_folder

LOOPBACK = "127.0.0.1"
CORES_PER_WORKER = 2  # small models stop gaining beyond two threads
CONNECT_SECONDS = 10

# dask keeps the last 1,000 messages of each topic and of each connection. Ours carry previews of up
# to 100 kB, so that 1,000 would hold 100 MB, three times over.
N_MESSAGES_KEPT = 32

# What a job is given travels with it: the code vectors of 10,000 pictures are 15 to 125 MB. dask
# would write a warning into the server's log from 10 MB on.
UNWARNED = {"distributed.admin.large-graph-warning-threshold": "256MB"}

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
# OpenMP threads that wait must sleep: where the cores are shared, with the server if nothing else,
# those that spin instead were measured to slow a small model's training 5 to 30 times.
WAIT_POLICY = {"OMP_WAIT_POLICY": "PASSIVE"}

# Workers take what the server and the visitor's browser leave of the cores.
YIELD_TO_PAGES = "import os; getattr(os, 'nice', int)(10)"  # Windows has no nice

# A terminal's Ctrl-C reaches every process; the server ends its workers, and they say nothing.
IGNORE_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"


TRAINING, CALL = "training", "call"
"""What a worker here has room for: one of either. So a map never waits behind a long training."""


@dataclass(frozen=True)
class Cluster:
    """A connection to the workers, and the cluster itself where it is ours."""

    client: Any  # a `Client`, whose methods are typed for its asynchronous twin as well
    local: Any | None  # a `SpecCluster`, likewise

    @property
    def is_up(self) -> bool:
        """Whether the scheduler answers."""
        return self.client.status == "running"

    def addresses(self, kind: str) -> list[str]:
        """Of the workers that jobs of this kind are given to."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        here = self.local is not None
        return [at for at, told in workers.items() if not here or kind in told["resources"]]

    def room_for(self, kind: str) -> dict[str, float] | None:
        """What a job of this kind takes of a worker; on a cluster of others, any worker will do."""
        return None if self.local is None else {kind: 1}

    def close(self) -> None:
        """Let go of the workers; ours end."""
        self.client.close()
        if self.local is not None:
            self.local.close()


def open_cluster(n_workers: int | None = None, *, calls_apart: bool = True) -> Cluster:
    """Connect to DASK_SCHEDULER_ADDRESS if it is set, else start workers here; takes seconds.

    Parameters
    ----------
    n_workers : to train here; None for one per GPU, or one per two cores without
    calls_apart : whether calls have one more worker, beside those that train

    Raises
    ------
    OSError : the scheduler cannot be reached, or no process can be started
    """
    dask.config.set(UNWARNED)
    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    if address:  # TLS, if any, comes from dask's own configuration
        return Cluster(Client(address, timeout=CONNECT_SECONDS, set_as_default=False), None)
    environments = worker_environments(n_workers)
    same_for_all = {
        name: value for name, value in environments[0].items() if name != "CUDA_VISIBLE_DEVICES"
    }
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with dask.config.set(
        {
            "distributed.admin.low-level-log-length": N_MESSAGES_KEPT,
            # In place of dask's own, which asks for one thread and for MALLOC_TRIM_THRESHOLD_: that
            # gives every large tensor back to the system at each step.
            "distributed.nanny.pre-spawn-environ": same_for_all,
            "distributed.scheduler.http.routes": [],  # no web pages beside the app's own
            "distributed.worker.http.routes": [],
            "distributed.worker.profile.enabled": False,  # it would look into a worker 100 times/s
        }
    ):
        local = _local_cluster(environments, calls_apart)
        return Cluster(Client(local, set_as_default=False), local)


def worker_environments(n_workers: int | None = None) -> list[dict[str, str]]:
    """Environment of each worker to start here: its share of the cores, and a GPU of its own."""
    gpus = visible_gpus()
    n_workers = n_workers or len(gpus) or max(1, CPU_COUNT // CORES_PER_WORKER)
    # One core stays for the server and the visitor's browser: two threads that wait for a core
    # they do not get train a small model several times slower than one thread that has its own.
    threads = str(max(1, (CPU_COUNT - 1) // n_workers))
    environments = [
        dict.fromkeys(THREAD_VARIABLES, threads) | WAIT_POLICY | compiled_code()
        for _ in range(n_workers)
    ]
    for at, environment in enumerate(environments):
        if gpus:
            environment["CUDA_VISIBLE_DEVICES"] = gpus[at % len(gpus)]
    return environments


def compiled_code() -> dict[str, str]:
    """Where workers keep what numba compiles for UMAP, so that the next start reads it."""
    return {"NUMBA_CACHE_DIR": str(cache_folder() / "numba")}


def visible_gpus() -> list[str]:
    """CUDA's name of each GPU that this process may use; makes no context on any."""
    n_gpus = torch.cuda.device_count()
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = given.split(",") if given else [str(at) for at in range(n_gpus)]
    return names[:n_gpus]


def _local_cluster(environments: list[dict[str, str]], calls_apart: bool) -> SpecCluster:
    """LocalCluster's make-up, which however gives all workers one environment."""
    rooms = [{TRAINING: 1} if calls_apart else {TRAINING: 1, CALL: 1} for _ in environments]
    if calls_apart:
        environments, rooms = [*environments, environments[0]], [*rooms, {CALL: 1}]
    security = Security.temporary()
    shared = {
        "host": LOOPBACK,
        "protocol": "tls://",
        "security": security,
        "dashboard": False,
        "dashboard_address": f"{LOOPBACK}:0",  # dask insists on one
    }
    workers = {
        at: {
            "cls": Nanny,
            "options": {
                **shared,
                "nthreads": 1,
                "env": environment,
                "resources": room,
                "memory_limit": 1 / len(environments),  # a share of this machine's
                "preload": [IGNORE_CTRL_C, YIELD_TO_PAGES],
                "silence_logs": logging.ERROR,
            },
        }
        for at, (environment, room) in enumerate(zip(environments, rooms, strict=True))
    }
    scheduler = {"cls": Scheduler, "options": {**shared, "port": 0}}
    return SpecCluster(workers=workers, scheduler=scheduler, security=security)
