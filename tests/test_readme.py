"""What the README says can be done, can be done."""

import re
import subprocess
import sys
from pathlib import Path

from bench import sheets
from bench.clip import CLIP
from bench.pictures import pictures
from vizmodels.places import ASSETS
from vizmodels.runs.library import RunLibrary

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_the_python_examples_run_one_after_another(tmp_path: Path) -> None:
    examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(examples) == 2
    script = tmp_path / "example.py"
    script.write_text("\n".join(["import sys", f"sys.path.insert(0, {str(ROOT)!r})", *examples]))
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "my-runs").iterdir()]


def test_every_picture_and_link_is_there() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(targets) > 5
    assert [t for t in targets if not t.startswith("http") and not (ROOT / t).exists()] == []


def test_make_figures_writes_every_picture_that_readme_and_docs_name() -> None:
    texts = [README, *(path.read_text() for path in (ROOT / "docs").rglob("*.md"))]
    named = {name for text in texts for name in re.findall(r"assets/figures/([\w.-]+)", text)}
    of_pages = {f"{picture.name}.png" for picture in pictures(RunLibrary(ASSETS / "runs"))}
    written = of_pages | {f"{name}.png" for name in sheets.NAMES} | {CLIP.name}
    assert len(named) > 5 and named <= written
    assert [name for name in sorted(named) if not (ASSETS / "figures" / name).exists()] == []
    makefile = (ROOT / "Makefile").read_text()
    for bench in ("pictures", "sheets", "clip"):
        assert f"python -m bench.{bench}" in makefile


def test_every_make_target_and_bench_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for bench in re.findall(r"python -m bench\.([a-z_]+)", README):
        assert (ROOT / "bench" / f"{bench}.py").exists(), bench


def test_the_annotated_tree_names_what_is_there() -> None:
    (tree,) = re.findall(r"```\n(app\.py .*?)```", README, re.DOTALL)
    for line in tree.splitlines():
        name = line.split()[0]
        if line.startswith("  ") and not line.startswith("     "):
            assert (ROOT / "vizmodels" / name).exists(), line
        elif not line.startswith(" "):
            assert (ROOT / name).exists(), line
