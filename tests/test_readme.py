"""What the README says can be done, can be done."""

import re
import subprocess
import sys
from pathlib import Path

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
