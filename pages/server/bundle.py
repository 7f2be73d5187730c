"""The stage's modules as one: a browser would fetch eighty files in turn, each after those that
name it.

The modules stay plain files that a browser can import as they are. What is taken for granted of
them: imports are named or `* as`, exports stand before what they declare, no module imports itself
by way of others, and none changes an exported variable.
"""

import posixpath
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from vizmodels.errors import LatentariumError

_IMPORT = re.compile(
    r'^import\s+(\{[^}]*\}|\* as (\w+))\s+from\s+"(\.{1,2}/[\w/.]+)\.js";', re.MULTILINE
)
_EXPORT = re.compile(r"^export\s+((?:async\s+)?(?:function\*?|class|const)\s+(\w+))", re.MULTILINE)
_REST = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


class NotBundled(LatentariumError):
    """A module is written in a way that the bundle does not know."""


def bundle(folder: Path, entry: str) -> str:
    """The module `entry` of a folder and all it imports, as the source of one module.

    Each module becomes a function that returns what it exports, so names need not differ between
    them; each is called once, after those it imports.

    Parameters
    ----------
    folder : of the modules
    entry : path within the folder, without ending

    Raises
    ------
    NotBundled : an import or export of another form, or modules that import each other
    """
    sources: dict[str, str] = {}
    imports: dict[str, list[str]] = {}
    missing = [entry]
    while missing:
        name = missing.pop()
        sources[name] = (folder / f"{name}.js").read_text()
        imports[name] = [_path(name, found[3]) for found in _IMPORT.finditer(sources[name])]
        missing += [other for other in imports[name] if other not in sources]
    try:
        order = list(TopologicalSorter(imports).static_order())
    except CycleError as error:
        cycle, remedy = " → ".join(error.args[1]), "Move what both need to a module of its own."
        raise NotBundled("The modules", "free of cycles", cycle, remedy) from error
    parts = [_as_function(name, sources[name]) for name in order]
    exported = ", ".join(name for _, name in _EXPORT.findall(sources[entry]))
    return "".join([*parts, f"export const {{ {exported} }} = {_variable(entry)};\n"])


def _as_function(name: str, source: str) -> str:
    exported = ", ".join(declared for _, declared in _EXPORT.findall(source))
    body = _EXPORT.sub(r"\1", _IMPORT.sub(lambda found: _destructured(name, found), source))
    rest = _REST.search(body)
    if rest:
        remedy = 'Write import { a } from "./b.js"; and export before a declaration.'
        raise NotBundled(f"{name}.js", "of imports and exports that are known", rest[0], remedy)
    return f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();\n"


def _destructured(importer: str, found: re.Match[str]) -> str:
    names, whole, address = found.groups()
    pattern = whole or re.sub(r"\bas\b", ":", names)
    return f"const {pattern} = {_variable(_path(importer, address))};"


def _path(importer: str, address: str) -> str:
    """Within the bundle's folder: what an address in one of its modules points to."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), address))


def _variable(module: str) -> str:
    return module.replace("/", "$") + "_js"
