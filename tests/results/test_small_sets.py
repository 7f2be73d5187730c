"""Every question gives a figure or a sentence, on sets that are too small for most of them."""

import inspect
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_sets import SETS, SPECS, add_small_set, train_on

from vizmodels.analysis.maps.atlas import Atlas
from vizmodels.analysis.maps.kinds import SLOW_KINDS
from vizmodels.analysis.pictures.samplers import sampler_names
from vizmodels.errors import InvalidExperiment, TooFewImages
from vizmodels.results import questions
from vizmodels.results.question import Question
from vizmodels.results.store import Results
from vizmodels.runs.library import RunLibrary, RunRecord

ASKED = tuple(
    name
    for name, function in inspect.getmembers(questions, inspect.isfunction)
    if function.__module__ == questions.__name__ and not name.startswith("_")
)

NEEDS = {
    ("two-pictures", "information"): "training pictures of a judge must be at least 5; got 1",
    (
        "one-class",
        "information",
    ): "classes of a judge's training pictures must be at least 2; got 1",
    ("four-train", "originals"): "training pictures of a judge must be at least 5; got 4",
    ("two-pictures", "samples"): "pictures of each split must be at least 2; got 1",
    ("one-test", "samples"): "pictures of each split must be at least 2; got 1",
    ("one-class", "paths"): "pairs of test pictures of different classes must be at least 1; got 0",
    ("nine-train", "samples"): "different latents of a mixture of 10 must be at least 10; got 9",
    ("constant", "samples"): "different latents of a mixture of 10 must be at least 10; got 1",
    ("nine-train", "slow_map"): "pictures on a map must be at least 16; got 12",
    ("constant", "slow_map"): "in different places of the latent space; got all in one",
}


@pytest.fixture(scope="module", params=SETS)
def of_set(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path, dict[str, RunRecord]]]:
    """The name of a small set, the home it is in, and a run of each family on it."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("small")
        patch.setenv("LATENTARIUM_HOME", str(home))
        add_small_set(request.param, tmp_path_factory.mktemp("pictures"))
        library = RunLibrary(home / "runs")
        families = [f for f in SPECS if f != "classifier" or SETS[request.param].n_classes]
        for family in families:
            library.save(train_on(request.param, family))
        records = {r.experiment.model.family: r for r in library.list() if not _is_pca(r)}
        yield request.param, home, records | {"pca": next(filter(_is_pca, library.list()))}


def _is_pca(record: RunRecord) -> bool:
    return record.experiment.training.solver == "closed_form"


@pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")
@pytest.mark.parametrize("name", ASKED)
def test_a_question_has_an_answer_or_says_what_it_needs(
    of_set: tuple[str, Path, dict[str, RunRecord]],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset, home, records = of_set
    monkeypatch.setenv("LATENTARIUM_HOME", str(home))
    atlas = Atlas(RunLibrary(home / "runs"))
    results = Results(atlas, tmp_path / "results")
    sentences: list[str] = []
    for asked in _all_of(name, atlas, records, dataset):
        try:
            results.answer(asked)
            assert results.find(asked) is not None, "an answer is kept, whatever is in it"
        except (TooFewImages, InvalidExperiment) as error:
            sentences.append(str(error))
    wanted = NEEDS.get((dataset, name))
    assert wanted is None or any(wanted in sentence for sentence in sentences), sentences
    if name in ("reconstruction", "noise", "shape", "training"):
        assert not sentences, "these need one picture of each split"


def _all_of(
    name: str, atlas: Atlas, records: dict[str, RunRecord], dataset: str
) -> Iterator[Question[Any]]:
    """The question of every family, every sampler and every slow map."""
    judge = records.get("classifier")
    if name == "originals":
        yield questions.originals(dataset)
        return
    of_run: dict[str, Callable[[RunRecord], Question[Any]]] = {
        "reconstruction": questions.reconstruction,
        "noise": questions.noise,
        "paths": lambda run: questions.paths(run, judge),
        "shape": questions.shape,
        "information": questions.information,
        "training": lambda run: questions.training(run.experiment),
    }
    for run in (record for family, record in records.items() if family != "classifier"):
        if name in of_run:
            yield of_run[name](run)
        elif name == "slow_map" and run.experiment.model.family in ("vae", "autoencoder"):
            yield from (questions.slow_map(run.id, kind) for kind in sorted(SLOW_KINDS))
        elif name == "samples" and judge is not None:
            for sampler in sampler_names(atlas.run(run.id).autoencoder):
                yield questions.samples(run, sampler, judge)


@pytest.mark.parametrize("kind", ["raw", "pca"])
def test_a_quick_map_is_there_and_says_how_many_were_compared(
    of_set: tuple[str, Path, dict[str, RunRecord]], kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, home, records = of_set
    monkeypatch.setenv("LATENTARIUM_HOME", str(home))
    atlas, n = Atlas(RunLibrary(home / "runs")), SETS[dataset].n_train + SETS[dataset].n_test
    shown = atlas.projection(records["autoencoder"].id, kind)
    assert shown.n_compared == n and shown.n_neighbours == min(10, (n - 1) // 2)
    assert math.isnan(shown.trust) == (n < 3)
