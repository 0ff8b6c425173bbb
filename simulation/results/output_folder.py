"""A folder of results on disk: written whole or not at all, described by a manifest, never mixed with other files."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
FORMAT = 1
PACKAGES = ("mesa", "numpy", "scipy", "pandas", "pyarrow", "pydantic", "matplotlib")
DROPPED_BY_DESKTOPS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
SHORT_HASH = 8


class OutputError(ValueError):
    """A folder that results cannot be written to, or read from, with what to do about it."""


def package_versions() -> dict[str, str]:
    """Return the versions that the bytes of a result may depend on."""
    named = {"python": platform.python_version(), "machine": platform.machine()}
    return named | {package: _version(package) for package in ("carryflow", *PACKAGES)}


@cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(directory: Path) -> list[str]:
    """Return the files below a folder as relative paths with forward slashes, sorted, manifest left out."""
    found = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path.relative_to(directory).as_posix() for path in found if path != directory / MANIFEST)


def write_manifest(directory: Path, facts: dict[str, Any]) -> None:
    """Write the manifest of a finished folder: the facts given, then the digest of every file."""
    files = {name: file_digest(directory / name) for name in files_in(directory)}
    text = json.dumps({"format": FORMAT, **facts, "files": files}, indent=2, allow_nan=False, ensure_ascii=False)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(directory: Path) -> dict[str, Any]:
    """Return the manifest of a folder of results.

    Raises
    ------
    OutputError
        If there is none, or it is not one that this version reads.
    """
    path = directory / MANIFEST
    if not path.is_file():
        raise OutputError(f"{directory} holds no {MANIFEST}: it is not a folder of results")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise OutputError(f"{path} has another format than {FORMAT}, the one this version reads")
    return manifest


def check_target(target: Path, config_hash: str, force: bool = False) -> None:
    """Refuse a folder whose content would be lost by writing results into it.

    Raises
    ------
    OutputError
        If the target is a file, holds files that are not results, or (unless `force`) results of another config.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError(f"{target} is a file; results need a folder: choose another --out")
    if not any(target.iterdir()):
        return
    manifest = read_manifest(target) if (target / MANIFEST).exists() else {}
    _refuse_foreign_files(target, set(manifest.get("files", {})))
    held = manifest.get("config_hash")
    if held != config_hash and not force:
        raise OutputError(
            f"{target} holds results of another config: hash {str(held)[:12]}, this run has {config_hash[:12]}; "
            "choose another --out, or --force to replace them"
        )


def _refuse_foreign_files(target: Path, ours: set[str]) -> None:
    foreign = [name for name in files_in(target) if name not in ours and Path(name).name not in DROPPED_BY_DESKTOPS]
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise OutputError(
            f"{target} also holds {foreign[0]}{more}, which writing results would delete; "
            "move it away or choose another --out"
        )


def make_folder(folder: Path) -> Path:
    """Make a folder with the folders above it, and return it.

    Raises
    ------
    OutputError
        If the system refuses it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be made: {error.strerror}; choose another --out") from error
    return folder


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Give a draft folder beside the target and put it in the target's place at the end.

    An error or an interrupt inside the block removes the draft and leaves the target as it was.
    """
    # A link would be replaced itself instead of what it points to.
    target = Path(os.path.realpath(target))
    draft = make_folder(_sibling(target, "draft"))
    try:
        yield draft
        _put_in_place(draft, target)
    finally:
        if draft.exists():
            shutil.rmtree(draft)


def _sibling(target: Path, what: str) -> Path:
    return target.with_name(f".{target.name}.{what}-{secrets.token_hex(4)}")


def _put_in_place(draft: Path, target: Path) -> None:
    if not target.exists():
        draft.rename(target)
        return
    previous = _sibling(target, "previous")
    target.rename(previous)
    try:
        draft.rename(target)
    except BaseException:
        previous.rename(target)
        raise
    shutil.rmtree(previous)


def content_address(name: str, config_hash: str, runs: int) -> str:
    """Return the folder name of a run: the same config, seed and number of runs always give the same one."""
    key = hashlib.sha256(f"{config_hash} {runs}".encode()).hexdigest()
    # A scenario's name is free text; a folder's is not.
    safe = re.sub(r"[^\w.-]+", "_", name).strip("._") or "scenario"
    return f"{safe}-{key[:SHORT_HASH]}"
