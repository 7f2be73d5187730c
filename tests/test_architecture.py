"""The checklists of docs/architecture.md, followed to the letter on a copy of the sources."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
STEP = re.compile(
    r"^ +New file `(?P<new>[^`]+)`\n\n(?P<new_code> +```python\n.*?^ +```)$"
    r"|^ +In `(?P<file>[^`]+)`, (?P<where>before|after) `(?P<anchor>[^`]+)`\n\n"
    r"(?P<code> +```python\n.*?^ +```)$"
    r"|^ +In `(?P<changed>[^`]+)`, replace `(?P<old>[^`]+)` by\s+`(?P<by>[^`]+)`$",
    re.MULTILINE | re.DOTALL,
)


def follow(title: str, tree: Path) -> int:
    """Do what a checklist says in a copy of the sources; returns the number of its steps."""
    (section,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    steps = list(STEP.finditer(section))
    for step in steps:
        if step["new"]:
            file = tree / step["new"]
            assert not file.exists(), f"{step['new']} is there already"
            file.parent.mkdir(exist_ok=True)
            file.write_text(_code(step["new_code"]))
        elif step["changed"]:
            _replace(tree / step["changed"], step["old"], step["by"], all_places=True)
        else:
            anchor, code = step["anchor"], _code(step["code"])
            by = code + anchor if step["where"] == "before" else f"{anchor}\n{code.rstrip()}"
            _replace(tree / step["file"], anchor, by)
    return len(steps)


def _code(block: str) -> str:
    """What stands between the fences, with the list's indent taken away."""
    margin = len(block) - len(block.lstrip(" "))
    lines = block.splitlines()[1:-1]
    return "".join(f"{line[margin:]}\n" for line in lines)


def _replace(file: Path, old: str, new: str, *, all_places: bool = False) -> None:
    source = file.read_text()
    assert old in source, f"{file.name} has no {old!r}: the checklist is of an earlier day"
    assert all_places or source.count(old) == 1, f"{file.name} has {old!r} more than once"
    file.write_text(source.replace(old, new))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources that may be written to, beside the assets as they are."""
    for name in ("vizmodels", "pages", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "app.py", tmp_path)
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    (tmp_path / "bench").symlink_to(ROOT / "bench")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    return tmp_path


def run(tree: Path, script: str) -> None:
    """Run a script in the copy; what it prints on failure is the test's message."""
    (tree / "check.py").write_text(dedent(script))
    done = subprocess.run(
        [sys.executable, "check.py"], cwd=tree, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, indent(done.stdout + done.stderr, "    ")


def keeps_its_arrows(tree: Path) -> None:
    """The copy's own tests of its rooms pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    rooms = "tests/test_import_direction.py"
    done = subprocess.run(
        [*command, rooms, "--noconftest"], cwd=tree, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_model_is_added_as_the_checklist_says(tree: Path) -> None:
    assert follow("Add a model", tree) == 14
    run(
        tree,
        """
        import torch
        from vizmodels import Experiment, RunLibrary, Training, train
        from vizmodels.export.layer_program import layer_program
        from vizmodels.specs import SparseAutoencoderSpec

        spec = SparseAutoencoderSpec(latent_dim=3, widths=(16,), sparsity_weight=0.5)
        experiment = Experiment(dataset="digits", model=spec, training=Training(epochs=1))
        run = train(experiment, device="cpu")
        assert set(run.evaluation) == {"reconstruction", "sparsity", "loss"}, run.evaluation
        told = run.evaluation
        assert abs(told["loss"] - told["reconstruction"] - 0.5 * told["sparsity"]) < 1e-5
        images = torch.rand(4, 1, 8, 8)
        latents = run.model.encode(images)
        assert latents.shape == (4, 3) and run.model.decode(latents).shape == images.shape
        RunLibrary("runs").save(run)
        again = RunLibrary("runs").load(run.id)
        assert torch.equal(again.model.encode(images), latents)
        (record,) = RunLibrary("runs").list()
        assert record.title == "Sparse AE mlp · 3-D · digits · sparsity 0.5"
        assert layer_program(again.model).header["latent_dim"] == 3
        """,
    )
    run(
        tree,
        """
        from streamlit.testing.v1 import AppTest
        from streamlit.util import calc_hash

        test = AppTest.from_file("pages/navigation.py", default_timeout=120)
        test._page_hash = calc_hash("train")
        test.run()
        assert not test.exception, test.exception
        families = test.segmented_control(key="train_family")
        assert "Sparse AE" in families.options, families.options
        """,
    )
    keeps_its_arrows(tree)


def test_a_data_set_is_added_as_the_checklist_says(tree: Path) -> None:
    assert follow("Add a data set", tree) == 3
    run(
        tree,
        """
        from vizmodels import AutoencoderSpec, Experiment, Training, load_dataset, train

        stripes = load_dataset("stripes")
        assert stripes.train.images.shape == (2000, 1, 16, 16)
        assert stripes.factor_names == ("angle",) and len(stripes.test.factors) == 500
        spec = AutoencoderSpec(widths=(32,))
        experiment = Experiment(dataset="stripes", model=spec, training=Training(epochs=2))
        run = train(experiment, device="cpu")
        assert 0 < run.evaluation["reconstruction"] < 0.2
        """,
    )
    keeps_its_arrows(tree)


def test_a_question_is_added_as_the_checklist_says(tree: Path) -> None:
    assert follow("Add a question", tree) == 3
    run(
        tree,
        """
        from vizmodels import (
            AutoencoderSpec, Experiment, RunLibrary, Training, load_dataset, train
        )
        from vizmodels.analysis.maps.atlas import Atlas
        from vizmodels.results.questions import bright
        from vizmodels.results.store import Results

        spec = AutoencoderSpec(widths=(16,))
        run = train(Experiment(dataset="digits", model=spec, training=Training(epochs=2)))
        library = RunLibrary("runs")
        library.save(run)
        results = Results(Atlas(library), library.path.parent / "results")
        question = bright(library.record(run.id))
        assert results.find(question) is None
        measured = results.answer(question)
        x = load_dataset("digits").test.images.float() / 255
        made = run.model.decode(run.model.encode(x))
        assert measured.n == len(x)
        assert abs(measured.originals - float(x.mean())) < 1e-4
        assert abs(measured.reconstructions - float(made.mean())) < 1e-4
        again = Results(Atlas(library), library.path.parent / "results")
        assert again.find(question) == measured
        """,
    )
    keeps_its_arrows(tree)


def test_a_page_is_added_as_the_checklist_says(tree: Path) -> None:
    assert follow("Add a page", tree) == 3
    run(
        tree,
        """
        from streamlit.testing.v1 import AppTest
        from streamlit.util import calc_hash

        test = AppTest.from_file("pages/navigation.py", default_timeout=120)
        test._page_hash = calc_hash("brightness")
        test.run()
        assert not test.exception, test.exception
        (metric,) = test.metric
        assert 0.02 < float(metric.value) < 0.5
        """,
    )
    keeps_its_arrows(tree)
