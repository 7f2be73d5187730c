"""The engine's life: started once, in the background if need be, watched, and stopped."""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from distributed import Event, Future

from vizmodels.errors import EngineUnavailable
from vizmodels.jobs.cluster import Cluster, open_cluster
from vizmodels.jobs.messages import Plain
from vizmodels.jobs.worker import stop_event_name, warm_up

log = logging.getLogger(__name__)

START_SECONDS = 30  # that a submission waits for an engine that is just starting
HEALTH_SECONDS = 2  # between two questions to the scheduler
WARM_UP_PRIORITY = 100  # before every job


@dataclass(frozen=True)
class Health:
    """How the engine is: its state, its workers with their devices, and a sentence of it all."""

    state: Literal["starting", "ready", "unavailable"]
    n_workers: int
    devices: tuple[str, ...]
    sentence: str


class Engine:
    """Workers, the connection to them, and the channel on which they report.

    Parameters
    ----------
    hear : given each message of a worker, in the connection's own thread: it must not wait
    n_workers : to start on this machine; None for one per GPU, or one per two cores without
    prepare : called once in each worker that is started, after its warm-up; should return soon
    """

    def __init__(
        self,
        hear: Callable[[Plain], None],
        n_workers: int | None = None,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self.hear, self.n_workers, self.prepare = hear, n_workers, prepare
        self.topic = f"latentarium-{uuid.uuid4().hex}"
        self._cluster: Cluster | None = None
        self._one_at_a_time = threading.Lock()
        self._settled = threading.Event()  # unset only while the engine is starting
        self._settled.set()
        self._trouble, self._is_closed = "one that has not been started", False
        self._devices: list[str] = []
        self._prepared: list[Future[Any]] = []  # a call whose future nobody holds is dropped
        self._counted_at, self._n_counted = -float(HEALTH_SECONDS), 0

    def start(self) -> None:
        """Start the workers and wait until they can be given work. Raises EngineUnavailable."""
        self._settled.clear()
        try:
            with self._one_at_a_time:
                if self._is_closed:
                    raise self.unavailable()
                if self._cluster is None:
                    self._open()
        finally:
            self._settled.set()

    def start_in_background(self) -> None:
        """Start the workers in a thread of its own; `health` says how it went."""
        self._settled.clear()
        threading.Thread(target=self._start_quietly, name="engine-start", daemon=True).start()

    def close(self, running_tags: list[str]) -> None:
        """Stop what these submissions do, and the workers, for good."""
        with self._one_at_a_time:
            cluster, self._cluster = self._cluster, None
            self._trouble, self._is_closed = "one that has been stopped", True
            if cluster is not None:
                for tag in running_tags:
                    Event(stop_event_name(tag), client=cluster.client).set()
                cluster.close()

    def client(self) -> Any:
        """dask's `Client`, once it stands. Raises EngineUnavailable."""
        self._settled.wait(START_SECONDS)
        cluster = self._cluster
        if cluster is None or cluster.client.status != "running":
            raise self.unavailable()
        return cluster.client

    def submit(
        self, function: Callable[..., Any], *args: Any, name: str, priority: int
    ) -> Future[Any]:
        """Give the workers something to do; under this name it is known to be one thing."""
        return self.client().submit(function, *args, key=name, priority=priority, pure=False)

    def ask_to_stop(self, tag: str) -> None:
        """Set the event that the submission of this tag looks at."""
        Event(stop_event_name(tag), client=self.client()).set()

    def health(self) -> Health:
        """Whether jobs can be submitted, and by how many workers they are done."""
        cluster = self._cluster
        if cluster is None or cluster.client.status != "running":
            if not self._settled.is_set():
                return Health("starting", 0, (), "The engine that trains is starting.")
            return Health("unavailable", 0, (), str(self.unavailable()))
        if time.monotonic() - self._counted_at > HEALTH_SECONDS:
            self._counted_at = time.monotonic()
            self._n_counted = len(cluster.client.nthreads())
        n_workers, devices = self._n_counted, tuple(self._devices)
        workers = f"{n_workers} worker" + ("" if n_workers == 1 else "s")
        where = "on " + ", ".join(sorted(set(devices))) if devices else "warming up"
        return Health("ready", n_workers, devices, f"The engine is ready: {workers}, {where}.")

    def unavailable(self) -> EngineUnavailable:
        """The sentence that says why nothing can be trained."""
        trouble = self._trouble if self._cluster is None else "a lost connection"
        remedy = "Try again in a minute, or restart the server."
        return EngineUnavailable("The engine that trains", "a running one", trouble, remedy)

    def _open(self) -> None:
        try:
            cluster = open_cluster(self.n_workers)
        except (OSError, RuntimeError) as error:
            log.exception("the engine did not start")
            self._trouble = f"{type(error).__name__}: {error}"
            raise self.unavailable() from error
        cluster.client.subscribe_topic(self.topic, self._hear_event)
        for address in cluster.client.nthreads():
            name = f"warm-up-{uuid.uuid4().hex}"
            cluster.client.submit(
                warm_up, key=name, workers=[address], priority=WARM_UP_PRIORITY, pure=False
            ).add_done_callback(self._warmed_up)
            if self.prepare is not None:
                self._prepared.append(
                    cluster.client.submit(
                        self.prepare,
                        key=f"prepare-{uuid.uuid4().hex}",
                        workers=[address],
                        priority=WARM_UP_PRIORITY - 1,
                        pure=False,
                    )
                )
        self._cluster = cluster

    def _hear_event(self, event: tuple[float, Plain]) -> None:
        self.hear(event[1])

    def _warmed_up(self, future: Future[Any]) -> None:
        if future.status == "finished":
            self._devices.append(future.result())
        elif future.status == "error":
            error: Any = future.exception()
            log.error("a worker's warm-up failed", exc_info=error)

    def _start_quietly(self) -> None:
        try:
            self.start()
        except EngineUnavailable:
            return  # logged where it happened; `health` and `client` say it to visitors
