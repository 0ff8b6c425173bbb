"""A digest of the source text that results follow from: it changes when the model's code does.

A store that is filled in several sittings must not hold runs of two versions of the model unnoticed.  The version of the package
does not tell: it stays the same from one change to the next.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
SHORT_DIGEST_LENGTH = 12
"""Digits of a digest in a message."""


@lru_cache(maxsize=8)
def code_fingerprint(*modules: str) -> str:
    """SHA-256 of the source of some modules and of everything in the package that they import, also inside functions.

    Comments count, line endings do not; what is imported for types only is left out.

    Parameters
    ----------
    modules : str
        Names such as ``simulation.day.capital_flows``; modules outside the package must have been imported.
    """
    content = hashlib.sha256()
    for name, path in sorted(source_files(modules).items()):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        content.update(f"{name} {len(text)}\n".encode() + text)
    return content.hexdigest()


def source_files(modules: tuple[str, ...]) -> dict[str, Path]:
    """Files of some modules and of what they import, by name; an index of public names counts only where it is imported from."""
    found: dict[str, Path] = {}
    todo = list(modules)
    while todo:
        name = todo.pop()
        path = None if name in found or name == PACKAGE.name else module_file(name)
        if path is not None:
            found[name] = path
            todo += imported_modules(ast.parse(path.read_bytes()))
    return found


def module_file(name: str) -> Path | None:
    """File of a module of the package, or of another one that was imported; none for a name that is no module."""
    if name.startswith(f"{PACKAGE.name}."):
        place = PACKAGE.joinpath(*name.split(".")[1:])
        return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)
    file = getattr(sys.modules.get(name), "__file__", None)
    return None if file is None else Path(file)


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """Names within the package that code may import when it runs."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(PACKAGE.name))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.name):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield str(node.module)
        elif not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            yield from imported_modules(node)
