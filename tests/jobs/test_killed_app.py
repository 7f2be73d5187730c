"""The app is killed while it trains: the next one lists the job, and goes on with it."""

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_jobs import long, wait_until, wait_until_over
from test_processes import wait_for

from vizmodels import RunLibrary
from vizmodels.jobs import JobBoard

SERVER = """
import os, time
from pathlib import Path
def main():
    from vizmodels import RunLibrary
    from vizmodels.jobs import JobBoard
    from small_jobs import long
    home = Path(os.environ["LATENTARIUM_HOME"])
    board = JobBoard(RunLibrary(home / "runs"), 1, journal=home / "jobs", calls_apart=False)
    board.start()
    job_id = board.submit(long(31), "Ada")
    while True:
        time.sleep(0.05)
if __name__ == "__main__":
    main()
"""


def test_a_killed_apps_training_is_listed_and_goes_on_from_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    checkpoint = tmp_path / "cache" / "checkpoints" / f"{long(31).id}.safetensors"
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(Path(__file__).parent)])
    environment = os.environ | {"LATENTARIUM_HOME": str(tmp_path), "PYTHONPATH": paths}
    server = subprocess.Popen([sys.executable, str(tmp_path / "server.py")], env=environment)
    try:
        wait_for(checkpoint.exists)
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()
    monkeypatch.setenv("LATENTARIUM_HOME", str(tmp_path))
    board = JobBoard(RunLibrary(tmp_path / "runs"), 1, journal=tmp_path / "jobs", calls_apart=False)
    (job,) = board.jobs()
    assert (job.state, job.experiment) == ("interrupted", long(31))
    board.start()
    job_id = board.go_on(job.job_id, "Grace")
    running = wait_until(board, job_id, lambda job: job.latest is not None)
    n_before = len(running.curve.steps)
    assert running.curve.steps[0] < running.latest.step and n_before > 1
    steps = wait_until(board, job_id, lambda job: len(job.curve.steps) > n_before).curve.steps
    assert all(later > earlier for earlier, later in itertools.pairwise(steps))
    assert board.progress(job_id).askers == ("Grace",)
    board.cancel(job_id)
    wait_until_over(board, job_id)
    assert list((tmp_path / "jobs").iterdir()) == []
    board.close()
