"""Folders of results: written completely or not at all, described by a manifest, never mixed with other files."""

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
    """Results cannot be written or read as requested; the message names the cure."""


def package_versions() -> dict[str, str]:
    """Return the versions of Python and packages that results may depend on, and the machine type."""
    platform_versions = {"python": platform.python_version(), "machine": platform.machine()}
    return platform_versions | {package: _version(package) for package in ("carryflow", *PACKAGES)}


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
    """Return the sorted relative paths of all files in a folder except the manifest, with forward slashes."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path.relative_to(directory).as_posix() for path in files if path != directory / MANIFEST)


def write_manifest(directory: Path, facts: dict[str, Any]) -> None:
    """Write the manifest of a complete folder: the given entries and the SHA-256 of every file."""
    files = {name: file_digest(directory / name) for name in files_in(directory)}
    text = json.dumps({"format": FORMAT, **facts, "files": files}, indent=2, allow_nan=False, ensure_ascii=False)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(directory: Path) -> dict[str, Any]:
    """Return the manifest of a folder of results.

    Raises
    ------
    OutputError
        If there is none, or this version cannot read it.
    """
    path = directory / MANIFEST
    if not path.is_file():
        raise OutputError(f"{directory} has no {MANIFEST}, so it is not a folder of results")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise OutputError(f"{path}: this version reads 'format' {FORMAT} only; run the scenario again")
    return manifest


def check_target(target: Path, config_hash: str, force: bool = False) -> None:
    """Check that writing results into a folder loses nothing.

    Raises
    ------
    OutputError
        If the target is a file, holds files that are not results, or (unless `force`) results of another config.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError(f"{target} is a file, but results need a folder; choose another --out")
    if not any(target.iterdir()):
        return
    manifest = read_manifest(target) if (target / MANIFEST).exists() else {}
    _check_foreign_files(target, set(manifest.get("files", {})))
    existing = manifest.get("config_hash")
    if existing != config_hash and not force:
        raise OutputError(
            f"{target} holds results of another config: hash {str(existing)[:12]}, this run has {config_hash[:12]}; "
            "choose another --out, or replace them with --force"
        )


def _check_foreign_files(target: Path, known: set[str]) -> None:
    foreign = [name for name in files_in(target) if name not in known and Path(name).name not in DROPPED_BY_DESKTOPS]
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise OutputError(
            f"{target} also holds {foreign[0]}{more}, which would be deleted; move it elsewhere or choose another --out"
        )


def make_folder(folder: Path) -> Path:
    """Create a folder with its parents and return it.

    Raises
    ------
    OutputError
        If it cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} cannot be created: {error.strerror}; choose another --out") from error
    return folder


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Provide a temporary folder beside the target that replaces the target at the end of the block.

    After an error or an interrupt the temporary folder is removed and the target is unchanged.
    """
    # Replace the folder a symbolic link points to, not the link.
    target = Path(os.path.realpath(target))
    draft = make_folder(_sibling(target, "draft"))
    try:
        yield draft
        _replace_folder(draft, target)
    finally:
        if draft.exists():
            shutil.rmtree(draft)


def _sibling(target: Path, suffix: str) -> Path:
    return target.with_name(f".{target.name}.{suffix}-{secrets.token_hex(4)}")


def _replace_folder(draft: Path, target: Path) -> None:
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
    """Return the folder name of a batch, determined by scenario name, config hash and number of runs."""
    key = hashlib.sha256(f"{config_hash} {runs}".encode()).hexdigest()
    # A scenario name may contain characters that are not allowed in a folder name.
    safe = re.sub(r"[^\w.-]+", "_", name).strip("._") or "scenario"
    return f"{safe}-{key[:SHORT_HASH]}"
