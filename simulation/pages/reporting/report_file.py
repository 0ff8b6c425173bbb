"""Make the page of a folder and write it whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from simulation.pages.reporting.run_report import run_report_html
from simulation.pages.reporting.sweep_report import sweep_report_html
from simulation.results.output_folder import OutputError, read_manifest
from simulation.results.run_results import read_run

DOCTYPE = "<!DOCTYPE html>"


def report(
    folder: str | Path, out: str | Path | None = None, *, metrics: Sequence[str] = (), force: bool = False
) -> Path:
    """Write one self-contained HTML page about a run or a sweep, and return its path.

    Parameters
    ----------
    folder : str or Path
        A folder that `run` wrote, or the store of a sweep.
    out : str or Path, optional
        File to write; beside the folder, with its name, if none is given.
    metrics : sequence of str
        Metrics of a sweep to show; at most four that vary if none are given.
    force : bool
        Replace a file that is no page.

    Raises
    ------
    OutputError
        If the folder holds neither, or the file may not be replaced.
    """
    source = Path(folder)
    target = Path(out) if out is not None else source.resolve().with_name(f"{source.resolve().name}.html")
    check_target(target, force)
    return write_atomically(report_html(source, metrics), target)


def report_html(folder: Path, metrics: Sequence[str] = ()) -> str:
    """The page of a folder."""
    manifest = read_manifest(folder)
    kind = manifest.get("kind")
    if kind == "sweep":
        return sweep_report_html(folder, metrics)
    if metrics:
        raise OutputError(f"{folder} holds a {kind}: metrics are chosen for a sweep, a run shows them all")
    if "members" in manifest:
        named = ", ".join(str(folder / name) for name in manifest["members"])
        raise OutputError(f"{folder} holds several runs; report one of them: {named}")
    if kind != "run":
        raise OutputError(f"{folder} holds a {kind}; carryflow report takes what `run` or `sweep` wrote")
    return run_report_html(read_run(folder), manifest, folder)


def check_target(target: Path, force: bool) -> None:
    """Refuse a file that is not a page of ours, or a folder."""
    if target.is_dir():
        raise OutputError(f"{target} is a folder; --out takes a file such as {target / 'report.html'}")
    if target.exists() and not force and not target.read_bytes()[:64].startswith(DOCTYPE.encode()):
        raise OutputError(f"{target} is there and is no HTML page; choose another --out, or --force to replace it")


def write_atomically(text: str, target: Path) -> Path:
    """Write a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.draft-{secrets.token_hex(4)}")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return target
