"""Not called test_layers: pytest wants the name of a module once, and tests/browser has it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

EVERYWHERE = {"errors", "files", "keyed_cache", "places"}
DIRECTION = (
    "described",
    "bounds",
    "specs",
    "experiment",
    "sweep",
    "borders",
    "data",
    "models",
    "training",
    "runs",
    "analysis",
    "results",
)
"""Each layer of vizmodels imports from those to its left."""

ALLOWED = {layer: {*DIRECTION[: at + 1], *EVERYWHERE} for at, layer in enumerate(DIRECTION)}
ALLOWED |= {
    "errors": {"errors"},
    "files": {"files"},
    "keyed_cache": {"keyed_cache"},
    "places": {"places"},
    "figures": {"figures"},
    "export": {"specs", "experiment", "data", "models", "export", *EVERYWHERE},
    "jobs": {
        "described",
        "bounds",
        "specs",
        "experiment",
        "sweep",
        "data",
        "models",
        "training",
        "runs",
        "jobs",
        *EVERYWHERE,
    },
    "stage": {*DIRECTION, "export", "figures", "stage", *EVERYWHERE},
    "shipped": {*DIRECTION, "jobs", "export", "figures", "stage", "shipped", *EVERYWHERE},
    "__init__": {*DIRECTION, *EVERYWHERE},
}
LIBRARY = sorted((ROOT / "vizmodels").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*/page.py"))
PARTS = sorted((ROOT / "pages" / "parts").rglob("*.py"))
SERVER = sorted((ROOT / "pages" / "server").rglob("*.py"))
IN_ROOMS = sorted(set((ROOT / "pages").rglob("*.py")) - {*PARTS, *SERVER})
APP = ROOT / "app.py"

PART_ORDER = ("process", "frame", "models", "results", "stage", "samples")
"""Each room of pages/parts imports from those to its left."""

MAX_FILES_IN_A_ROOM = 14
ROOMS = [
    folder
    for top in ("pages", "vizmodels", "assets/stage", "bench")
    for folder in (ROOT / top, *(ROOT / top).rglob("*"))
    if folder.is_dir() and folder.name != "__pycache__"
]

MAX_PAGE_LINES = 120
MAX_MODULE_LINES = 400


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, at the top or inside a function, by its full name."""
    package = list(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT / "vizmodels").parts[0].removesuffix(".py")


def layers_imported(path: Path) -> set[str]:
    """Layers of vizmodels that a file imports; what is no layer is a name of its __init__."""
    seconds = {name.split(".")[1] for name in imported(path) if name.startswith("vizmodels.")}
    return {name for name in seconds if name in ALLOWED}


def roots_imported(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_a_layer_imports_only_from_those_to_its_left(path: Path) -> None:
    assert layers_imported(path) <= ALLOWED[layer_of(path)]


@pytest.mark.parametrize("path", [p for p in LIBRARY if p.name != "__init__.py"], ids=name_of)
def test_the_library_never_imports_itself_whole(path: Path) -> None:
    whole = [name for name in imported(path) if name.split(".")[0] == "vizmodels"]
    names = {name.split(".")[1] for name in whole if "." in name}
    assert names <= set(ALLOWED), "a name of vizmodels/__init__.py, which imports every layer"


@pytest.mark.parametrize("path", LIBRARY, ids=name_of)
def test_the_library_knows_neither_streamlit_nor_the_pages(path: Path) -> None:
    assert not roots_imported(path) & {"streamlit", "pages", "app"}


TORCHLESS = ("figures", "described", "bounds", "specs", "experiment", "errors", "places")


@pytest.mark.parametrize("path", [p for p in LIBRARY if layer_of(p) in TORCHLESS], ids=name_of)
def test_figures_and_descriptions_never_import_torch(path: Path) -> None:
    assert not roots_imported(path) & {"torch", "torchvision", "safetensors"}


@pytest.mark.parametrize("path", [*PAGES, APP], ids=name_of)
def test_no_page_imports_torch(path: Path) -> None:
    assert not roots_imported(path) & {"torch", "torchvision", "safetensors"}


def of_pages(path: Path) -> set[str]:
    """Modules of the pages and of the app that a file imports."""
    return {name for name in imported(path) if name.split(".")[0] in ("pages", "app")}


def room_of(name: str) -> str:
    """The room of a module below `pages`, such as `pages.home` or `pages.parts`."""
    return ".".join(name.split(".")[:2])


@pytest.mark.parametrize("path", PARTS, ids=name_of)
def test_what_pages_share_imports_neither_a_page_nor_the_server(path: Path) -> None:
    assert {room_of(name) for name in of_pages(path)} <= {"pages.parts"}


@pytest.mark.parametrize("path", PARTS, ids=name_of)
def test_a_shared_part_imports_only_from_rooms_to_its_left(path: Path) -> None:
    room = path.parent.name
    if room == "parts":
        assert not of_pages(path)
        return
    below = set(PART_ORDER[: PART_ORDER.index(room) + 1])
    assert {name.split(".")[2] for name in of_pages(path)} <= below


@pytest.mark.parametrize("path", IN_ROOMS, ids=name_of)
def test_a_page_imports_its_own_room_and_what_pages_share(path: Path) -> None:
    own = f"pages.{path.parent.name}"
    assert {room_of(name) for name in of_pages(path)} <= {"pages.parts", own}


@pytest.mark.parametrize("path", SERVER, ids=name_of)
def test_the_server_imports_no_page(path: Path) -> None:
    assert {room_of(name) for name in of_pages(path)} <= {"pages.parts", "pages.server"}


def test_the_app_imports_the_server_alone() -> None:
    assert {room_of(name) for name in of_pages(APP)} == {"pages.server"}


@pytest.mark.parametrize("folder", ROOMS, ids=name_of)
def test_a_room_has_about_a_dozen_files(folder: Path) -> None:
    sources = [p for p in folder.iterdir() if p.suffix in (".py", ".js")]
    assert len([p for p in sources if p.name != "__init__.py"]) <= MAX_FILES_IN_A_ROOM


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_has_at_most_120_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_PAGE_LINES


@pytest.mark.parametrize("path", [*LIBRARY, *PARTS, *SERVER, *IN_ROOMS, APP], ids=name_of)
def test_a_module_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_MODULE_LINES


def test_an_import_inside_a_function_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("test_import_direction.ROOT", tmp_path)
    page = tmp_path / "vizmodels" / "figures" / "curves.py"
    page.parent.mkdir(parents=True)
    page.write_text("def f():\n    from ..models import vae\n    import torch.nn\n")
    assert set(imported(page)) == {"vizmodels.models", "vizmodels.models.vae", "torch.nn"}
    assert layers_imported(page) == {"models"}


def test_no_two_modules_of_tests_have_one_name() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names)), "pytest imports each by its name alone"
