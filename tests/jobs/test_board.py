"""The board with a real engine: one cluster for the whole module, tiny experiments on `digits`."""

import math
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from distributed import LocalCluster
from small_jobs import long, small, wait_until, wait_until_over

from vizmodels import (
    Experiment,
    PixelCNNSpec,
    RunLibrary,
    Training,
    VAESpec,
    VQVAESpec,
    train,
)
from vizmodels.errors import EngineUnavailable, LatentariumError, UnknownDataset, UnknownRun
from vizmodels.jobs import JobBoard, board, close_board, open_board
from vizmodels.training import clock, loop


def pictures(n: int) -> np.ndarray:
    return np.arange(n * n, dtype=np.float32).reshape(n, n)


def refuse() -> None:
    raise UnknownRun("Run", "in the library", "none", "Choose one.")


def stumble() -> None:
    raise ZeroDivisionError("secret path /root")


def checkpoint_often() -> int:
    clock.CHECKPOINT_SECONDS = 0.05
    return os.getpid()


def worker_threads() -> int:
    return torch.get_num_threads()


def test_a_run_lands_in_the_library_and_equals_one_trained_here_bit_for_bit(
    engine: JobBoard,
) -> None:
    threads_there = engine.submit_call("threads", worker_threads)
    wait_until_over(engine, threads_there)
    assert engine.result(threads_there) == torch.get_num_threads()
    job_id = engine.submit(small(seed=1))
    job = wait_until_over(engine, job_id)
    assert (job.state, job.message) == ("done", "")
    stored, here = engine.result(job_id), train(small(seed=1))
    assert stored.history == here.history
    assert stored.evaluation == here.evaluation
    for name, weight in here.model.state_dict().items():
        assert torch.equal(stored.model.state_dict()[name], weight), name
    assert list(job.curve.steps) == here.history.steps
    np.testing.assert_array_equal(job.curve.column("kl"), here.history.column("kl"))


def test_progress_arrives_while_it_trains_and_its_terms_are_finite(engine: JobBoard) -> None:
    job_id = engine.submit(long(seed=2))
    job = wait_until(engine, job_id, lambda job: len(job.curve.epochs) >= 3)
    assert job.state == "running" and job.started_at is not None
    assert job.latest is not None and job.latest.preview is not None
    assert 0 < job.latest.fraction < 1
    assert job.latest.preview.reconstructions.shape == (12, 1, 8, 8)
    assert job.latest.preview.points.dtype == np.float32
    assert job.curve.names == ("reconstruction", "kl", "loss")
    assert all(math.isfinite(value) for value in job.latest.terms.values())
    assert np.isfinite(job.curve.train_rows).all() and np.isfinite(job.curve.test_rows).all()
    assert (np.diff(job.curve.steps) > 0).all()
    engine.cancel(job_id)
    over = wait_until_over(engine, job_id)
    assert over.latest is not None and over.latest.preview is None


@pytest.mark.alone
def test_cancel_stops_a_long_job_within_a_second(engine: JobBoard) -> None:
    job_id = engine.submit(long(seed=3))
    wait_until(engine, job_id, lambda job: job.latest is not None)
    asked = time.monotonic()
    engine.cancel(job_id)
    assert wait_until_over(engine, job_id).state == "cancelled"
    assert time.monotonic() - asked < 1
    assert long(seed=3) not in engine.library
    with pytest.raises(LatentariumError, match=r"must be done; got cancelled"):
        engine.result(job_id)


def test_the_same_experiment_twice_is_one_job_and_others_queue_behind_it(engine: JobBoard) -> None:
    first = engine.submit(long(seed=4), visitor="Ada")
    wait_until(engine, first, lambda job: job.state == "running")
    assert engine.submit(long(seed=4), visitor="Grace") == first
    second, third = engine.submit(small(seed=4)), engine.submit(small(seed=5))
    call = engine.submit_call("before trainings", pictures, 3)
    assert [engine.progress(job_id).position for job_id in (first, call, second, third)] == [
        0,
        1,
        2,
        3,
    ]
    engine.cancel(second)
    assert engine.progress(second).state == "cancelled"
    assert engine.progress(third).position == 2
    engine.cancel(first)
    assert wait_until_over(engine, third).state == "done"
    assert sum(job.job_id == first for job in engine.jobs()) == 1
    assert engine.progress(first).visitor == "Ada"
    order = [job.job_id for job in engine.jobs()]
    assert order.index(third) < order.index(second) < order.index(first)


def test_a_job_whose_run_is_in_the_library_is_done_at_once_with_its_curve(
    engine: JobBoard,
) -> None:
    run = train(small(seed=6))
    engine.library.save(run)
    job = engine.progress(engine.submit(small(seed=6)))
    assert job.state == "done"
    assert list(job.curve.epochs) == run.history.epochs


def test_a_prior_is_trained_on_the_codes_of_a_run_in_the_library(engine: JobBoard) -> None:
    spec = VQVAESpec(codebook_size=16, code_dim=4, channels=8, n_residual=0, grid="half")
    of_codes = Experiment(dataset="digits", model=spec, training=Training(epochs=2))
    vq_id = engine.submit(of_codes)
    told = wait_until_over(engine, vq_id)
    assert (told.state, told.message, told.experiment) == ("done", "", of_codes)
    assert set(told.curve.measures) == {"usage", "perplexity"}
    assert told.curve.measures["usage"].shape == (2,)
    prior = PixelCNNSpec(vq_run=vq_id, vqvae=spec, channels=8, n_layers=2)
    learned = Experiment(dataset="digits", model=prior, training=Training(epochs=2))
    job = wait_until_over(engine, engine.submit(learned))
    assert (job.state, job.message) == ("done", "")
    assert job.curve.names == ("code_nll", "loss")
    vq, run = engine.result(vq_id), engine.result(learned.id)
    for name, weight in vq.model.state_dict().items():
        assert torch.equal(run.model.vqvae.state_dict()[name], weight), name
    assert run.history == train(learned, vq_run=vq).history


def test_a_prior_whose_vq_vae_is_not_here_is_refused_at_once(tmp_path: Path) -> None:
    idle = JobBoard(RunLibrary(tmp_path))
    prior = PixelCNNSpec(vq_run="0123456789ab", vqvae=VQVAESpec())
    sentence = "The VQ-VAE of a prior must be in the library; got 0123456789ab. Train that VQ-VAE"
    with pytest.raises(UnknownRun, match=sentence):
        idle.submit(Experiment(dataset="digits", model=prior))
    assert idle.jobs() == []


def test_a_cancelled_job_can_be_submitted_again(engine: JobBoard) -> None:
    blocker = engine.submit(long(seed=7))
    job_id = engine.submit(small(seed=7))
    engine.cancel(job_id)
    assert engine.submit(small(seed=7)) == job_id
    assert engine.progress(job_id).state == "queued"
    engine.cancel(blocker)
    assert wait_until_over(engine, job_id).state == "done"


def test_a_late_joiner_sees_the_whole_curve(engine: JobBoard) -> None:
    job_id = engine.submit(long(seed=8))
    wait_until(engine, job_id, lambda job: len(job.curve.epochs) >= 5)
    joined = engine.progress(engine.submit(long(seed=8), visitor="late"))
    engine.cancel(job_id)
    assert joined.curve.epochs[0] == 1
    assert len(joined.curve.test_rows) >= 5
    first_epoch = 94  # steps: 1,500 images in batches of 16, the last of them filled up
    assert joined.curve.steps[0] <= first_epoch


def test_a_killed_worker_goes_on_from_its_checkpoint_without_gap_or_repeat(
    engine: JobBoard, home: Path
) -> None:
    experiment = Experiment(
        dataset="digits", model=VAESpec(widths=(64,)), training=Training(epochs=150, batch_size=64)
    )
    call = engine.submit_call("checkpoint often", checkpoint_often)
    wait_until_over(engine, call)
    job_id = engine.submit(experiment)
    checkpoint = home / "cache" / "checkpoints" / f"{job_id}.safetensors"
    wait_until(engine, job_id, lambda job: checkpoint.exists() and len(job.curve.epochs) >= 4)
    os.kill(engine.result(call), signal.SIGKILL)
    resumed = wait_until(engine, job_id, lambda job: job.attempt == 2 or job.is_over)
    assert resumed.state == "running"
    assert "worker was lost; the job goes on from epoch" in resumed.message
    assert wait_until_over(engine, job_id).state == "done"
    history = engine.result(job_id).history
    steps_per_epoch = 24  # 1,500 images in batches of 64, the last of them filled up
    n_steps = 150 * steps_per_epoch
    every = math.ceil(n_steps / loop.MAX_HISTORY_ROWS)
    due = {*range(every, n_steps + 1, every), *range(steps_per_epoch, n_steps + 1, steps_per_epoch)}
    assert history.steps == sorted(due)
    assert len(history.train_rows) == len(history.steps)
    assert history.epochs == list(range(1, 151))
    assert not checkpoint.exists()


def test_an_experiment_that_diverges_fails_with_the_sentence(engine: JobBoard) -> None:
    model = VAESpec(widths=(64,), kl_weight=100)
    training = Training(learning_rate=1.0, epochs=20)
    diverging = Experiment(dataset="digits", model=model, training=training)
    job = wait_until_over(engine, engine.submit(diverging))
    assert job.state == "failed"
    assert job.message.endswith("Lower the learning rate to 0.1 and train again.")


def test_an_unknown_image_set_fails_with_its_sentence(engine: JobBoard) -> None:
    job_id = engine.submit(Experiment(dataset="no-such-set", model=VAESpec()))
    job = wait_until_over(engine, job_id)
    assert job.state == "failed"
    assert job.message.startswith("The image set must be one of")
    with pytest.raises(UnknownDataset, match="no-such-set"):
        engine.result(job_id)


def test_calls_return_arrays_and_the_same_key_is_one_job(engine: JobBoard) -> None:
    job_id = engine.submit_call("pictures 4", pictures, 4, title="Pictures")
    assert engine.submit_call("pictures 4", pictures, 4) == job_id
    job = wait_until_over(engine, job_id)
    assert (job.kind, job.title, job.state) == ("call", "Pictures", "done")
    np.testing.assert_array_equal(engine.result(job_id), pictures(4))


def test_a_call_that_is_refused_raises_its_own_error_here(engine: JobBoard) -> None:
    job_id = engine.submit_call("refuse", refuse)
    assert wait_until_over(engine, job_id).state == "failed"
    with pytest.raises(UnknownRun, match="must be in the library"):
        engine.result(job_id)


def test_an_unforeseen_error_is_a_sentence_with_its_type_and_a_log_entry_with_the_rest(
    engine: JobBoard, caplog: pytest.LogCaptureFixture
) -> None:
    job = wait_until_over(engine, engine.submit_call("stumble", stumble))
    assert job.state == "failed"
    assert "ZeroDivisionError" in job.message and "server's log" in job.message
    assert "secret" not in job.message
    assert "secret path" in caplog.text


def test_a_run_that_the_disk_refuses_is_kept_and_stored_when_asked_again(
    engine: JobBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(run: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(engine.library, "save", full_disk)
    job_id = engine.submit(small(seed=9))
    job = wait_until_over(engine, job_id)
    assert job.state == "failed" and "got No space left on device" in job.message
    monkeypatch.undo()
    assert engine.progress(engine.submit(small(seed=9))).state == "done"
    assert small(seed=9) in engine.library


def test_a_hundred_threads_asking_at_once_share_one_job(engine: JobBoard) -> None:
    with ThreadPoolExecutor(100) as visitors:
        ids = list(visitors.map(lambda at: engine.submit(small(seed=10), f"v{at}"), range(100)))
    assert set(ids) == {small(seed=10).id}
    assert wait_until_over(engine, ids[0]).attempt == 1


def test_health_names_workers_and_devices(engine: JobBoard) -> None:
    wait_until_over(engine, engine.submit_call("after warm-up", pictures, 1))
    health = engine.health()
    assert (health.state, health.n_workers, len(health.devices)) == ("ready", 1, 1)
    assert health.sentence == f"The engine is ready: 1 worker, on {health.devices[0]}."


def test_an_unknown_job_is_refused(engine: JobBoard) -> None:
    for ask in (engine.progress, engine.result, engine.cancel):
        with pytest.raises(UnknownRun, match="Job must be one of this server's jobs; got nothing"):
            ask("nothing")


def test_a_board_that_was_not_started_says_so(tmp_path: Path) -> None:
    idle = JobBoard(RunLibrary(tmp_path))
    with pytest.raises(EngineUnavailable, match="got one that has not been started"):
        idle.submit(small(seed=11))
    assert idle.health().state == "unavailable"
    assert idle.jobs() == []
    idle.close()
    with pytest.raises(EngineUnavailable, match="got one that has been stopped"):
        idle.start()


def test_the_board_of_the_process_is_one_until_it_is_closed(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="The job board must be open"):
        board()
    opened = open_board(RunLibrary(tmp_path))
    assert open_board(RunLibrary(tmp_path)) is board() is opened
    close_board()
    with pytest.raises(EngineUnavailable, match="The job board must be open"):
        board()


def test_the_same_code_trains_on_the_cluster_of_a_scheduler_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_thread = {"n_workers": 1, "threads_per_worker": 1, "processes": False}
    with LocalCluster(
        **one_thread, protocol="tcp://", dashboard_address="127.0.0.1:0"
    ) as somewhere_else:
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", somewhere_else.scheduler_address)
        remote = JobBoard(RunLibrary(tmp_path))
        remote.start()
        job_id = remote.submit(small(seed=13))
        assert wait_until_over(remote, job_id).state == "done"
        assert remote.result(job_id).id == job_id
        remote.close()
        assert remote.health().state == "unavailable"


def test_an_unreachable_scheduler_is_said_not_raised_in_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:1")
    monkeypatch.setattr("vizmodels.jobs.cluster.CONNECT_SECONDS", 0.5)
    lonely = JobBoard(RunLibrary(tmp_path))
    lonely.start_in_background()
    assert lonely.health().state == "starting"
    with pytest.raises(EngineUnavailable, match="must be a running one; got"):
        lonely.submit(small(seed=12))
    assert lonely.health().state == "unavailable"
    lonely.close()
