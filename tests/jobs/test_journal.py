"""What a server leaves behind for the next one."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from small_jobs import small

from vizmodels import RunLibrary
from vizmodels.errors import InvalidExperiment, NotYours
from vizmodels.jobs import JobBoard
from vizmodels.jobs.journal import Entry, Journal
from vizmodels.jobs.limits import Limits


def entry(job_id: str, at: float = 1.0) -> Entry:
    return Entry(job_id, f"tag of {job_id}", small(seed=1), at)


def written_by(folder: Path, job_id: str, pid: int, started: float) -> None:
    path = folder / f"{job_id}.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "server": [pid, started]}))


def test_entries_come_back_in_their_order_and_go_when_struck(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "jobs")
    for job_id, at in (("b", 2.0), ("a", 1.0), ("c", 3.0)):
        journal.note(entry(job_id, at))
    journal.strike("c")
    journal.strike("never there")
    assert journal.interrupted() == [entry("a", 1.0), entry("b", 2.0)]


def test_entries_of_a_server_that_is_alive_are_left_to_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.note(entry("a"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        started = psutil.Process(other.pid).create_time()
        written_by(tmp_path, "a", other.pid, started)
        assert journal.interrupted() == []
        written_by(tmp_path, "a", other.pid, started - 100)  # its number was another process's
        assert journal.interrupted() == [entry("a")]
        other.communicate(b"\n")
    written_by(tmp_path, "a", other.pid, started)
    assert journal.interrupted() == [entry("a")]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"server": [1]}', '{"server": "x"}'])
def test_an_entry_that_cannot_be_read_is_passed_over(tmp_path: Path, text: str) -> None:
    journal = Journal(tmp_path)
    journal.note(entry("a"))
    (tmp_path / "b.json").write_text(text)
    assert journal.interrupted() == [entry("a")]


def test_a_folder_that_cannot_be_written_costs_the_entry_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "jobs")
    journal.note(entry("a"))
    journal.strike("a")
    assert journal.interrupted() == []
    Journal(None).note(entry("a"))
    assert Journal(None).interrupted() == []


def test_a_board_lists_what_was_interrupted_and_forgets_it_when_told(tmp_path: Path) -> None:
    experiment = small(seed=1)
    Journal(tmp_path / "jobs").note(Entry(experiment.id, "tag", experiment, 5.0))
    board = JobBoard(RunLibrary(tmp_path / "runs"), journal=tmp_path / "jobs")
    (job,) = board.jobs()
    assert (job.state, job.job_id, job.is_over) == ("interrupted", experiment.id, True)
    assert "can go on from its checkpoint" in job.message
    board.cancel(job.job_id, "anyone")
    assert board.progress(job.job_id).state == "cancelled"
    assert list((tmp_path / "jobs").iterdir()) == []
    board.close()


def test_only_who_asked_takes_an_interrupted_training_off_the_list(tmp_path: Path) -> None:
    experiment = small(seed=1)
    Journal(tmp_path / "jobs").note(Entry(experiment.id, "tag", experiment, 5.0, "Ada"))
    board = JobBoard(RunLibrary(tmp_path / "runs"), journal=tmp_path / "jobs")
    with pytest.raises(NotYours, match="must be taken off the list by who started it"):
        board.cancel(experiment.id, "Eve")
    assert board.progress(experiment.id).state == "interrupted"
    assert len(list((tmp_path / "jobs").iterdir())) == 1
    board.cancel(experiment.id, "Ada")
    assert board.progress(experiment.id).state == "cancelled"
    board.close()


@pytest.mark.parametrize("job_id", [None, "000000000000-abcdef"], ids=["plain", "steered"])
def test_an_interrupted_training_goes_on_within_the_bounds_of_a_server_alone(
    tmp_path: Path, job_id: str | None
) -> None:
    experiment = small(seed=1, epochs=201)
    name = job_id or experiment.id
    Journal(tmp_path / "jobs").note(Entry(name, "tag", experiment, 5.0, "Ada"))
    board = JobBoard(RunLibrary(tmp_path / "runs"), journal=tmp_path / "jobs")
    with pytest.raises(InvalidExperiment, match=r"^epochs must be .* 200; got 201"):
        board.go_on(name, "Ada")
    assert board.progress(name).state == "interrupted"
    board.close()


def test_limits_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTARIUM_JOBS_PER_VISITOR", "5")
    assert Limits.from_environment() == Limits(per_visitor=5)
    monkeypatch.setenv("LATENTARIUM_QUEUE", "many")
    with pytest.raises(ValueError, match="LATENTARIUM_QUEUE must be a whole number from 1 on"):
        Limits.from_environment()
