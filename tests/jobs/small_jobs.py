"""Experiments for the engine: digits, a second of training or cut short."""

import time
from collections.abc import Callable

from vizmodels import Experiment, Training, VAESpec
from vizmodels.jobs import JobBoard, JobProgress

FINITE_TIME = 120.0  # seconds that no wait here should come near


def small(seed: int, **training: float) -> Experiment:
    """Less than a second of training."""
    options = {"epochs": 30, "seed": seed, **training}
    return Experiment(
        dataset="digits", model=VAESpec(widths=(32,)), training=Training.model_validate(options)
    )


def long(seed: int) -> Experiment:
    """Half a minute of training, cut short by the tests."""
    model = VAESpec(widths=(256, 128))
    training = Training(epochs=200, batch_size=16, seed=seed)
    return Experiment(dataset="digits", model=model, training=training)


def wait_until(engine: JobBoard, job_id: str, holds: Callable[[JobProgress], bool]) -> JobProgress:
    end = time.monotonic() + FINITE_TIME
    while time.monotonic() < end:
        job = engine.progress(job_id)
        if holds(job):
            return job
        time.sleep(0.01)
    raise AssertionError(f"still {engine.progress(job_id)}")


def wait_until_over(engine: JobBoard, job_id: str) -> JobProgress:
    return wait_until(engine, job_id, lambda job: job.is_over)
