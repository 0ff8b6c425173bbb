"""Digest of the source code that results depend on.

It detects results from different versions of the model in one store; the package version does not change with every edit.
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
"""Number of digits of a digest shown in messages."""


@lru_cache(maxsize=8)
def code_fingerprint(*modules: str) -> str:
    """Return the SHA-256 of the source of modules and of all package modules they import, also inside functions.

    Comments count, line endings do not; imports under ``TYPE_CHECKING`` are ignored.

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
    """Return the files of modules and of all package modules they import, by name; ``simulation/__init__`` is not followed."""
    files: dict[str, Path] = {}
    todo = list(modules)
    while todo:
        name = todo.pop()
        path = None if name in files or name == PACKAGE.name else module_file(name)
        if path is not None:
            files[name] = path
            todo += imported_modules(ast.parse(path.read_bytes()))
    return files


def module_file(name: str) -> Path | None:
    """Return the file of a package module or of another imported module; None if the name is not a module."""
    if name.startswith(f"{PACKAGE.name}."):
        base = PACKAGE.joinpath(*name.split(".")[1:])
        return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)
    file = getattr(sys.modules.get(name), "__file__", None)
    return None if file is None else Path(file)


def imported_modules(tree: ast.AST) -> Iterator[str]:
    """Yield the package names that code imports at run time."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(PACKAGE.name))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.name):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield str(node.module)
        elif not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            yield from imported_modules(node)
