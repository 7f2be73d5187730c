"""A disk that is really full: a file system of a megabyte in memory."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_jobs import small, wait_until_over

from vizmodels import Experiment, RunLibrary, Training, VAESpec, train
from vizmodels.jobs import JobBoard

SIZE = "1m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_fails_the_job_with_a_sentence_and_leaves_the_library_whole(
    engine: JobBoard, small_disk: Path
) -> None:
    library = RunLibrary(small_disk / "runs")
    before = train(small(seed=41))
    library.save(before)
    board = engine
    kept, board._dispatch.library = board._dispatch.library, library
    filler = small_disk / "filler"
    try:
        wide = Experiment(
            dataset="digits", model=VAESpec(widths=(512,)), training=Training(epochs=1, seed=42)
        )
        with filler.open("wb") as file:
            file.write(b"0" * 700_000)
        job = wait_until_over(board, board.submit(wide))
        assert job.state == "failed"
        assert "The run library's folder must be writable; got No space left" in job.message
        assert [record.id for record in library.list()] == [before.id]
        assert library.load(before.id).history == before.history
        assert list((small_disk / "runs").glob(".saving-*")) == []
        filler.unlink()
        assert board.progress(board.submit(wide)).state == "done", "its run was kept until then"
        assert {record.id for record in library.list()} == {before.id, wide.id}
    finally:
        board._dispatch.library = kept
