"""Home with its map is served without what computes, in a process of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SERVES_HOME = """
import json, sys

import app
from starlette.requests import Request
from starlette.routing import Match
from streamlit.testing.v1 import AppTest

from pages.server.artefacts import routes
from pages.server.lifespan import read_first_page

read_first_page()
test = AppTest.from_file(sys.argv[1], default_timeout=60).run()
assert not test.exception, test.exception
stage, _cards = test.get("bidi_component")
(told,) = json.loads(stage.proto.json)
pictures, model = told["points"]["url"], told["a"]
files = ("labels.bin", "factors.bin", "sheet-0.png", "sheet-3.png")
addresses = [f"{pictures}/{file}" for file in files]
addresses += [model["program"], model["weights"], model["latents"], model["map"]["url"]]
for address in addresses:
    scope = {"type": "http", "method": "GET", "path": "/" + address, "headers": []}
    answers = []
    for route in routes():
        match, more = route.matches(scope)
        if match is Match.FULL:
            answers.append(route.endpoint(Request({**scope, **more})))
            break
    assert answers and answers[0].status_code == 200 and len(answers[0].body) > 100, address
heavy = "torch torchvision sklearn scipy numba umap dask distributed pandas pyarrow jaxtyping"
print([name for name in heavy.split() if name in sys.modules])
"""


def test_home_and_its_map_need_nothing_that_computes(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", SERVES_HOME, str(ROOT / "pages" / "navigation.py")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"LATENTARIUM_HOME": str(tmp_path), "PATH": "", "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    assert told.stdout.splitlines()[-1] == "[]"
    assert list(tmp_path.iterdir()) == [], "something was computed and kept"
