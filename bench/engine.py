"""What training as a service costs: `python -m bench.engine [--quick]`.

The page is the real app in Chromium: from the press of Train to the first figures of the training
on it, and the round trip of a control on another page with and without a training beside it. The
other parts talk to the board: what reporting costs a training, how soon a stop and a pause are
obeyed, a sweep of small runs beside the same runs one by one in a shell, and memory over many jobs.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Page

from bench.report import Figure, at_least, at_most, report
from bench.serving import CONNECTED, ROOT, chromium, serve, wait_until_settled
from vizmodels import Experiment, RunLibrary, Training, VAESpec, train
from vizmodels.data import load_dataset
from vizmodels.jobs import JobBoard, JobProgress
from vizmodels.jobs.messages import pack_progress
from vizmodels.jobs.worker import Teller
from vizmodels.sweep import Sweep
from vizmodels.training.control import Order
from vizmodels.training.progress import Progress

FIRST_PROGRESS_S, CANCEL_S, OVERHEAD, OF_IDEAL, TIMES_IDLE = 0.7, 1.0, 2.0, 0.9, 1.5
FINITE_S = 180.0
GROWTH_MB, BYTES_PER_MB = 20.0, 1e6
SHELL = (
    "import sys; from vizmodels import Experiment, train; train(Experiment.from_json(sys.argv[1]))"
)
READY = "The engine is ready"
FIRST_FIGURES = "images/s"

# From the press of Train to the frame in which the first figures of the training are seen.
FIRST_SEEN = """
([label, text]) => new Promise((done) => {
  const button = [...document.querySelectorAll("button")].find((b) => b.innerText.trim() === label);
  const began = performance.now();
  const look = () => {
    if (document.body.innerText.includes(text)) done(performance.now() - began);
    else requestAnimationFrame(look);
  };
  button.click();
  look();
})
"""

# From the press of a control to the moment the server's last answer to it has been drawn.
ROUND_TRIP = """
(label) => new Promise((done) => {
  const button = [...document.querySelectorAll("button")].find((b) => b.innerText.trim() === label);
  const began = performance.now();
  let last = began;
  const app = document.querySelector("[data-testid='stApp']");
  const watch = new MutationObserver(() => (last = performance.now()));
  watch.observe(document.body, { subtree: true, childList: true, attributes: true });
  let wasRunning = false;
  const look = () => {
    const isRunning = app.dataset.testScriptState === "running";
    wasRunning ||= isRunning;
    const now = performance.now();
    if ((wasRunning && !isRunning) || now - began > 5000) {
      watch.disconnect();
      done(now - began);
    } else requestAnimationFrame(look);
  };
  button.click();
  look();
})
"""


def long_training(seed: int) -> Experiment:
    """Minutes of training, cut short."""
    training = Training(epochs=200, batch_size=256, seed=seed)
    return Experiment(dataset="strokes", model=VAESpec(), training=training)


def wait_for(board: JobBoard, job_id: str, holds: Callable[[JobProgress], bool]) -> float:
    """Seconds until a job is as it should be."""
    began = time.perf_counter()
    while not holds(board.progress(job_id)):
        if time.perf_counter() - began > FINITE_S:
            raise TimeoutError(f"still {board.progress(job_id)}")
        time.sleep(0.001)
    return time.perf_counter() - began


def orders(board: JobBoard, n: int) -> None:
    """How soon a running training obeys."""
    stops: list[float] = []
    pauses: list[float] = []
    for seed in range(n):
        job_id = board.submit(long_training(seed))
        wait_for(board, job_id, lambda job: job.latest is not None and job.latest.step > 20)
        board.order(job_id, "", Order.paused)
        pauses.append(wait_for(board, job_id, lambda job: job.state == "paused"))
        board.order(job_id, "", Order.running)
        wait_for(board, job_id, lambda job: job.state == "running")
        began = time.perf_counter()
        board.cancel(job_id)
        wait_for(board, job_id, lambda job: job.is_over)
        stops.append(time.perf_counter() - began)
    report(at_most("stop pressed → stopped, slowest", max(stops), "s", CANCEL_S))
    report(Figure("pause pressed → paused, slowest", max(pauses), "s"))


def timed_training(experiment_json: str, topic: str, reports: bool) -> float:
    """Wall time of a training in a worker, with or without its reports to a board."""
    experiment, teller = Experiment.from_json(experiment_json), Teller("nobody", topic)

    def tell(progress: Progress) -> None:
        teller.tell("progress", progress=pack_progress(progress))

    data = load_dataset(experiment.dataset)
    began = time.perf_counter()
    train(experiment, data=data, on_progress=tell if reports else None)
    return time.perf_counter() - began


def called(board: JobBoard, key: str, function: Callable[..., Any], *args: Any) -> Any:
    """What a call in a worker returns."""
    job_id = board.submit_call(key, function, *args)
    wait_for(board, job_id, lambda job: job.is_over)
    return board.result(job_id)


def reporting(board: JobBoard, rounds: int, epochs: int) -> None:
    """What progress and previews cost a training; both kinds in turns, and of each the quickest:
    what slows a training from outside only ever adds to its time, by more than what is measured."""
    training = Training(epochs=epochs)
    text = Experiment(dataset="strokes", model=VAESpec(), training=training).to_json()
    topic = board._engine.topic
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for at in range(rounds + 1):
        for told in (False, True):
            took = called(board, f"timed {at} {told}", timed_training, text, topic, told)
            if at:  # the first round warms up
                seconds[told].append(took)
    bare, with_reports = (min(seconds[told]) for told in (False, True))
    lost = 100 * (1 - bare / with_reports)
    report(at_most("training throughput lost to progress and previews", lost, "%", OVERHEAD))


def small_sweep(n_sizes: int, n_seeds: int) -> Sweep:
    """Small runs on digits."""
    base = Experiment(
        dataset="digits", model=VAESpec(widths=(128,)), training=Training(epochs=60, batch_size=64)
    )
    sizes = tuple(range(2, 2 + n_sizes))
    return Sweep(base=base, latent_dim=sizes, seeds=tuple(range(n_seeds)))


def one_by_one(texts: list[str]) -> float:
    """Seconds of these trainings one after the other in this process."""
    data = load_dataset("digits")
    began = time.perf_counter()
    for text in texts:
        train(Experiment.from_json(text), data=data)
    return time.perf_counter() - began


def sweeping(board: JobBoard, n_sizes: int, n_seeds: int) -> None:
    """A sweep on the board, beside its runs one by one: in a shell, and in one warm worker."""
    sweep = small_sweep(n_sizes, n_seeds)
    texts = [experiment.to_json() for experiment in sweep.experiments()]
    warm = called(board, "one by one", one_by_one, texts)
    began = time.perf_counter()
    ids = board.submit_sweep(sweep.id, sweep.experiments())
    for job_id in ids:
        wait_for(board, job_id, lambda job: job.is_over)
    swept = time.perf_counter() - began
    states = {board.progress(job_id).state for job_id in ids}
    if states != {"done"}:
        raise RuntimeError(f"the sweep ended as {states}")
    threads = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    began = time.perf_counter()
    for text in texts:
        command = [sys.executable, "-c", SHELL, text]
        subprocess.run(command, check=True, env=os.environ | threads, cwd=ROOT)
    shell = time.perf_counter() - began
    n_workers = board.health().n_workers
    name = f"sweep of {len(texts)} small runs, {n_workers} worker{'s' * (n_workers > 1)}"
    report(Figure(f"{name}, beside one by one in a shell", swept, "s", shell, shell / swept))
    share = warm / n_workers / swept
    report(at_least(f"{name}: share of the ideal for its workers", share, "of 1", OF_IDEAL))


def resident_mb() -> list[float]:
    """Memory of this process and of each worker."""
    me = psutil.Process()
    everybody = [me, *me.children(recursive=True)]
    workers = [one for one in everybody if one is me or "spawn" in " ".join(one.cmdline())]
    return [one.memory_info().rss / BYTES_PER_MB for one in workers]


def memory(board: JobBoard, n_jobs: int) -> None:
    """What the server's and the workers' memory grows by, over trainings with all their reports.

    The first half fills what is bounded: the list of finished jobs, the allocators' own stores.
    """
    model, training = VAESpec(widths=(32,)), Training(epochs=2, batch_size=256)
    half = 0.0
    for seed in range(n_jobs):
        told = training.model_copy(update={"seed": seed})
        job_id = board.submit(Experiment(dataset="digits", model=model, training=told))
        wait_for(board, job_id, lambda job: job.is_over)
        if seed == n_jobs // 2:
            half = sum(resident_mb())
    grown = sum(resident_mb()) - half
    name = f"memory of server and workers, {n_jobs} jobs beside {n_jobs // 2}"
    report(at_most(name, grown, "MB", GROWTH_MB, peer=half))


def first_progress(page: Page, address: str, n: int) -> None:
    """From the press of Train to the first figures on the page; the engine is warm."""
    seconds: list[float] = []
    for at in range(n + 1):
        page.goto(f"{address}/train")
        page.wait_for_selector(CONNECTED)
        page.get_by_text(READY).wait_for(timeout=FINITE_S * 1000)
        epochs = page.get_by_label("Epochs", exact=True)
        epochs.fill(str(100 + at))
        epochs.press("Enter")
        page.get_by_role("button", name="Train", exact=True).wait_for()
        page.wait_for_timeout(1500)
        taken_ms = page.evaluate(FIRST_SEEN, ["Train", FIRST_FIGURES])
        if at:  # the first one reads the images into the worker
            seconds.append(taken_ms / 1000)
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Stopped").first.wait_for()
    name = "Train pressed → first progress on the page, median"
    report(at_most(name, statistics.median(seconds), "s", FIRST_PROGRESS_S))


def round_trip_ms(page: Page, n: int) -> float:
    """Median round trip of the control that chooses which pictures are shown."""
    times: list[float] = []
    for at in range(n + 2):
        label = ("best", "worst")[at % 2]
        times.append(page.evaluate(ROUND_TRIP, label))
        page.wait_for_timeout(150)
    return statistics.median(times[2:])


def beside_training(page: Page, address: str, n: int) -> None:
    """A control's round trip while nothing trains, and while something does."""
    page.goto(f"{address}/reconstruction")
    page.get_by_role("radio", name="worst", exact=True).wait_for(timeout=FINITE_S * 1000)
    wait_until_settled(page)
    idle = round_trip_ms(page, n)
    trainer = page.context.new_page()
    trainer.goto(f"{address}/train")
    trainer.get_by_text(READY).wait_for(timeout=FINITE_S * 1000)
    epochs = trainer.get_by_label("Epochs", exact=True)
    epochs.fill("199")
    epochs.press("Enter")
    trainer.wait_for_timeout(1500)
    trainer.get_by_role("button", name="Train", exact=True).click()
    trainer.get_by_text(FIRST_FIGURES).first.wait_for(timeout=FINITE_S * 1000)
    stop_address = trainer.url
    trainer.close()  # whoever trains may close the page; behind another one this would stand still
    page.bring_to_front()
    busy = round_trip_ms(page, n)
    page.goto(stop_address)
    page.get_by_role("button", name="Stop").click()
    name = "round trip of a control while a training runs, beside without"
    ratio = busy / idle
    report(Figure(name, busy, "ms", idle, ratio, f"<= {TIMES_IDLE:g} x", ratio <= TIMES_IDLE))


def main() -> None:
    """Command line of the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller sweeps")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        os.environ["LATENTARIUM_HOME"] = str(home / "board")
        load_dataset("strokes")
        board = JobBoard(RunLibrary(home / "board" / "runs"), calls_apart=False)
        board.start()
        called(board, "warm", one_by_one, [])
        orders(board, 2 if quick else 5)
        reporting(board, 3 if quick else 20, 3)
        sweeping(board, 2 if quick else 8, 2 if quick else 3)
        memory(board, 100 if quick else 500)
        board.close()
        environment = {
            "LATENTARIUM_HOME": str(home / "board"),
            "LATENTARIUM_JOBS_PER_VISITOR": "50",
        }
        with serve(("run", "app.py"), home, environment) as app, chromium() as browser:
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            first_progress(page, app.address, 2 if quick else 9)
            beside_training(page, app.address, 6 if quick else 30)


if __name__ == "__main__":
    main()
