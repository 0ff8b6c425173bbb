"""``carryflow report``: one self-contained page about a run or a sweep."""

from __future__ import annotations

from pathlib import Path

import click

from simulation.cli import options
from simulation.cli.output import print_json, remark


@click.command(short_help="Write one HTML page about a run or a sweep.")
@click.argument("folder", metavar="RUN_OR_STORE", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="Of a sweep: metric to show.  [four that vary]"
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="File to write.  [default: RUN_OR_STORE.html]"
)
@click.option("--force", is_flag=True, help="Replace a file that is no HTML page.")
@options.as_json
@options.quiet
def report(folder: Path, metrics: tuple[str, ...], out: Path | None, force: bool, as_json: bool, quiet: bool) -> None:
    """Write one HTML page about the run or the sweep in a folder: it needs no network and prints on A4.

    Of a run: the scenario in words, figures, tables, a day taken apart, claims, stopped runs, the ledger audit and how to
    reproduce it. Of a sweep: the design, what matters most, response curves and indices.
    """
    from simulation.pages.reporting.writing import report as write

    path = write(folder, out, metrics=metrics, force=force)
    size = path.stat().st_size
    if as_json:
        print_json({"file": str(path), "bytes": size})
    else:
        click.echo(str(path))
    remark(f"{size / 1e6:.2f} MB; open it in a browser, or print it", quiet)
