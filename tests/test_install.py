"""What `pip install .` gives: a wheel, installed into an environment of its own."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("vizmodels", "pages", "assets", ".streamlit", "app.py", "setup.py")
DESCRIPTION = ("pyproject.toml", "requirements.txt", "README.md")

USES_THE_LIBRARY = """
from pathlib import Path
import vizmodels
from vizmodels import AutoencoderSpec, Experiment, RunLibrary, Training, train
from vizmodels.places import ASSETS

assert Path(vizmodels.__file__).is_relative_to(SITE), vizmodels.__file__
assert ASSETS.is_relative_to(SITE), ASSETS
shipped = RunLibrary("runs", shipped=ASSETS / "runs").list()
assert len(shipped) > 20, shipped
small = AutoencoderSpec(widths=(8,))
run = train(Experiment(dataset="digits", model=small, training=Training(epochs=1)), device="cpu")
assert RunLibrary("runs").save(run).is_dir()
"""

FINDS_THE_APP = """
from pages.parts.stage.addresses import STAGE_FOLDER
from pages.server.start import APP, NAVIGATION

for path in (APP, NAVIGATION, STAGE_FOLDER / "main.js", APP.parent / ".streamlit" / "config.toml"):
    assert path.is_file() and path.is_relative_to(SITE), path
compile(APP.read_text(), APP, "exec")
"""


def run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that the wheel is installed into; what it needs comes from this one."""
    folder = tmp_path_factory.mktemp("install")
    source = folder / "source"
    source.mkdir()
    for name in (*SOURCES, *DESCRIPTION):
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, source)
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    site = Path(run(folder / "venv/bin/python", "-c", PRINT_SITE, cwd=folder).strip())
    # Before its own packages: the setuptools that comes with Python 3.11 is too old to build.
    shared = sysconfig.get_path("purelib")
    (site / "needed.pth").write_text(f"import sys; sys.path.insert(0, {shared!r})")
    pip = (folder / "venv/bin/python", "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", source, "--no-deps", "--no-build-isolation", "-w", folder, cwd=folder)
    (wheel,) = folder.glob("latentarium-*.whl")
    run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    return site


PRINT_SITE = "import sysconfig; print(sysconfig.get_path('purelib'))"


def in_environment(site: Path, code: str, cwd: Path) -> str:
    python = site.parents[2] / "bin" / "python"
    return run(python, "-c", f"SITE = {str(site)!r}\n{code}", cwd=cwd)


def test_the_installed_library_finds_the_shipped_runs_and_trains(
    installed: Path, tmp_path: Path
) -> None:
    in_environment(installed, USES_THE_LIBRARY, tmp_path)


def test_the_installed_app_is_whole_and_has_a_command(installed: Path, tmp_path: Path) -> None:
    in_environment(installed, FINDS_THE_APP, tmp_path)
    told = run(installed.parents[2] / "bin" / "latentarium", "--help", cwd=tmp_path)
    assert "Run a Python script" in told, "the options are those of streamlit run"


def test_the_wheel_needs_what_requirements_txt_names(installed: Path) -> None:
    (metadata,) = installed.glob("latentarium-*.dist-info/METADATA")
    needed = [
        line.removeprefix("Requires-Dist: ").replace(" ", "")
        for line in metadata.read_text().splitlines()
        if line.startswith("Requires-Dist: ")
    ]
    listed = [
        line.strip()
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert len(needed) == len(listed) > 10
    assert {n.split(">")[0].split("<")[0] for n in needed} == {
        n.split(">")[0].split("<")[0] for n in listed
    }


def test_pictures_of_the_readme_are_not_installed(installed: Path) -> None:
    assert not (installed / "vizmodels" / "_assets" / "figures").exists()
