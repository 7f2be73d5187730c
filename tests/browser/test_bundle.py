"""Modules bundled into one do what they do apart."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from pages.parts.stage.addresses import STAGE_FOLDER
from pages.server.bundle import NotBundled, bundle
from pages.server.stage_files import COMPONENTS

IMPORT = """async (source) => {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const module = await import(address);
  const told = (value) => (typeof value === "function" ? value.name : value);
  return Object.fromEntries(Object.entries(module).map(([name, value]) => [name, told(value)]));
}"""

MODULES = {
    "entry": """
        import { twice as double, SIZE } from "./numbers.js";
        import * as words from "./words.js";
        const RULE = "of the entry";
        export const told = [double(SIZE), words.greet("you"), words.RULE, RULE];
        export async function mount() {}
        export class Stage {}
    """,
    "numbers": """
        import { count } from "./counter.js";
        export const SIZE = count();
        export function twice(x) { return 2 * x; }
    """,
    "words": """
        import { count } from "./counter.js";
        import {
          twice,
        } from "./numbers.js";
        export const RULE = `of words ${count()} ${twice(3)}`;
        export function greet(whom) { return "hello " + whom; }
    """,
    "counter": "let n = 20;\nexport function count() { return ++n; }",
}


def _written(folder: Path, modules: dict[str, str]) -> Path:
    for name, source in modules.items():
        lines = [line.strip() for line in source.strip().splitlines()]
        (folder / f"{name}.js").write_text("\n".join(lines) + "\n")
    return folder


def test_names_may_be_the_same_and_every_module_runs_once(page: Page, tmp_path: Path) -> None:
    got = page.evaluate(IMPORT, bundle(_written(tmp_path, MODULES), "entry"))
    assert got == {
        "told": [42, "hello you", "of words 22 6", "of the entry"],
        "mount": "mount",
        "Stage": "Stage",
    }


@pytest.mark.parametrize("entry", COMPONENTS)
def test_every_component_is_one_module_that_mounts(page: Page, entry: str) -> None:
    source = bundle(STAGE_FOLDER, entry)
    assert page.evaluate(IMPORT, source) == {"mount": "mount"}
    assert "\nimport " not in source


@pytest.mark.parametrize(
    "line",
    [
        "export default 1;",
        'import thing from "./numbers.js";',
        "export let changed = 1;",
        'export { SIZE } from "./numbers.js";',
        'import { x } from "https://elsewhere.example/x.js";',
    ],
)
def test_what_it_does_not_know_is_refused_with_the_line(tmp_path: Path, line: str) -> None:
    folder = _written(tmp_path, {**MODULES, "entry": line})
    with pytest.raises(NotBundled, match=r"entry\.js must be .* got ") as refused:
        bundle(folder, "entry")
    assert line[:30] in str(refused.value)


def test_modules_that_import_each_other_are_refused(tmp_path: Path) -> None:
    modules = {
        "a": 'import { b } from "./b.js";\nexport const a = 1;',
        "b": 'import { a } from "./a.js";\nexport const b = 1;',
    }
    with pytest.raises(NotBundled, match=r"free of cycles; got (a → b → a|b → a → b)"):
        bundle(_written(tmp_path, modules), "a")
