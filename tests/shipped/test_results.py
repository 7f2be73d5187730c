"""What is measured of the shipped runs: complete, and built only where it is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.data import is_available
from vizmodels.places import ASSETS
from vizmodels.results.question import Question
from vizmodels.results.reads import Dataset, Setting
from vizmodels.results.store import Results, keys_read
from vizmodels.runs.library import RunLibrary
from vizmodels.shipped import results as shipping
from vizmodels.shipped.results import MEASURED, build, shipped_questions
from vizmodels.shipped.sweep import SHIPPED, describe

HERE = [dataset for dataset in MEASURED if is_available(dataset)]
MEASURED_NOW: list[int] = []


@pytest.fixture(scope="module")
def shipped() -> Results:
    return Results(Atlas(RunLibrary(ASSETS / "runs")), ASSETS / "results")


@pytest.mark.parametrize("dataset", HERE)
def test_everything_that_ships_has_been_measured(shipped: Results, dataset: str) -> None:
    asked = list(shipped_questions(shipped.atlas, dataset))
    assert len(asked) > 30
    assert [one.title for one in asked if shipped.find(one) is None] == []


@pytest.mark.skipif(list(MEASURED) != HERE, reason="MNIST is not on this machine")
def test_nothing_else_is_shipped(shipped: Results) -> None:
    asked = [one for dataset in MEASURED for one in shipped_questions(shipped.atlas, dataset)]
    assert {file.stem for file in shipped.files()} == {one.name(shipped.atlas) for one in asked}


def test_every_shipped_answer_says_what_it_was_measured_from(shipped: Results) -> None:
    assert shipped.files() and all(keys_read(file) for file in shipped.files())


def test_the_shipped_sweep_is_described_once(tmp_path: Path) -> None:
    assert [file.stem for file in (ASSETS / "sweeps").glob("*.json")] == [SHIPPED.id]
    (tmp_path / "000000000000.json").write_text("{}")
    describe(tmp_path)
    (written,) = tmp_path.iterdir()
    assert written.read_bytes() == (ASSETS / "sweeps" / written.name).read_bytes()


@dataclass(frozen=True)
class Number:
    value: int


def number(dataset: str, value: int) -> Number:
    assert dataset == "digits", "only this one is here"
    MEASURED_NOW.append(value)
    return Number(value)


class Asked:
    """What the builder is told to measure."""

    def __init__(self) -> None:
        self.values = [1, 2]

    def questions(self, _: Atlas, dataset: str) -> Iterator[Question[Number]]:
        for value in self.values:
            yield Question(number, 1, (Dataset(dataset), Setting(value)), f"{dataset} {value}")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    MEASURED_NOW.clear()
    asked = Asked()
    monkeypatch.setattr(shipping, "MEASURED", ("digits", "elsewhere"))
    monkeypatch.setattr(shipping, "shipped_questions", asked.questions)
    return asked


def results_in(folder: Path) -> Results:
    return Results(Atlas(RunLibrary(folder / "runs")), folder / "results")


def test_building_measures_what_is_missing_and_says_what_is_not_here(
    asked: Asked, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert build(results_in(tmp_path)) == 2 and MEASURED_NOW == [1, 2]
    assert "elsewhere is not on this machine" in caplog.text
    asked.values = [1, 2, 3]
    assert build(results_in(tmp_path)) == 1 and MEASURED_NOW == [1, 2, 3]
    assert build(results_in(tmp_path)) == 0


def test_building_again_measures_everything(asked: Asked, tmp_path: Path) -> None:
    build(results_in(tmp_path))
    assert build(results_in(tmp_path), again=True) == 2 and MEASURED_NOW == [1, 2, 1, 2]


def test_what_is_no_longer_asked_is_removed_unless_its_pictures_are_elsewhere(
    asked: Asked, tmp_path: Path
) -> None:
    build(results_in(tmp_path))
    before = results_in(tmp_path).files()
    of_elsewhere = before[0].with_name("number-elsewhere-0.npz")
    content = before[0].read_bytes()
    of_elsewhere.write_bytes(told_of_elsewhere(tmp_path))
    damaged = before[0].with_name("damaged.npz")
    damaged.write_bytes(content[:40])
    asked.values = [2]
    assert build(results_in(tmp_path)) == 0
    left = results_in(tmp_path).files()
    assert of_elsewhere in left and len(left) == 2 and damaged not in left


def told_of_elsewhere(folder: Path) -> bytes:
    """An answer that was measured where those pictures are."""
    from vizmodels.results.answer import Answer, to_bytes

    return to_bytes(Answer(Number(7), {"reads": ["Dataset elsewhere-01234567", "Setting 7"]}))
