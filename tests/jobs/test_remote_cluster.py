"""A scheduler and two workers as processes of their own, with TLS, as docs/cluster.md has them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dask.config
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from small_jobs import wait_until

from vizmodels import Experiment, RunLibrary, Training, VAESpec
from vizmodels.jobs import JobBoard
from vizmodels.jobs.sweeps import Sweeps
from vizmodels.sweep import Sweep

ROOT = Path(__file__).parents[2]
ROLES = ("SCHEDULER", "WORKER", "CLIENT")
START_SECONDS, BACK_SECONDS = 90, 120

SWEEP = Sweep(
    base=Experiment(
        dataset="digits", model=VAESpec(widths=(32,)), training=Training(epochs=120, batch_size=64)
    ),
    latent_dim=(2, 4),
    seeds=(0, 1, 2),
)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """What `openssl req -x509` makes: a certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "latentarium")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


class Machines:
    """The processes of a cluster on the loopback address."""

    def __init__(self, folder: Path) -> None:
        cert, key = make_certificate(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"tls://127.0.0.1:{self.port}"
        self.tls = {
            "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(cert),
            **{f"DASK_DISTRIBUTED__COMM__TLS__{role}__CERT": str(cert) for role in ROLES},
            **{f"DASK_DISTRIBUTED__COMM__TLS__{role}__KEY": str(key) for role in ROLES},
        }
        self.own_files = {"ca-file": cert, "client.cert": cert, "client.key": key}
        self.folder = folder
        self.scheduler = self._start_scheduler()
        self.workers = [self._start_worker(at) for at in range(2)]

    def _start_scheduler(self) -> subprocess.Popen[bytes]:
        command = ["scheduler", "--host", self.address, "--no-dashboard", "--protocol", "tls"]
        return self._start("scheduler", command)

    def _start_worker(self, at: int) -> subprocess.Popen[bytes]:
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        options += ["--local-directory", str(self.folder)]
        return self._start(f"worker-{at}", ["worker", self.address, *options])

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        environment = os.environ | self.tls
        environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        environment["LATENTARIUM_HOME"] = str(self.folder / name)
        program = str(Path(sys.executable).parent / "dask")
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen([program, *command], env=environment, stdout=log, stderr=log)

    def make_whole(self) -> None:
        """Start again the worker that a test has killed."""
        for at, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.workers[at] = self._start_worker(at)

    def lose_scheduler(self) -> None:
        self.scheduler.kill()
        self.scheduler.wait()

    def bring_back(self) -> None:
        self.scheduler = self._start_scheduler()
        for at, worker in enumerate(self.workers):
            worker.kill()
            worker.wait()
            self.workers[at] = self._start_worker(at)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    started = Machines(tmp_path_factory.mktemp("machines"))
    yield started
    started.close()


@pytest.fixture
def machines(started: Machines, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    started.make_whole()
    for name, value in started.tls.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", started.address)
    # A new process reads the variables; this one has read them already.
    mine = {"distributed.comm.require-encryption": True}
    mine |= {f"distributed.comm.tls.{key}": str(path) for key, path in started.own_files.items()}
    with dask.config.set(mine):
        yield started


def wait_for(holds: Callable[[], object], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def started_board(tmp_path: Path) -> JobBoard:
    board = JobBoard(RunLibrary(tmp_path / "runs"))
    board.start_in_background()  # before the scheduler answers: it is tried again until it does
    wait_for(lambda: board.health().n_workers == 2, START_SECONDS, "two workers")
    return board


def test_a_sweep_over_tls_survives_a_worker_and_a_stranger_is_kept_out(
    machines: Machines, tmp_path: Path
) -> None:
    board = started_board(tmp_path)
    with socket.create_connection(("127.0.0.1", machines.port), timeout=START_SECONDS) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = plain.recv(1000)
    assert b"HTTP" not in answer and b"dask" not in answer, "the port speaks without TLS"
    sweeps = Sweeps(board.library, tmp_path / "sweeps", get_board=lambda: board)
    sweep_id = sweeps.submit(SWEEP, "Ada")
    wait_for(lambda: sweeps.progress(sweep_id).n_done >= 1, START_SECONDS, "a first run")
    running = next(cell.job for cell in sweeps.progress(sweep_id).cells if cell.job is not None)
    assert running.sweep == sweep_id
    os.kill(machines.workers[0].pid, signal.SIGKILL)
    wait_for(lambda: sweeps.progress(sweep_id).n_done == 6, BACK_SECONDS, "all six runs")
    assert len(board.library.list()) == 6
    assert not sweeps.progress(sweep_id).is_active
    board.close()


def test_a_scheduler_that_goes_away_is_said_and_its_jobs_go_on_when_it_is_back(
    machines: Machines, tmp_path: Path
) -> None:
    board = started_board(tmp_path)
    model, training = VAESpec(widths=(64,)), Training(epochs=200, batch_size=16)
    job_id = board.submit(Experiment(dataset="digits", model=model, training=training))
    wait_until(board, job_id, lambda job: job.latest is not None)
    machines.lose_scheduler()
    wait_for(lambda: board.health().state == "unavailable", 30, "the loss is seen")
    assert "it comes back by itself" in board.health().sentence
    wait_for(lambda: board.progress(job_id).state == "queued", 30, "its job waits")
    assert "connection was lost" in board.progress(job_id).message
    machines.bring_back()
    wait_for(lambda: board.health().state == "ready", BACK_SECONDS, "it is back")
    again = wait_until(board, job_id, lambda job: job.state == "running")
    assert not again.is_over
    board.cancel(job_id)
    board.close()
