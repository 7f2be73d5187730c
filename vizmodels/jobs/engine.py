"""The engine's life: started once, in the background if need be, watched, and stopped."""

import contextlib
import logging
import threading
import uuid
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any, Literal

from distributed import Future
from distributed.client import ClosedClientError
from distributed.comm.core import CommClosedError

from vizmodels.errors import EngineUnavailable
from vizmodels.jobs.cluster import CALL, TRAINING, Cluster, open_cluster
from vizmodels.jobs.messages import Plain
from vizmodels.jobs.orders import give_order
from vizmodels.jobs.worker import prepare_after, warm_up
from vizmodels.training.control import Order

log = logging.getLogger(__name__)

START_SECONDS = 30  # that a submission waits for an engine that is just starting
WATCH_SECONDS = 1.0  # between two looks at the connection and at the queue
LONGEST_WAIT_SECONDS = 8.0  # between two tries to connect
WARM_UP_PRIORITY = 100  # before every job
LOST = "a lost connection"
STARTING = "The engine that trains is starting, which takes about 10 seconds on two cores."

CONNECTION_ERRORS = (CancelledError, ClosedClientError, CommClosedError, TimeoutError)
"""What dask raises where its client closes or its scheduler goes, as far as it has a name:
a RuntimeError of a closed pool and an AttributeError of None are told by the client's state."""


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
    look : called every second and whenever the connection comes or goes, in a thread that may wait
    n_workers : to train on this machine; None for one per GPU, or one per two cores without
    calls_apart : whether calls have a worker of their own here
    prepare : called once in each worker that does calls, after the warm-up of those that train;
        should return soon
    """

    def __init__(
        self,
        hear: Callable[[Plain], None],
        look: Callable[[], None],
        n_workers: int | None = None,
        *,
        calls_apart: bool = True,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self.hear, self.look, self.prepare = hear, look, prepare
        self.n_workers, self.calls_apart = n_workers, calls_apart
        self.topic = f"latentarium-{uuid.uuid4().hex}"
        self._cluster: Cluster | None = None
        self._one_at_a_time = threading.Lock()
        self._settled = threading.Event()  # unset only while the engine is starting
        self._settled.set()
        self._trouble, self._is_closed = "one that has not been started", False
        self._devices: list[str] = []
        self._n_counted = 0
        self._prepared: list[Future[Any]] = []  # a call whose future nobody holds is dropped
        self._stop_watching, self._is_watched = threading.Event(), False

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
            self._begin_to_watch()

    def start_in_background(self) -> None:
        """Start the workers in a thread of its own; `health` says how it went."""
        self._settled.clear()
        threading.Thread(target=self._start_quietly, name="engine-start", daemon=True).start()

    def close(self) -> None:
        """Stop the workers for good."""
        self._stop_watching.set()
        with self._one_at_a_time:
            cluster, self._cluster = self._cluster, None
            self._trouble, self._is_closed = "one that has been stopped", True
            if cluster is not None:
                cluster.close()

    def client(self) -> Any:
        """dask's `Client`, once it stands. Raises EngineUnavailable."""
        self._settled.wait(START_SECONDS)
        cluster = self._cluster
        if cluster is None or not cluster.is_up:
            raise self.unavailable()
        return cluster.client

    @property
    def n_training(self) -> int:
        """Trainings that can run at once."""
        cluster = self._cluster
        return self._n_counted if cluster is not None and cluster.is_up else 0

    def submit(
        self, function: Callable[..., Any], *args: Any, name: str, kind: str, priority: int
    ) -> Future[Any]:
        """Give the workers something to do; under this name it is known to be one thing."""
        client, cluster = self.client(), self._cluster
        room = None if cluster is None else cluster.room_for(kind)
        with self._connected(client):
            return client.submit(
                function, *args, key=name, priority=priority, pure=False, resources=room
            )

    def order(self, tag: str, order: Order) -> None:
        """Tell every worker what is asked of the submission of this tag; takes milliseconds."""
        client = self.client()
        with self._connected(client):
            client.run(give_order, tag, order, on_error="ignore")

    def outcome(self, future: Future[Any]) -> Any:
        """What came of a submission that has finished: its result, or the exception it ended in."""
        with self._connected(future.client):
            return future.exception() if future.status == "error" else future.result()

    def withdraw(self, future: Future[Any]) -> None:
        """Have a submission dropped, unless a worker has begun it."""
        with self._connected(future.client):
            future.cancel()

    @contextlib.contextmanager
    def _connected(self, client: Any) -> Generator[None]:
        """Raises EngineUnavailable for what dask raises when the connection goes meanwhile."""
        try:
            yield
        except Exception as error:
            if client.status != "running" or isinstance(error, CONNECTION_ERRORS):
                raise self.unavailable() from error
            raise

    def health(self) -> Health:
        """Whether jobs can be submitted, and by how many workers they are done."""
        cluster = self._cluster
        if cluster is None or not cluster.is_up:
            if not self._settled.is_set():
                return Health("starting", 0, (), STARTING)
            return Health("unavailable", 0, (), str(self.unavailable()))
        if not self._n_counted:
            return Health("starting", 0, (), "The engine waits for its first worker.")
        n_workers, devices = self._n_counted, tuple(self._devices)
        workers = f"{n_workers} worker" + ("" if n_workers == 1 else "s")
        where = "on " + ", ".join(sorted(set(devices))) if devices else "warming up"
        return Health("ready", n_workers, devices, f"The engine is ready: {workers}, {where}.")

    def unavailable(self) -> EngineUnavailable:
        """The sentence that says why nothing can be trained."""
        trouble = self._trouble if self._cluster is None else LOST
        remedy = "Try again in a minute: it comes back by itself if it can."
        return EngineUnavailable("The engine that trains", "a running one", trouble, remedy)

    def _open(self) -> None:
        try:
            cluster = open_cluster(self.n_workers, calls_apart=self.calls_apart)
        except (OSError, RuntimeError) as error:
            log.exception("the engine did not start")
            self._trouble = f"{type(error).__name__}: {error}"
            raise self.unavailable() from error
        cluster.client.subscribe_topic(self.topic, self._hear_event)
        self._devices.clear()
        warm_ups: list[Future[Any]] = []
        for address in cluster.addresses(TRAINING):
            future = cluster.client.submit(
                warm_up,
                key=f"warm-up-{uuid.uuid4().hex}",
                workers=[address],
                priority=WARM_UP_PRIORITY,
                pure=False,
                resources=cluster.room_for(TRAINING),
            )
            future.add_done_callback(self._warmed_up)
            warm_ups.append(future)
        self._prepare_calls(cluster, warm_ups)
        self._cluster = cluster
        self._count(cluster)

    def _prepare_calls(self, cluster: Cluster, warm_ups: list[Future[Any]]) -> None:
        """Have the workers that do calls prepared, once those that train are warm."""
        if self.prepare is None:
            return
        for address in cluster.addresses(CALL):
            self._prepared.append(
                cluster.client.submit(
                    prepare_after,
                    self.prepare,
                    warm_ups,
                    key=f"prepare-{uuid.uuid4().hex}",
                    workers=[address],
                    priority=WARM_UP_PRIORITY - 1,
                    pure=False,
                    resources=cluster.room_for(CALL),
                )
            )

    def _begin_to_watch(self) -> None:
        with self._one_at_a_time:
            if not self._is_watched and not self._is_closed:
                self._is_watched = True
                threading.Thread(target=self._watch, name="engine-watch", daemon=True).start()

    def _watch(self) -> None:
        """Look after the connection until the engine is closed; one that is not there, or was
        lost, is tried again, ever less often."""
        wait = WATCH_SECONDS
        while not self._stop_watching.wait(wait):
            cluster = self._cluster
            try:
                if cluster is None or not cluster.is_up:
                    wait = min(2 * wait, LONGEST_WAIT_SECONDS)
                    self._reopen()
                else:
                    self._count(cluster)
                wait = WATCH_SECONDS
                self.look()
            except (EngineUnavailable, OSError, RuntimeError):
                continue  # said by `health`; the next look tries again
            except Exception:  # dask and tornado raise others while a connection goes
                log.exception("the engine could not be looked after; it is tried again")

    def _reopen(self) -> None:
        with self._one_at_a_time:
            if self._is_closed:
                return
            lost, self._cluster = self._cluster, None
            if lost is not None:
                self._trouble = LOST
                # Whatever goes wrong with a connection that is gone, a new one is to be made.
                with contextlib.suppress(Exception):
                    lost.close()
            self._open()

    def _count(self, cluster: Cluster) -> None:
        self._n_counted = len(cluster.addresses(TRAINING))

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
