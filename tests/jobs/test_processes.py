"""However the server ends, its workers end with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SERVER = """
import os, time
def main():
    from vizmodels import Experiment, RunLibrary, Training, VAESpec
    from vizmodels.jobs import close_board, open_board
    board = open_board(RunLibrary(os.environ["LATENTARIUM_HOME"]), n_workers=1)
    try:
        board.start()
        call = board.submit_call("pid", os.getpid)
        while not board.progress(call).is_over:
            time.sleep(0.02)
        training = Training(epochs=200, batch_size=4)
        job = board.submit(Experiment(dataset="digits", model=VAESpec(), training=training))
        while board.progress(job).latest is None:
            time.sleep(0.02)
        with open(os.environ["LATENTARIUM_HOME"] + "/pid", "w") as file:
            file.write(f"{board.result(call)}\\n")
        time.sleep(60)
    except KeyboardInterrupt:
        pass
    finally:
        close_board()
if __name__ == "__main__":
    main()
"""
START_SECONDS = 120  # four processes import torch on two cores
SLOW_WORKER = "Worker process still alive after"
END_SECONDS = 60  # a training has 5 to leave its checkpoint, then dask gives its workers some


@pytest.mark.alone  # four processes import torch, and a clock runs
def test_no_worker_outlives_its_server_be_it_ended_by_ctrl_c_or_killed(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    ends = (signal.SIGINT, signal.SIGKILL)
    servers = [start_server(tmp_path, end.name) for end in ends]
    try:
        told = [tmp_path / end.name / "pid" for end in ends]
        for path in told:
            wait_for(lambda path=path: path.exists() and path.read_text().endswith("\n"))
        workers = [int(path.read_text()) for path in told]
        assert all(map(is_alive, workers))
        os.killpg(servers[0].pid, signal.SIGINT)  # as a terminal does
        servers[1].kill()
        said = [server.communicate(timeout=END_SECONDS)[1] for server in servers]
        wait_for(lambda: not any(map(is_alive, workers)), END_SECONDS)
    finally:
        for server in servers:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
                server.communicate()
    # On a busy machine dask says that it killed a slow worker; else nothing is said.
    rest = [line for line in said[0].splitlines() if SLOW_WORKER not in line]
    assert (servers[0].returncode, rest) == (0, [])


def start_server(folder: Path, home: str) -> subprocess.Popen[str]:
    (folder / home).mkdir()
    environment = os.environ | {
        "LATENTARIUM_HOME": str(folder / home),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONWARNINGS": "error",
    }
    command = [sys.executable, str(folder / "server.py")]
    return subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that waits to be reaped does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(holds: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)
