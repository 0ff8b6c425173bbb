"""Write the report of a run folder or a sweep store to an HTML file."""

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
    """Write a self-contained HTML report of a run or a sweep and return its path.

    Parameters
    ----------
    folder : str or Path
        Output folder of a run, or the store of a sweep.
    out : str or Path, optional
        File to write; by default next to the folder, with the same name.
    metrics : sequence of str
        Metrics of a sweep to show; by default at most four that vary.
    force : bool
        Replace an existing file that is not an HTML page.

    Raises
    ------
    OutputError
        If the folder holds neither a run nor a sweep, or the file must not be replaced.
    """
    source = Path(folder)
    target = Path(out) if out is not None else source.resolve().with_name(f"{source.resolve().name}.html")
    check_target(target, force)
    return write_atomically(report_html(source, metrics), target)


def report_html(folder: Path, metrics: Sequence[str] = ()) -> str:
    """Report of a folder as HTML."""
    manifest = read_manifest(folder)
    kind = manifest.get("kind")
    if kind == "sweep":
        return sweep_report_html(folder, metrics)
    if metrics:
        raise OutputError(
            f"{folder} holds results of kind {kind!r}, whose report shows all metrics; metrics can be chosen only for a sweep"
        )
    if "members" in manifest:
        members = ", ".join(str(folder / name) for name in manifest["members"])
        raise OutputError(f"{folder} holds several runs; report one of them: {members}")
    if kind != "run":
        raise OutputError(
            f"{folder} holds results of kind {kind!r}; carryflow report needs a folder written by `run` or `sweep`"
        )
    return run_report_html(read_run(folder), manifest, folder)


def check_target(target: Path, force: bool) -> None:
    """Refuse a folder, or an existing file that is not an HTML page."""
    if target.is_dir():
        raise OutputError(f"{target} is a folder; --out needs a file such as {target / 'report.html'}")
    if target.exists() and not force and not target.read_bytes()[:64].startswith(DOCTYPE.encode()):
        raise OutputError(
            f"{target} exists and is not an HTML page; choose another --out, or use --force to replace it"
        )


def write_atomically(text: str, target: Path) -> Path:
    """Write a file through a temporary draft, so that it is never incomplete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.draft-{secrets.token_hex(4)}")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return target
