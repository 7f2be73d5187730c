"""Orders of saves, loads, lists and deletes that servers and a notebook give one library at once.

`python tests/runs/library_orders.py 300` tries orders for so many seconds; a test does for a few.
"""

import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vizmodels.errors import UnknownRun
from vizmodels.experiment import Experiment, Training
from vizmodels.files import LOCK_FILE
from vizmodels.models import build_model
from vizmodels.runs import folders
from vizmodels.runs.library import RunLibrary
from vizmodels.runs.run import Run
from vizmodels.specs import VAESpec
from vizmodels.training.progress import History

N_PROCESSES = 3  # two servers and a notebook
N_RUNS = 4
N_ALWAYS = 2
"""Of these runs, the first are never deleted: they are to be there at every moment."""

EXCHANGE_CALL = folders._exchange_call

Order = tuple[str, int]
"""What is done, and with which run."""

KINDS = ("save", "load", "record", "list", "delete", "find", "set aside")
ORDERS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, N_RUNS - 1)), min_size=4, max_size=20
)


def run_of(number: int, version: int) -> Run:
    """A run all of whose files say which version of it they belong to."""
    experiment = Experiment(
        dataset="digits", model=VAESpec(widths=(4,)), training=Training(seed=number)
    )
    model = build_model(experiment.model, (1, 8, 8), torch.Generator().manual_seed(0))
    for weight in model.state_dict().values():
        weight.fill_(version)
    history = History(("loss",), ("nats",), [1], [[float(version)]], [1], [[float(version)]])
    evaluation, environment = {"loss": float(version)}, {"version": float(version)}
    preview = np.full((2, 1, 1, 8, 8), version % 256, np.uint8)
    model.eval().requires_grad_(False)
    return Run(experiment, model, history, evaluation, dict(environment), preview)


def versions_in(run: Run) -> set[float]:
    """The versions that its files say; of a whole run there is one."""
    weights = {float(w.flatten()[0]) for w in run.model.state_dict().values()}
    rows = {row[0] for row in run.history.train_rows}
    told = {run.evaluation["loss"], float(run.environment["version"])}
    assert {version % 256 for version in told} == {float(run.preview.flat[0])}
    return weights | rows | told


def carry_out(path: Path, orders: Sequence[Order], process: int, can_exchange: bool) -> list[str]:
    """Do one thing after the other in a library; returns what should not have come of it."""
    folders._exchange_call = EXCHANGE_CALL if can_exchange else lambda: None
    library, wrong = RunLibrary(path), list[str]()
    ids = [run_of(number, 0).id for number in range(N_RUNS)]
    for step, (kind, number) in enumerate(orders):
        may_be_gone = number >= N_ALWAYS
        try:
            match kind:
                case "save":
                    library.save(run_of(number, 1000 * process + step))
                case "load":
                    assert len(versions_in(library.load(ids[number]))) == 1, "a mixed run"
                case "record":
                    record = library.record(ids[number])
                    told = {record.evaluation["loss"], record.environment["version"]}
                    assert len(told) == 1, "a mixed record"
                case "list":
                    listed = {record.id for record in library.list()}
                    assert set(ids[:N_ALWAYS]) <= listed, "a run that is not listed"
                    assert not library.unreadable, str(library.unreadable)
                case "delete" if may_be_gone:
                    library.delete(ids[number])
                case "find":
                    found = library.find(run_of(number, 0).experiment)
                    assert found is not None or may_be_gone, "a run that is not found"
                case "set aside":
                    assert library.set_aside(ids[number]) is None, "a healthy run set aside"
                case _:
                    pass
        except UnknownRun as error:
            if not may_be_gone:
                wrong.append(f"{kind}: {error}")
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            wrong.append(f"{kind}: {type(error).__name__} {error}")
    return wrong


def in_two_threads(
    path: Path, orders: Sequence[Sequence[Order]], process: int, can_exchange: bool
) -> list[str]:
    """Carry out two orders at once in this process."""
    wrong: list[str] = []

    def work(number: int) -> None:
        found = carry_out(path, orders[number], 2 * process + number, can_exchange)
        wrong.extend(found)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(orders))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def processes() -> Pool:
    """Processes that share nothing but the disk."""
    return multiprocessing.get_context("spawn").Pool(N_PROCESSES)


def try_together(pool: Pool, orders: Sequence[Sequence[Sequence[Order]]], exchange: bool) -> int:
    """Have processes work on one library; returns how many things they did.

    Raises
    ------
    AssertionError : a run was lost, mixed, taken for damaged, or something is left on the disk
    """
    with tempfile.TemporaryDirectory(prefix="latentarium-orders-") as folder:
        path = Path(folder) / "runs"
        library = RunLibrary(path)
        for number in range(N_RUNS):
            library.save(run_of(number, 0))
        asked = [(path, order, process, exchange) for process, order in enumerate(orders)]
        wrong = [one for found in pool.starmap(in_two_threads, asked) for one in found]
        assert wrong == [], wrong
        listed = {record.id for record in library.list()}
        names = {entry.name for entry in path.iterdir()}
        assert names - {LOCK_FILE, folders.WAITING} == listed
        assert not list(path.glob(f"{folders.WAITING}/*"))
        assert all(len(versions_in(library.load(run_id))) == 1 for run_id in listed)
    return sum(len(thread) for process in orders for thread in process)


def orders_of_all() -> st.SearchStrategy[list[list[list[Order]]]]:
    """For each process the orders of its two threads."""
    of_one = st.lists(ORDERS, min_size=2, max_size=2)
    return st.lists(of_one, min_size=N_PROCESSES, max_size=N_PROCESSES)


def try_for(seconds: float) -> None:
    """Try orders for so long, and print how many there were."""
    until, n_orders, n_steps = time.monotonic() + seconds, 0, 0
    with processes() as pool:

        @settings(
            max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(orders_of_all(), st.booleans())
        def attempt(orders: list[list[list[Order]]], exchange: bool) -> None:
            nonlocal n_orders, n_steps
            n_steps += try_together(pool, orders, exchange)
            n_orders += 1

        while time.monotonic() < until:
            attempt()
    print(f"{n_orders} orders, {n_steps} steps in {seconds:g} s: nothing lost")


if __name__ == "__main__":
    try_for(float(sys.argv[1]))
