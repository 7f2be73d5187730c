"""Whatever goes wrong while a job is given to a worker or brought home, the engine goes on."""

import errno
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster
from distributed.client import ClosedClientError
from distributed.comm import CommClosedError
from small_jobs import small

from vizmodels import Experiment, RunLibrary, Training
from vizmodels.errors import DamagedRun, EngineUnavailable, LatentariumError
from vizmodels.jobs import JobBoard, dispatch
from vizmodels.jobs.engine import Engine
from vizmodels.jobs.parcel import pack_run
from vizmodels.runs.run import train
from vizmodels.specs import PixelCNNSpec, VQVAESpec
from vizmodels.training.control import Order

NO_HANDLES = OSError(errno.EMFILE, "Too many open files")
CONNECTION_LOST = [
    CommClosedError("in <TCP (closed)>: Stream is closed"),
    ClosedClientError("Client is closed. Can't send update-graph message."),
    TimeoutError("timed out after 10 s."),
    EngineUnavailable("The engine", "a running one", "a lost connection", "Try again."),
]
OTHER_FAULTS = [
    NO_HANDLES,
    ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
    RuntimeError("cannot schedule new futures after shutdown"),
    TypeError("cannot pickle '_thread.lock' object"),
    MemoryError(),
    AttributeError("'NoneType' object has no attribute 'gather'"),
]


def name_of(fault: BaseException) -> str:
    return type(fault).__name__


class StubFuture:
    """A submission whose end the test decides."""

    def __init__(self, client: "StubClient") -> None:
        self.client, self.status = client, "pending"
        self.outcome: Any = None
        self.is_withdrawn = False
        self._callbacks: list[Callable[[Any], None]] = []

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self.client.fail_if_due("callback")
        self._callbacks.append(callback)

    def result(self) -> Any:
        self.client.fail_if_due("result")
        return self.outcome

    def exception(self) -> Any:
        self.client.fail_if_due("exception")
        return self.outcome

    def cancel(self) -> None:
        self.client.fail_if_due("cancel")
        self.is_withdrawn = True

    def finish(self, outcome: Any, status: str = "finished") -> None:
        self.outcome, self.status = outcome, status
        for callback in self._callbacks:
            callback(self)


class StubClient:
    """dask's client as far as the engine uses it, with a fault at a step that the test chooses."""

    def __init__(self) -> None:
        self.status = "running"
        self.given: list[StubFuture] = []
        self.faults: dict[str, BaseException] = {}

    def fail_if_due(self, step: str) -> None:
        if step in self.faults:
            raise self.faults.pop(step)

    def submit(self, *_: Any, **__: Any) -> StubFuture:
        self.fail_if_due("submit")
        self.given.append(StubFuture(self))
        return self.given[-1]

    def run(self, *_: Any, **__: Any) -> None:
        self.fail_if_due("run")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> StubClient:
    """Of an engine with room for one training."""
    stub = StubClient()
    monkeypatch.setattr(Engine, "client", lambda _: stub)
    monkeypatch.setattr(Engine, "n_training", property(lambda _: 1))
    return stub


@pytest.fixture
def board(client: StubClient, tmp_path: Path) -> Iterator[JobBoard]:
    made = JobBoard(RunLibrary(tmp_path / "runs"), journal=tmp_path / "journal")
    yield made
    client.faults.clear()
    made._dispatch.close()


def look(board: JobBoard) -> None:
    """What the engine's watch does every second."""
    board._dispatch._look()


def finish(board: JobBoard, future: StubFuture, experiment: Experiment) -> None:
    run = train(experiment, device="cpu")
    future.finish(pack_run(run))
    assert board.progress(experiment.id).state == "done"


@pytest.mark.parametrize("step", ["submit", "callback"])
@pytest.mark.parametrize("fault", [*CONNECTION_LOST, *OTHER_FAULTS], ids=name_of)
def test_a_training_that_cannot_be_handed_over_waits_again_and_goes_at_the_next_look(
    board: JobBoard, client: StubClient, step: str, fault: Exception
) -> None:
    first, second = small(1, epochs=1), small(2, epochs=1)
    client.faults[step] = fault
    board.submit(first, "Ada")
    job = board.progress(first.id)
    assert (job.state, job.position) == ("queued", 1)
    assert board._ledger.n_handed_over() == 0
    assert "it goes on from its checkpoint" in job.message or "it is tried again" in job.message
    board.submit(second, "Bob")
    look(board)
    assert board._ledger.n_handed_over() == 1
    finish(board, client.given[-1], first if board.progress(first.id).position == 1 else second)


def test_the_sentence_says_what_went_wrong(board: JobBoard, client: StubClient) -> None:
    client.faults["submit"] = NO_HANDLES
    job_id = board.submit(small(1))
    sentence = "It could not be given to a worker (Too many open files); it is tried again."
    assert board.progress(job_id).message == sentence


def test_a_connection_that_goes_is_told_by_the_clients_state(
    board: JobBoard, client: StubClient
) -> None:
    client.faults["submit"] = RuntimeError("IOLoop is closed")
    client.status = "closed"
    job_id = board.submit(small(1))
    assert board.progress(job_id).message == dispatch.LOST_SENTENCE


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), SystemExit()], ids=name_of)
def test_not_even_an_interruption_leaves_a_training_taken(
    board: JobBoard, client: StubClient, fault: BaseException
) -> None:
    client.faults["submit"] = fault
    with pytest.raises(type(fault)):
        board.submit(small(1))
    assert board._ledger.n_handed_over() == 0
    look(board)
    assert len(client.given) == 1


def test_a_prior_whose_vq_vae_cannot_be_read_now_does_not_stop_the_others(
    board: JobBoard, client: StubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = VQVAESpec(codebook_size=16, channels=8, n_residual=1, grid="half")
    vq_run = train(
        Experiment(dataset="digits", model=spec, training=Training(epochs=1)), device="cpu"
    )
    board.library.save(vq_run)
    prior = Experiment(
        dataset="digits", model=PixelCNNSpec(vq_run=vq_run.id, vqvae=spec, channels=8, n_layers=2)
    )

    load = board.library.load

    def unreadable(run_id: str) -> Any:
        if run_id == vq_run.id:
            raise OSError(errno.EMFILE, "Too many open files")
        return load(run_id)

    with monkeypatch.context() as patch:
        patch.setattr(board.library, "load", unreadable)
        board.submit(prior, "Ada")
        board.submit(small(1), "Bob")
        look(board)
        assert board.progress(prior.id).state == "queued"
        assert len(client.given) == 1, "Bob's has been given away"
    board.cancel(small(1).id, "Bob")
    look(board)
    assert len(client.given) == 2

    def damaged(run_id: str) -> Any:
        if run_id != vq_run.id:
            return load(run_id)
        raise DamagedRun("Run", "whole", "half", "Train it again.")

    monkeypatch.setattr(board.library, "load", damaged)
    again = prior.model_copy(update={"training": Training(seed=1)})
    board.cancel(prior.id, "Ada")
    board.submit(again, "Ada")
    assert board.progress(again.id).message == "Run must be whole; got half. Train it again."
    assert board._ledger.n_handed_over() == 0


def test_a_training_that_no_try_hands_over_fails_with_a_sentence(
    board: JobBoard, client: StubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "MAX_TRIES", 3)
    client.faults["submit"] = NO_HANDLES
    job_id = board.submit(small(1))
    for _ in range(2):
        assert board.progress(job_id).state == "queued"
        client.faults["submit"] = NO_HANDLES
        look(board)
    job = board.progress(job_id)
    assert job.state == "failed"
    assert job.message.startswith("The engine must be able to take a job; got Too many open files.")
    assert board._journal.interrupted() == []


@pytest.mark.parametrize("step", ["submit", "callback"])
@pytest.mark.parametrize("fault", [*CONNECTION_LOST, *OTHER_FAULTS], ids=name_of)
def test_a_call_that_cannot_be_handed_over_is_refused_and_can_be_asked_again(
    board: JobBoard, client: StubClient, step: str, fault: Exception
) -> None:
    client.faults[step] = fault
    with pytest.raises(LatentariumError):
        board.submit_call("time", time.time)
    assert board.progress("call-time").state == "failed"
    assert board.submit_call("time", time.time) == "call-time"
    client.given[-1].finish(3.0)
    assert board.result("call-time") == 3.0


@pytest.mark.parametrize("fault", CONNECTION_LOST, ids=name_of)
def test_a_run_that_is_lost_on_its_way_home_is_trained_again(
    board: JobBoard, client: StubClient, fault: Exception
) -> None:
    experiment = small(1, epochs=1)
    board.submit(experiment)
    client.faults["result"] = fault
    client.given[0].finish({})
    assert board.progress(experiment.id).message == dispatch.LOST_SENTENCE
    look(board)
    finish(board, client.given[1], experiment)


@pytest.mark.parametrize("fault", CONNECTION_LOST, ids=name_of)
def test_a_result_of_a_call_that_is_lost_on_its_way_home_can_be_asked_again(
    board: JobBoard, client: StubClient, fault: Exception
) -> None:
    board.submit_call("time", time.time)
    client.faults["result"] = fault
    client.given[0].finish(1.0)
    assert board.progress("call-time").state == "failed"
    board.submit_call("time", time.time)
    client.given[1].finish(2.0)
    assert board.result("call-time") == 2.0


def test_a_lost_training_whose_end_was_asked_for_is_not_begun_again(
    board: JobBoard, client: StubClient
) -> None:
    job_id = board.submit(small(1), "Ada")
    tag = board._ledger.open_jobs()[0].tag
    board._ledger.hear({"job": tag, "attempt": "a", "kind": "began", "history": None})
    board.cancel(job_id, "Ada")
    assert board.progress(job_id).state == "running", "its worker is to answer"
    client.given[0].finish(None, "lost")
    assert board.progress(job_id).state == "cancelled"
    look(board)
    assert len(client.given) == 1


@pytest.mark.parametrize("step", ["result", "exception"])
def test_what_nobody_foresaw_on_the_way_home_fails_the_job_and_frees_its_place(
    board: JobBoard, client: StubClient, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    first, second = small(1, epochs=1), small(2, epochs=1)
    board.submit(first)
    board.submit(second)
    client.faults[step] = ValueError("nobody foresaw this")
    client.given[0].finish(None, "finished" if step == "result" else "error")
    job = board.progress(first.id)
    assert (job.state, job.message.split(";")[1][:15]) == ("failed", " got ValueError")
    assert "nobody foresaw this" in caplog.text
    finish(board, client.given[1], second)


def closed_meanwhile(
    board: JobBoard, client: StubClient, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """The server ends while a run is on its way home."""
    job_id = board.submit(small(1))
    job = board._ledger.open_jobs()[0]

    def result(_: StubFuture) -> None:
        board._ledger.end(job, "interrupted")
        raise fault

    monkeypatch.setattr(StubFuture, "result", result)
    client.given[0].finish({})
    assert board.progress(job_id).state == "interrupted"
    assert len(board._journal.interrupted()) == 1, "the next start lists it"


@pytest.mark.parametrize(
    "fault", [*CONNECTION_LOST, RuntimeError("ConnectionPool is closed")], ids=name_of
)
def test_a_client_that_closes_leaves_no_traceback(
    board: JobBoard,
    client: StubClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
) -> None:
    if isinstance(fault, RuntimeError):
        client.status = "closing"
    with caplog.at_level(logging.WARNING):
        closed_meanwhile(board, client, monkeypatch, fault)
    assert caplog.text == ""


def test_what_nobody_foresaw_is_logged_although_the_job_is_over(
    board: JobBoard,
    client: StubClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    closed_meanwhile(board, client, monkeypatch, ValueError("nobody foresaw this"))
    assert "nobody foresaw this" in caplog.text


def test_all_that_dask_raises_after_its_client_has_closed_is_one_refusal() -> None:
    engine = Engine(lambda _: None, lambda: None)
    with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        client = Client(cluster, set_as_default=False)
        future = client.submit(time.time)
        assert engine.outcome(future) > 0
        client.close()
        closed: list[Callable[[], object]] = [
            lambda: engine.outcome(future),
            lambda: engine.withdraw(future),
        ]
        engine.client = lambda: client  # pyright: ignore[reportAttributeAccessIssue]
        closed += [
            lambda: engine.submit(time.time, name="time", kind="call", priority=0),
            lambda: engine.order("tag", Order()),
        ]
        for ask in closed:
            with pytest.raises(EngineUnavailable, match=r"^The engine that trains must be "):
                ask()


def test_a_training_is_steered_a_thousand_times_and_then_refuses(
    board: JobBoard, client: StubClient
) -> None:
    experiment = small(1)
    job_id = board.submit(experiment, "Ada")
    for at in range(1000):
        job_id = board.order(job_id, "Ada", lambda o, v=float(at % 2): o.with_turn("kl_weight", v))
    sentence = "A training must be steered at most 1,000 times; got 1001. Let it go on as it is."
    with pytest.raises(LatentariumError) as error:
        board.order(job_id, "Ada", lambda order: order.with_turn("kl_weight", 0.5))
    assert str(error.value) == sentence
    board.order(job_id, "Ada", Order.paused)
    assert len(board.progress(job_id).order.turns) == 1000
