"""What the board keeps, without any engine: messages in, snapshots out."""

import math
import sys
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from vizmodels import Experiment, VAESpec, train
from vizmodels.errors import DamagedRun, LatentariumError, NotYours, UnknownRun
from vizmodels.experiment import Training
from vizmodels.jobs import ledger as ledgers
from vizmodels.jobs import record
from vizmodels.jobs.ledger import Ledger
from vizmodels.jobs.limits import Limits
from vizmodels.jobs.messages import Plain, pack_progress, unpack_progress
from vizmodels.jobs.parcel import pack_run, unpack_run
from vizmodels.jobs.record import Job, Kind
from vizmodels.training.control import Order
from vizmodels.training.progress import History, Preview, Progress


def new_job(job_id: str, kind: Kind = "training", visitor: str = "") -> Job:
    return Job(job_id, kind, job_id, f"tag of {job_id}", visitor)


def began(job_id: str, attempt: str, history: History | None = None) -> Plain:
    kept = None if history is None else {k: v.tolist() for k, v in history.to_arrays().items()}
    return {"job": f"tag of {job_id}", "attempt": attempt, "kind": "began", "history": kept}


def report(job_id: str, attempt: str, step: int, loss: float, test: float | None = None) -> Plain:
    test_terms = {} if test is None else {"loss": test}
    progress = Progress(step, 100, step // 10, 10, {"loss": loss}, test_terms, 1.0, None)
    packed = pack_progress(progress)
    return {"job": f"tag of {job_id}", "attempt": attempt, "kind": "progress", "progress": packed}


def test_progress_survives_its_journey_with_its_preview() -> None:
    preview = Preview(
        np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4),
        np.ones((1, 1, 4, 4), np.uint8),
        np.array([[0.5, math.pi]], np.float32),
        None,
    )
    sent = Progress(3, 9, 1, 3, {"loss": 0.25}, {}, 10.0, 2.5, preview)
    came = unpack_progress(pack_progress(sent))
    assert came.preview is not None
    for name in ("originals", "reconstructions", "points"):
        there, here = getattr(preview, name), getattr(came.preview, name)
        np.testing.assert_array_equal(there, here)
        assert there.dtype == here.dtype
    assert came.preview.labels is None
    assert (came.step, came.terms, came.seconds_left) == (3, {"loss": 0.25}, 2.5)


def test_messages_of_a_dead_attempt_are_dropped_and_its_rows_beyond_the_checkpoint_too() -> None:
    ledger = Ledger()
    ledger.open(new_job("a"))
    ledger.hear(began("a", "first"))
    for step in (10, 20, 30):
        ledger.hear(report("a", "first", step, 1 / step, test=2 / step))
    ledger.hear(began("a", "second", History(("loss",), ("",), [20], [[0.05]], [2], [[0.1]])))
    ledger.hear(report("a", "first", 40, 9.0))
    ledger.hear(report("a", "second", 30, 0.03, test=0.06))
    job = ledger.snapshot("a")
    assert job.attempt == 2
    assert job.curve.steps.tolist() == [20, 30]
    assert job.curve.epochs.tolist() == [2, 3]
    assert job.message == "A worker was lost; the job goes on from epoch 2."


def test_figures_of_the_whole_test_set_have_a_curve_of_their_own_that_goes_on_after_a_crash() -> (
    None
):
    def report_usage(attempt: str, epoch: int, usage: float) -> Plain:
        units = {"loss": "nats", "usage": "share of the codes"}
        test_terms = {"loss": 1.0, "usage": usage}
        loss = {"loss": 1 / epoch}
        progress = Progress(epoch, 9, epoch, 9, loss, test_terms, 1.0, None, units=units)
        packed = pack_progress(progress)
        return {"job": "tag of a", "attempt": attempt, "kind": "progress", "progress": packed}

    ledger = Ledger()
    ledger.open(new_job("a"))
    ledger.hear(began("a", "first"))
    ledger.hear(report_usage("first", 1, 0.25))
    ledger.hear(report_usage("first", 2, 0.75))
    curve = ledger.snapshot("a").curve
    assert curve.names == ("loss",)
    assert curve.measures["usage"].tolist() == [0.25, 0.75]
    assert curve.units == {"loss": "nats", "usage": "share of the codes"}
    kept = History(("loss",), ("nats",), [1], [[1.0]], [1], [[1.0]])
    kept.measures, kept.measure_units = {"usage": [0.25]}, {"usage": "share of the codes"}
    ledger.hear(began("a", "second", kept))
    ledger.hear(report_usage("second", 2, 0.5))
    assert ledger.snapshot("a").curve.measures["usage"].tolist() == [0.25, 0.5]
    assert kept.measures["usage"] == [0.25], "the history that was given stays as it is"


def test_rows_that_are_not_there_yet_or_are_told_twice_leave_no_point() -> None:
    ledger = Ledger()
    ledger.open(new_job("a"))
    ledger.hear(began("a", "first"))
    for step, loss in ((1, math.nan), (2, 0.5), (3, 0.5), (4, 0.25)):
        ledger.hear(report("a", "first", step, loss))
    assert ledger.snapshot("a").curve.steps.tolist() == [2, 4]


def test_a_curve_stays_bounded_and_keeps_its_span(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MAX_CURVE_ROWS", 8)
    ledger = Ledger()
    ledger.open(new_job("a"))
    ledger.hear(began("a", "first"))
    for step in range(1, 101):
        ledger.hear(report("a", "first", step, 1 / step))
    steps = ledger.snapshot("a").curve.steps
    assert 4 <= len(steps) <= 8
    assert steps[0] == 1 and steps[-1] > 90
    assert (np.diff(steps) > 0).all()


def test_a_message_for_a_job_that_is_over_changes_nothing() -> None:
    ledger = Ledger()
    job = new_job("a")
    ledger.open(job)
    assert ledger.end(job, "cancelled")
    ledger.hear(began("a", "late"))
    assert ledger.snapshot("a").state == "cancelled"
    assert not ledger.end(job, "done")


def test_only_the_last_finished_jobs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "MAX_FINISHED", 3)
    ledger = Ledger()
    ledger.open(new_job("open"))
    for at in range(5):
        job = new_job(str(at))
        ledger.open(job)
        ledger.end(job, "failed")
    assert [job.job_id for job in ledger.snapshots()] == ["4", "3", "2", "open"]


DEEP = 5  # frames, from numpy's own up to this file


def bytes_held() -> int:
    """What this file has had allocated and not let go; an engine's threads allocate beside it."""
    ours = [tracemalloc.Filter(True, __file__, all_frames=True)]
    held = tracemalloc.take_snapshot().filter_traces(ours).statistics("filename")
    return sum(statistic.size for statistic in held)


def test_five_hundred_jobs_take_no_more_memory_than_the_last_of_them() -> None:
    ledger, sizes = Ledger(), []
    picture, points = np.zeros((12, 1, 28, 28), np.uint8), np.zeros((1000, 2), np.float32)
    tracemalloc.start(DEEP)
    for at in range(500):
        job = new_job(f"{at}")
        ledger.open(job)
        ledger.hear(began(job.job_id, "first"))
        for step in range(5):
            preview = Preview(picture.copy(), picture.copy(), points.copy(), None)
            progress = Progress(step, 20, 0, 1, {"loss": 1.0 + step}, {}, 1.0, None, preview)
            message = {**report(job.job_id, "first", 1, 1.0), "progress": pack_progress(progress)}
            ledger.hear(message)
        ledger.change_order(job, lambda order: order.with_turn("kl_weight", 0.1))
        ledger.end(job, "done" if at % 2 else "failed")
        if at in (ledgers.MAX_FINISHED, 499):
            sizes.append(bytes_held())
    tracemalloc.stop()
    assert len(ledger.snapshots()) == ledgers.MAX_FINISHED
    assert sizes[-1] - sizes[0] < 100_000  # a single preview has 27 kB


def test_results_of_calls_go_when_they_are_longest_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "MAX_RESULTS", 2)
    ledger = Ledger()
    jobs = [new_job(name, "call") for name in "abc"]
    for job in jobs[:2]:
        ledger.open(job)
        ledger.end(job, "done", outcome=job.job_id)
    assert ledger.outcome(jobs[0]) == "a"
    ledger.open(jobs[2])
    ledger.end(jobs[2], "done", outcome="c")
    assert [job.job_id for job in ledger.snapshots()] == ["c", "a"]
    with pytest.raises(UnknownRun, match="got b"):
        ledger.snapshot("b")


def test_a_visitor_and_the_queue_have_room_for_so_many_jobs() -> None:
    ledger = Ledger(Limits(per_visitor=1, queue=3))
    ledger.open(new_job("a", visitor="Ada"))
    with pytest.raises(
        LatentariumError, match=r"What you train must be at most 1 job at once; got 2"
    ):
        ledger.open(new_job("b", visitor="Ada"))
    ledger.open(new_job("b"))
    ledger.open(new_job("c"))
    with pytest.raises(LatentariumError, match=r"The queue must be at most 3 jobs; got 4"):
        ledger.open(new_job("d"))
    assert not ledger.open(new_job("a", visitor="Grace"))


def test_a_refusal_says_when_to_come_back() -> None:
    ledger = Ledger(Limits(per_visitor=1))
    ledger.open(new_job("a", visitor="Ada"))
    with pytest.raises(LatentariumError, match="Come back when one of them is done, or stop one"):
        ledger.open(new_job("b", visitor="Ada"))
    ledger.hear(began("a", "first"))
    told = report("a", "first", 1, 0.5)
    told["progress"]["seconds_left"] = 42.0
    ledger.hear(told)
    with pytest.raises(LatentariumError, match="Come back in about 42 s, or stop one"):
        ledger.open(new_job("b", visitor="Ada"))


def test_calls_do_not_count_as_trainings() -> None:
    ledger = Ledger(Limits(per_visitor=1))
    ledger.open(new_job("a", "call", visitor="Ada"))
    ledger.open(new_job("b", "call", visitor="Ada"))
    assert ledger.open(new_job("c", visitor="Ada"))


def sweep_jobs(name: str, n: int, visitor: str = "Ada") -> list[Job]:
    jobs = [new_job(f"{name}{at}", visitor=visitor) for at in range(n)]
    for job in jobs:
        job.sweep = name
    return jobs


def test_a_sweep_counts_as_one_and_is_entered_whole_or_not_at_all() -> None:
    ledger = Ledger(Limits(per_visitor=1, queue=6))
    assert len(ledger.open_sweep(sweep_jobs("s", 4))) == 4
    assert len(ledger.open_sweep(sweep_jobs("s", 5))) == 1, "those that are open stay"
    with pytest.raises(LatentariumError, match="What you train"):
        ledger.open(new_job("another", visitor="Ada"))
    with pytest.raises(LatentariumError, match=r"The queue must be at most 6 jobs; got 8"):
        ledger.open_sweep(sweep_jobs("t", 3, visitor="Grace"))
    assert len(ledger.snapshots()) == 5


def test_visitors_take_turns_and_positions_say_so() -> None:
    ledger = Ledger(Limits(per_visitor=9))
    for at in range(3):
        ledger.open(new_job(f"ada{at}", visitor="Ada"))
    ledger.open(new_job("grace", visitor="Grace"))
    ledger.open(new_job("mary", visitor="Mary"))
    order = sorted(ledger.snapshots(), key=lambda job: job.position)
    assert [job.job_id for job in order] == ["ada0", "grace", "mary", "ada1", "ada2"]
    taken = [ledger.take_turn() for _ in range(3)]
    assert [job.job_id for job in taken if job] == ["ada0", "grace", "mary"]
    ledger.open(new_job("grace2", visitor="Grace"))
    assert [job.job_id for job in (ledger.take_turn(), ledger.take_turn()) if job] == [
        "ada1",
        "grace2",
    ], "Ada was served before Grace"
    assert ledger.n_handed_over() == 5


def test_a_worker_whose_run_is_on_its_way_home_counts_as_free() -> None:
    ledger = Ledger()
    for name in "ab":
        ledger.open(new_job(name))
    first = ledger.take_turn()
    assert first is not None and ledger.n_handed_over() == 1
    ledger.free_worker(first)
    assert ledger.n_handed_over() == 0
    second = ledger.take_turn()
    assert second is not None and second is not first, "the first is not given out again"
    ledger.end(first, "done")
    assert ledger.snapshot(first.job_id).state == "done"


def test_a_job_stops_only_when_nobody_is_left_who_asked_for_it() -> None:
    ledger = Ledger()
    job = new_job("a", visitor="Ada")
    ledger.open(job)
    ledger.open(new_job("a", visitor="Grace"))
    assert ledger.snapshot("a").askers == ("Ada", "Grace")
    assert not ledger.leave(job, "Ada")
    assert ledger.leave(job, "Grace")


def test_a_first_turn_of_a_knob_gives_a_job_an_id_of_its_own() -> None:
    ledger = Ledger()
    experiment = Experiment(dataset="digits", model=VAESpec())
    job = Job(experiment.id, "training", "t", "abcdef012345", "Ada", experiment)
    ledger.open(job)
    ledger.open(new_job("later"))
    steered = ledger.change_order(job, lambda order: order.with_turn("kl_weight", 0.1))
    assert steered == f"{experiment.id}-abcdef"
    assert ledger.snapshot(experiment.id).job_id == steered, "its watchers find it"
    assert [job.job_id for job in ledger.snapshots()] == ["later", steered]
    assert ledger.change_order(job, lambda order: order.with_turn("kl_weight", 0.2)) == steered
    assert ledger.open(Job(experiment.id, "training", "t", "other", "Grace", experiment))
    assert ledger.snapshot(experiment.id).job_id == experiment.id, "who asks anew gets a new one"


def test_a_waiting_report_is_a_pause_and_the_next_one_its_end() -> None:
    ledger = Ledger()
    ledger.open(new_job("a"))
    ledger.hear(began("a", "first"))
    told = report("a", "first", 1, 0.5)
    told["progress"]["is_waiting"] = True
    ledger.hear(told)
    held = ledger.held_longest()
    assert ledger.snapshot("a").state == "paused" and held is not None and held.job_id == "a"
    ledger.hear(report("a", "first", 2, 0.4))
    assert ledger.snapshot("a").state == "running" and ledger.held_longest() is None


def test_a_parcel_must_hold_the_files_of_one_whole_run() -> None:
    training = Training(epochs=1)
    run = train(Experiment(dataset="digits", model=VAESpec(widths=(4,)), training=training))
    parcel = pack_run(run)
    assert unpack_run(parcel, run.id).history == run.history
    with pytest.raises(DamagedRun, match="must be the files"):
        unpack_run({**parcel, "../escape": b""}, run.id)
    with pytest.raises(DamagedRun, match="whole and readable"):
        unpack_run({**parcel, "weights.safetensors": b"short"}, run.id)


def test_no_order_is_lost_of_those_that_four_threads_give_at_once() -> None:
    ledger, job = Ledger(), new_job("a", visitor="Ada")
    ledger.open(job)

    def give(_: int) -> None:
        for _ in range(2000):
            ledger.change_order(job, Order.one_step)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(give, range(4)))
    finally:
        sys.setswitchinterval(before)
    assert job.order.n_steps_granted == 8000


def test_turns_are_numbered_upwards_although_the_clock_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 7)
    order = Order().with_turn("kl_weight", 0.1).with_turn("kl_weight", 0.2)
    assert [turn.number for turn in order.turns] == [7, 8]


def test_an_order_that_cannot_be_given_leaves_everything_as_it_was() -> None:
    ledger, job = Ledger(), new_job("a")
    ledger.open(job)

    def refuse(_: Order) -> Order:
        raise NotYours("A training", "yours", "not yours", "Start one.")

    with pytest.raises(NotYours):
        ledger.change_order(job, refuse)
    assert job.order == Order()
    assert ledger.change_order(job, Order.paused) == "a", "the lock is free"


def test_a_sweep_is_another_asker_of_a_job_that_is_open_already() -> None:
    ledger, job = Ledger(), new_job("s0", visitor="Ada")
    ledger.open(job)
    assert [new.job_id for new in ledger.open_sweep(sweep_jobs("s", 2, "Grace"))] == ["s1"]
    assert ledger.snapshot("s0").askers == ("Ada", "Grace")
    assert ledger.asked_by_sweep("s") == [job, ledger.find("s1")]
    assert not ledger.leave(job, "Ada"), "the sweep needs it"
    assert ledger.snapshot("s0").visitor == "Grace", "who is left may pause it"
    assert ledger.leave(job, "Grace", "s")


def test_a_sweep_of_the_app_itself_keeps_a_visitors_job_going() -> None:
    ledger, job = Ledger(), new_job("s0", visitor="Ada")
    ledger.open(job)
    ledger.open_sweep(sweep_jobs("s", 1, ""))
    assert not ledger.leave(job, "Ada")
    assert ledger.leave(job, "", "s")


def test_who_leaves_with_a_sweep_keeps_what_he_asked_for_by_itself() -> None:
    ledger, job = Ledger(), new_job("s0", visitor="Ada")
    ledger.open(job)
    for sweep in ("s", "t"):
        again = sweep_jobs("s", 1, "Ada")[0]
        again.sweep = sweep
        ledger.open_sweep([again])
    assert not ledger.leave(job, "Ada", "s")
    assert not ledger.leave(job, "Ada", "t")
    assert ledger.leave(job, "Ada")


@pytest.mark.parametrize(
    ("at_yield", "since", "state"),
    [
        (Order("pause"), None, "paused"),
        (Order("pause"), Order.running, "queued"),
        (Order("pause"), Order.one_step, "queued"),
        (Order(), None, "queued"),
    ],
)
def test_a_training_that_is_set_aside_waits_for_a_worker_if_something_was_asked_since(
    at_yield: Order, since: Callable[[Order], Order] | None, state: str
) -> None:
    ledger, job = Ledger(), new_job("a")
    ledger.open(job)
    ledger.take_turn()
    ledger.change_order(job, lambda _: at_yield)
    assert ledger.ask_to_yield(job).wish == "yield"
    if since is not None:
        ledger.change_order(job, since)
    ledger.set_aside(job)
    assert ledger.snapshot("a").state == state
    assert ledger.wake(job) == (state == "paused")
