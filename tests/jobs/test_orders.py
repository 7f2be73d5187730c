"""Orders to trainings that run in a worker: pause, step, pace, knobs; and who may give them."""

import time

import pytest
from small_jobs import long, small, wait_until, wait_until_over

from vizmodels.errors import InvalidExperiment, LatentariumError, NotYours
from vizmodels.jobs import JobBoard, dispatch
from vizmodels.training.control import Order

SECONDS_PER_STEP = 0.2  # of slow motion


def begin(engine: JobBoard, seed: int, visitor: str = "Ada") -> str:
    job_id = engine.submit(long(seed), visitor)
    wait_until(engine, job_id, lambda job: job.latest is not None and job.latest.step > 0)
    return job_id


def test_a_pause_holds_the_training_and_single_steps_move_it_by_one(engine: JobBoard) -> None:
    job_id = begin(engine, 21)
    engine.order(job_id, "Ada", Order.paused)
    paused = wait_until(engine, job_id, lambda job: job.state == "paused")
    assert paused.latest is not None
    at = paused.latest.step
    time.sleep(0.3)
    still = engine.progress(job_id).latest
    assert still is not None and still.step == at
    for further in (1, 2):
        engine.order(job_id, "Ada", Order.one_step)
        wait_until(
            engine, job_id, lambda job, to=at + further: job.latest and job.latest.step == to
        )
    engine.order(job_id, "Ada", Order.running)
    wait_until(engine, job_id, lambda job: job.latest and job.latest.step > at + 10)
    engine.cancel(job_id)
    wait_until_over(engine, job_id)


def test_slow_motion_shows_every_step(engine: JobBoard) -> None:
    job_id = begin(engine, 22)
    engine.order(job_id, "Ada", lambda order: order.slowed(SECONDS_PER_STEP))
    time.sleep(0.5)
    began, before = time.monotonic(), engine.progress(job_id).latest
    time.sleep(1.0)
    after, seconds = engine.progress(job_id).latest, time.monotonic() - began
    assert before is not None and after is not None
    # A sleep lasts longer than asked for where others take the cores.
    assert 2 <= after.step - before.step <= 2 + seconds / SECONDS_PER_STEP
    engine.cancel(job_id)
    wait_until_over(engine, job_id)


def test_a_steered_training_is_a_run_of_its_own_that_says_so(engine: JobBoard) -> None:
    experiment = small(seed=23, epochs=200)
    job_id = engine.submit(experiment, "Ada")
    wait_until(engine, job_id, lambda job: job.latest is not None)
    steered = engine.order(job_id, "Ada", lambda order: order.with_turn("kl_weight", 0.05))
    assert steered.startswith(f"{job_id}-")
    job = wait_until_over(engine, steered)
    assert (job.state, job.message) == ("done", "")
    assert job.is_steered and job.run_id not in ("", experiment.id)
    run = engine.result(steered)
    (move,) = run.history.moves
    assert (move.knob, move.value) == ("kl_weight", 0.05) and move.step > 0
    assert run.experiment == experiment.steered([move]) and run.id == job.run_id
    assert experiment not in engine.library
    assert engine.progress(job_id).job_id == steered


def test_only_who_asked_first_may_pause_and_only_alone_may_they_steer(engine: JobBoard) -> None:
    job_id = begin(engine, 24)
    with pytest.raises(NotYours, match="must be paused and steered by who started it; got you"):
        engine.order(job_id, "Eve", Order.paused)
    assert engine.submit(long(24), "Grace") == job_id
    with pytest.raises(NotYours, match="must be one that you alone wait for; got 1 other"):
        engine.order(job_id, "Ada", lambda order: order.with_turn("kl_weight", 0.05))
    engine.cancel(job_id, "Ada")
    time.sleep(0.2)
    assert not engine.progress(job_id).is_over, "Grace still waits for it"
    engine.cancel(job_id, "Grace")
    assert wait_until_over(engine, job_id).state == "cancelled"


def test_a_knob_that_is_not_there_or_turned_too_far_is_refused(engine: JobBoard) -> None:
    job_id = begin(engine, 25)
    with pytest.raises(InvalidExperiment, match="noise_weight must be a number from 0 to 1; got 7"):
        engine.order(job_id, "Ada", lambda order: order.with_turn("noise_weight", 7.0))
    assert engine.progress(job_id).job_id == job_id
    engine.cancel(job_id)
    wait_until_over(engine, job_id)
    with pytest.raises(LatentariumError, match="must be a training; got cancelled"):
        engine.order(job_id, "Ada", Order.paused)


def test_a_paused_training_makes_room_for_one_that_waits_and_goes_on_where_it_was(
    engine: JobBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "HELD_SECONDS", 0.0)
    job_id = begin(engine, 26)
    wait_until(engine, job_id, lambda job: len(job.curve.steps) > 1)
    engine.order(job_id, "Ada", Order.paused)
    wait_until(engine, job_id, lambda job: job.state == "paused")
    waiting = engine.submit(small(seed=26), "Grace")
    assert wait_until_over(engine, waiting).state == "done"
    aside = engine.progress(job_id)
    assert aside.state == "paused" and aside.latest is not None
    engine.order(job_id, "Ada", Order.running)
    again = wait_until(engine, job_id, lambda job: job.attempt == 2 and job.state == "running")
    assert again.message == "", "nothing was lost"
    further = wait_until(
        engine, job_id, lambda job: job.latest and job.latest.step > aside.latest.step
    )
    assert further.curve.steps[0] < aside.latest.step
    engine.cancel(job_id)
    wait_until_over(engine, job_id)
