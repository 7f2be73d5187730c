"""What each worker is told before it starts."""

from pathlib import Path

import pytest
import torch

from vizmodels.jobs import cluster


def on_a_machine(patch: pytest.MonkeyPatch, *, cores: int, gpus: int, visible: str = "") -> None:
    patch.setattr(cluster, "CPU_COUNT", cores)
    patch.setattr(torch.cuda, "device_count", lambda: gpus)
    if visible:
        patch.setenv("CUDA_VISIBLE_DEVICES", visible)
    else:
        patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.parametrize(
    ("cores", "n_workers", "threads"), [(1, 1, "1"), (2, 1, "1"), (3, 1, "2"), (8, 4, "1")]
)
def test_without_a_gpu_there_is_one_worker_per_two_cores(
    cores: int, n_workers: int, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_a_machine(monkeypatch, cores=cores, gpus=0)
    environments = cluster.worker_environments()
    assert len(environments) == n_workers
    assert {environment["OMP_NUM_THREADS"] for environment in environments} == {threads}
    assert not any("CUDA_VISIBLE_DEVICES" in environment for environment in environments)


def test_with_gpus_each_worker_sees_one_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_machine(monkeypatch, cores=16, gpus=2, visible="3,5")
    environments = cluster.worker_environments()
    assert [environment["CUDA_VISIBLE_DEVICES"] for environment in environments] == ["3", "5"]
    assert environments[0]["OMP_NUM_THREADS"] == "7"


def test_waiting_threads_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_machine(monkeypatch, cores=2, gpus=0)
    assert cluster.worker_environments(2)[1]["OMP_WAIT_POLICY"] == "PASSIVE"


def test_what_numba_compiles_is_kept_in_the_cache_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LATENTARIUM_HOME", str(tmp_path))
    on_a_machine(monkeypatch, cores=2, gpus=0)
    (environment,) = cluster.worker_environments()
    assert environment["NUMBA_CACHE_DIR"] == str(tmp_path / "cache" / "numba")
