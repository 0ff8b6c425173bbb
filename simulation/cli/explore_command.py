"""``carryflow explore``: a sweep as one HTML page with sliders, for the classroom."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulation.cli import options
from simulation.cli.output import remark

if TYPE_CHECKING:
    from simulation.pages.explore.page import Content

SHIPPED = "december_2025"


@click.command(short_help="Write a page with sliders for teaching, one HTML file.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The page to write, FILE.html; FILE.json writes its data alone.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="STORE",
    help="Folder of a sweep with daily quantiles, or FILE.json as written before.  [default: December 2025, as shipped]",
)
@click.option("--force", is_flag=True, help="Replace a file that this command did not write.")
@options.quiet
def explore(out: Path, store: Path | None, force: bool, quiet: bool) -> None:
    """Write a page for teaching: sliders over the states of a sweep, in one file that needs no network.

    Without --store the page shows December 2025 by seven sliders. docs/teaching.md tells how to teach with it,
    docs/explore.md how to make a page of another sweep.
    """
    from simulation.pages.explore.page import content_text, page_of

    if out.suffix not in (".html", ".json"):
        raise click.UsageError(f"--out {out}: write FILE.html for the page, or FILE.json for its data alone.")
    refuse_to_lose(out, force)
    content = content_from(store)
    text = content_text(content) + "\n" if out.suffix == ".json" else page_of(content)
    write_whole(out, text)
    size = len(text.encode()) / 1e6
    remark(f"{out}: {len(content['states'])} states of {content['runs']} runs, {size:.2f} MB", quiet)


def content_from(store: Path | None) -> Content:
    """Content of a store, of a file, or as shipped."""
    from simulation.pages.explore.page import read_content
    from simulation.scenario.config.catalog import path_of

    path = path_of("explore", SHIPPED) if store is None else store
    if path.suffix == ".json":
        return read_content(path)
    from simulation.pages.explore.content import content_of

    return content_of(path)


def refuse_to_lose(out: Path, force: bool) -> None:
    """Refuse to replace a file, unless it is told to or it is a page or data that this command wrote."""
    from simulation.results.store import OutputError

    if force or not out.exists():
        return
    if not out.is_file() or MADE_BY not in out.read_text(encoding="utf-8", errors="replace")[:BEGINNING]:
        raise OutputError(f"{out} was not written by `carryflow explore`; choose another --out, or --force")


MADE_BY, BEGINNING = "carryflow", 2000
"""What the beginning of a page and of its data says."""


def write_whole(out: Path, text: str) -> None:
    """Write a file whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.draft-{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
