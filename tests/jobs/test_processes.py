"""However the server ends, its workers end with it."""

import os
import signal
import subprocess
import sys
import time
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
START_SECONDS, END_SECONDS = 60, 10


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "SIGKILL"])
def test_no_worker_outlives_the_server(end: signal.Signals, tmp_path: Path) -> None:
    script, told = tmp_path / "server.py", tmp_path / "pid"
    script.write_text(SERVER)
    environment = os.environ | {
        "LATENTARIUM_HOME": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONWARNINGS": "error",
    }
    server = subprocess.Popen(
        [sys.executable, str(script)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a terminal's Ctrl-C goes to the whole group; so does ours
    )
    try:
        wait_for(lambda: told.exists() and told.read_text().endswith("\n"), START_SECONDS)
        worker = int(told.read_text())
        if end == signal.SIGINT:
            os.killpg(server.pid, end)
        else:
            server.send_signal(end)
        _, said = server.communicate(timeout=END_SECONDS)
        wait_for(lambda: not is_alive(worker), END_SECONDS)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.communicate()
    if end == signal.SIGINT:
        assert (server.returncode, said) == (0, "")


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that waits to be reaped does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(holds, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)
