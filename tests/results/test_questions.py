"""A question's name changes with every single thing that it reads."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch

from vizmodels import data as image_sets
from vizmodels.analysis.maps import atlas as atlases
from vizmodels.analysis.maps import points
from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.analysis.maps.kinds import EXTENTS
from vizmodels.analysis.training_time import time_steps
from vizmodels.data import load_dataset
from vizmodels.results import questions
from vizmodels.results.question import Question
from vizmodels.results.reads import Dataset, Images, Judge, Labels, Latents, Model, Pairs, Setting
from vizmodels.results.store import Results
from vizmodels.runs.library import RunRecord

Ask = Callable[[RunRecord, RunRecord], Question[Any]]

ASKED: dict[str, Ask] = {
    "reconstruction": lambda run, _: questions.reconstruction(run),
    "noise": lambda run, _: questions.noise(run),
    "paths": questions.paths,
    "shape": lambda run, _: questions.shape(run),
    "information": lambda run, _: questions.information(run),
    "originals": lambda run, _: questions.originals(run.experiment.dataset),
    "samples": lambda run, judge: questions.samples(run, "prior", judge),
    "slow_map": lambda run, _: questions.slow_map(run.id, "umap"),
    "step_time": lambda run, _: questions.step_time(run.experiment, 500, (1, 8, 8), 10, "a CPU"),
    "training": lambda run, _: questions.training(run.experiment),
}
QUICK = ("reconstruction", "noise", "paths", "shape", "samples", "training")
OF_PICTURES = (Images, Labels, Pairs, Dataset, Latents)


@pytest.fixture(params=ASKED)
def question(request: pytest.FixtureRequest, run: RunRecord, judge: RunRecord) -> Question[Any]:
    return ASKED[request.param](run, judge)


def retrain(atlas: Atlas, run_id: str) -> None:
    """Another run of the same experiment, as training again on a GPU may give."""
    run = atlas.library.load(run_id)
    with torch.no_grad():
        for weight in run.model.parameters():
            weight.add_(0.25)
    atlas.library.save(run)
    atlas.forget(run_id)


def test_every_question_is_here() -> None:
    public = {
        name
        for name, function in inspect.getmembers(questions, inspect.isfunction)
        if function.__module__ == questions.__name__ and not name.startswith("_")
    }
    assert public == set(ASKED)


def test_no_two_measuring_functions_have_one_name(run: RunRecord, judge: RunRecord) -> None:
    functions = {ask(run, judge).function for ask in ASKED.values()}
    assert len({function.__qualname__ for function in functions}) == len(functions)


def test_a_function_is_given_its_reads_and_nothing_else(
    question: Question[Any], atlas: Atlas
) -> None:
    inspect.signature(question.function).bind(*question.values(atlas))
    assert dataclasses.is_dataclass(question.kind)


def test_the_name_is_the_same_in_every_process_and_fit_for_a_file(
    question: Question[Any], atlas: Atlas
) -> None:
    name = question.name(atlas)
    assert name == question.name(Atlas(atlas.library))
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert name.startswith(question.function.__name__)


def test_the_name_changes_with_the_version(question: Question[Any], atlas: Atlas) -> None:
    other = dataclasses.replace(question, version=question.version + 1)
    assert other.name(atlas) != question.name(atlas)


def test_the_name_changes_with_the_key_of_each_single_read(
    question: Question[Any], atlas: Atlas
) -> None:
    names = {question.name(atlas)}
    for at, read in enumerate(question.reads):
        reads = list(question.reads)
        reads[at] = Other(read.key(atlas))
        names.add(dataclasses.replace(question, reads=tuple(reads)).name(atlas))
    assert len(names) == 1 + len(question.reads)


@dataclasses.dataclass(frozen=True)
class Other:
    """What was read, changed."""

    was: str

    def key(self, atlas: Atlas) -> str:
        return f"{self.was}-changed"

    def value(self, atlas: Atlas) -> None: ...


def test_the_title_is_no_part_of_the_name(question: Question[Any], atlas: Atlas) -> None:
    assert dataclasses.replace(question, title="other").name(atlas) == question.name(atlas)


def test_the_name_changes_with_the_weights_of_each_run_that_is_read(
    question: Question[Any], atlas: Atlas
) -> None:
    read = {one.run_id for one in question.reads if isinstance(one, Model | Judge | Latents)}
    before = question.name(atlas)
    for run_id in read:
        assert run_id is not None
        retrain(atlas, run_id)
        now = question.name(atlas)
        assert now != before
        before = now


def test_the_name_changes_with_the_pictures_of_each_question_that_reads_any(
    question: Question[Any], atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads_pictures = any(isinstance(read, OF_PICTURES) for read in question.reads)
    assert reads_pictures != (question.function is time_steps), "all others look at pictures"
    if not reads_pictures:
        return
    before, data = question.name(atlas), load_dataset("digits")
    images = data.test.images.clone()
    images[0, 0, 0, 0] += 1
    other = dataclasses.replace(data, test=dataclasses.replace(data.test, images=images))
    for module in (atlases, image_sets):
        monkeypatch.setattr(module, "load_dataset", lambda *_, **__: other)
    assert question.name(Atlas(atlas.library)) != before


def test_paths_without_a_classifier_are_another_question(
    run: RunRecord, judge: RunRecord, atlas: Atlas
) -> None:
    judged, unjudged = (questions.paths(run, one).name(atlas) for one in (judge, None))
    assert judged != unjudged


def test_the_classifier_of_paths_enters_their_name(
    run: RunRecord, judge: RunRecord, atlas: Atlas
) -> None:
    before = questions.paths(run, judge).name(atlas)
    retrain(atlas, judge.id)
    assert questions.paths(run, judge).name(atlas) != before


def test_samplers_temperatures_kinds_of_map_and_axes_have_names_of_their_own(
    run: RunRecord, judge: RunRecord, atlas: Atlas
) -> None:
    asked = [
        questions.samples(run, "prior", judge),
        questions.samples(run, "mixture", judge),
        questions.samples(run, "prior", judge, 0.9),
        *(questions.slow_map(run.id, kind, n) for kind in ("umap", "tsne") for n in (2, 3)),
    ]
    assert len({one.name(atlas) for one in asked}) == len(asked)


def test_a_map_of_more_pictures_is_another_question(
    run: RunRecord, atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(points.MAP_POINTS, "some", 1000)
    some, all_ = (questions.slow_map(run.id, "umap", extent=e).name(atlas) for e in EXTENTS)
    assert some != all_


def test_temperatures_that_a_slider_rounds_alike_are_one_question(
    run: RunRecord, judge: RunRecord, atlas: Atlas
) -> None:
    first, second = (questions.samples(run, "prior", judge, t) for t in (0.3, 0.1 + 0.2))
    assert first.name(atlas) == second.name(atlas)


def test_a_setting_that_is_no_plain_value_is_refused(atlas: Atlas) -> None:
    with pytest.raises(TypeError):
        Setting(object()).key(atlas)


@pytest.mark.parametrize("name", QUICK)
def test_an_answer_comes_back_from_disk_as_it_was_measured(
    name: str, results: Results, run: RunRecord, judge: RunRecord
) -> None:
    question = ASKED[name](run, judge)
    assert results.find(question) is None
    measured = results.answer(question)
    found = Results(results.atlas, results.folder).find(question)
    assert type(found) is type(measured) is question.kind
    for field in dataclasses.fields(measured):
        one, other = getattr(measured, field.name), getattr(found, field.name)
        assert type(one) is type(other)
        assert (
            torch.equal(torch.as_tensor(one), torch.as_tensor(other))
            if hasattr(one, "dtype") and not torch.as_tensor(one).isnan().any()
            else str(one) == str(other)
        )
